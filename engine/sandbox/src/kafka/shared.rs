//! The state of a cluster as the tasks of its brokers share it: a lock around it, a signal when it changes, and the
//! task that does what time brings.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::state::Millis;
use super::state::cluster::Cluster;
use super::status::Status;

/// A cluster that tasks share.
pub(super) struct Shared {
    cluster: Mutex<Cluster>,
    since: Instant,
    version: watch::Sender<u64>,
    status: watch::Sender<Status>,
    slow: Mutex<Duration>,
}

impl Shared {
    pub(super) fn new(cluster: Cluster) -> Arc<Self> {
        let (version, status) = (watch::Sender::new(0), watch::Sender::new(Status::of(&cluster)));
        Arc::new(Self { cluster: Mutex::new(cluster), since: Instant::now(), version, status, slow: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Millis {
        Millis::try_from(self.since.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    /// Looks at the cluster.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Cluster) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the cluster, and tells everybody who waits for a change.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Cluster, Millis) -> T) -> T {
        let changed = self.touch(change);
        let status = self.look(Status::of);
        self.status.send_if_modified(|last| std::mem::replace(last, status.clone()) != status);
        changed
    }

    /// Changes records or groups of the cluster, and tells everybody who waits for a change. Its status stays.
    pub(super) fn touch<T>(&self, change: impl FnOnce(&mut Cluster, Millis) -> T) -> T {
        let changed = change(&mut self.lock(), self.now());
        self.version.send_modify(|version| *version = version.wrapping_add(1));
        changed
    }

    /// Waits until the cluster shows something; none if it does not in time.
    pub(super) async fn until<T>(&self, time: Duration, mut show: impl FnMut(&Cluster) -> Option<T>) -> Option<T> {
        let (mut changes, end) = (self.version.subscribe(), Instant::now() + time);
        loop {
            changes.borrow_and_update();
            if let Some(shown) = self.look(&mut show) {
                return Some(shown);
            }
            if tokio::time::timeout_at(end, changes.changed()).await.is_err() {
                return None;
            }
        }
    }

    /// How the cluster stands, now and whenever that changes.
    pub(super) fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// So long every answer is held back.
    pub(super) fn slow(&self) -> Duration {
        *self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds every answer back for so long.
    pub(super) fn set_slow(&self, time: Duration) {
        *self.slow.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// Does what time brings, as long as it is polled.
    pub(super) async fn live(self: Arc<Self>) {
        let mut changes = self.version.subscribe();
        loop {
            changes.borrow_and_update();
            let (next, now) = (self.look(Cluster::next), self.now());
            let Some(next) = next else {
                drop(changes.changed().await);
                continue;
            };
            if next <= now {
                self.change(Cluster::tick);
                continue;
            }
            drop(tokio::time::timeout(Duration::from_millis(next - now), changes.changed()).await);
        }
    }
}
