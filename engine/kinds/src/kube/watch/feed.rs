//! One feed: its state, and those who wait for it to change. The task behind it is [`super::stream`]'s.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use checkrun_model::{Broken, Cx, Shared};
use tokio::sync::{Notify, watch};

use super::state::{Known, State};
use super::{Look, Sought, stream};
use crate::kube::cluster::{Cluster, Site};
use crate::kube::refusal::late;
use crate::kube::served::Resource;

/// One list and one watch.
pub(super) struct Feed {
    state: Mutex<State>,
    /// Counts what has changed.
    changes: watch::Sender<u64>,
    /// Somebody wants more than is known.
    pub(super) wanting: Notify,
    /// Where it is listed.
    site: Site,
}

impl Feed {
    /// A feed whose task goes on until nobody asks.
    pub(super) fn start(
        cluster: Arc<Cluster>,
        shared: Arc<Shared>,
        resource: Arc<Resource>,
        namespace: Option<String>,
    ) -> Arc<Self> {
        let (changes, wanting, site) = (watch::Sender::new(0), Notify::new(), cluster.site.clone());
        let feed = Arc::new(Self { state: Mutex::default(), changes, wanting, site });
        tokio::spawn(stream::run(Arc::clone(&feed), stream::Source { cluster, shared, resource, namespace }));
        feed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known, and tells everybody.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.changes.send_modify(|count| *count += 1);
        changed
    }

    /// What is sought, as soon as something is known that is new enough. None: the feed has ended.
    ///
    /// # Errors
    /// Listing or watching did not work meanwhile, or the time of the check is over.
    pub(super) async fn look(&self, cx: &Cx, sought: &Sought, least: u64) -> Result<Option<Look>, Broken> {
        let time = cx.remaining();
        let mut changes = self.changes.subscribe();
        let asker = (cx.wait_id, sought.clone());
        let before = {
            let mut state = self.state();
            if !state.ask(&asker, Arc::downgrade(&cx.cancelled), least, Instant::now()) {
                return Ok(None);
            }
            if state.is_wanting() {
                self.wanting.notify_one();
            }
            state.troubles().0
        };
        loop {
            {
                let mut state = self.state();
                match state.known(&asker) {
                    Known::Objects(objects) => return Ok(Some(Look::Seen(objects))),
                    Known::Denied(why) => return Ok(Some(Look::Poll(why))),
                    Known::Nothing => {}
                }
                if let (count, Some(trouble)) = state.troubles()
                    && count > before
                {
                    return Err(trouble.clone());
                }
            }
            let late = |_| late(&self.site, "listing what is waited for", time);
            // The sender lives in this feed.
            let _ = tokio::time::timeout_at(cx.deadline.into(), changes.changed()).await.map_err(late)?;
        }
    }

    /// Resolves when something has changed for this wait since it looked.
    pub(super) async fn changed(&self, wait: u64) {
        let mut changes = self.changes.subscribe();
        while !self.state().has_news(wait) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    pub(super) fn is_asked_by(&self, wait: u64) -> bool {
        self.state().is_asked_by(wait)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state().has_ended()
    }

    pub(super) fn is_wanting(&self) -> bool {
        self.state().is_wanting()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.state().is_idle(Instant::now())
    }

    pub(super) fn end_if_idle(&self) -> bool {
        self.state().end_if_idle(Instant::now())
    }
}
