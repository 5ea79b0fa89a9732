//! What all connections of one API server share. Every access to the store goes through here, so that nobody who
//! waits for a change misses one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::interference::Faults;
use super::journal::Journal;
use super::rights::people::People;
use super::store::{Act, By, Store};
use crate::clock::Clock;

/// Namespace, name of a pod or a service, port.
pub(super) type Port = (String, String, u16);

/// One API server, in memory.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) clock: Clock,
    store: Mutex<Store>,
    /// The version of the store: who waits for a change waits for it.
    pub(super) revision: watch::Sender<u64>,
    journal: Mutex<Journal>,
    /// Counts what was written to logs.
    pub(super) written: watch::Sender<u64>,
    pub(super) people: Mutex<People>,
    pub(super) ports: Mutex<HashMap<Port, SocketAddr>>,
    pub(super) faults: watch::Sender<Faults>,
    /// Counts how often all watches were cut.
    pub(super) cuts: watch::Sender<u64>,
}

/// A lock is only ever held for short, by code that does not panic; what it guards is whole either way.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    pub(super) fn new(name: &str, clock: Clock) -> Self {
        let server = Self {
            name: name.to_owned(),
            clock,
            store: Mutex::default(),
            revision: watch::Sender::new(0),
            journal: Mutex::default(),
            written: watch::Sender::new(0),
            people: Mutex::default(),
            ports: Mutex::default(),
            faults: watch::Sender::new(Faults::default()),
            cuts: watch::Sender::new(0),
        };
        let act = Act { by: By::World("cluster".into()), now: clock.now(), dry: false };
        for object in first() {
            server.write(|store| {
                let kind = store.catalogue.kind(word(&object, "apiVersion"), word(&object, "kind")).cloned();
                kind.map(|kind| store.create(&kind, object, &act))
            });
        }
        server
    }

    /// Looks at the store.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        read(&lock(&self.store))
    }

    /// Changes the store, and tells those who wait.
    pub(super) fn write<T>(&self, write: impl FnOnce(&mut Store) -> T) -> T {
        let (done, revision) = {
            let mut store = lock(&self.store);
            (write(&mut store), store.revision())
        };
        self.revision.send_if_modified(|known| std::mem::replace(known, revision.max(*known)) < revision);
        done
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        lock(&self.journal)
    }

    /// What `by` does now.
    pub(super) fn act(&self, by: By, dry: bool) -> Act {
        Act { by, now: self.clock.now(), dry }
    }

    /// Ends pods whose time has come, as long as it is awaited.
    pub(super) async fn keep_house(self: Arc<Self>) {
        let mut changes = self.revision.subscribe();
        loop {
            let next = self.read(Store::next_ending);
            let due = async {
                match next {
                    Some(at) => {
                        let wait = at.duration_since(self.clock.now()).try_into().unwrap_or_default();
                        self.clock.sleep(wait).await;
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {
                    let act = self.act(By::Cluster, false);
                    self.write(|store| store.end_due(&act));
                }
                changed = changes.changed() => if changed.is_err() { return },
            }
        }
    }
}

fn word<'a>(object: &'a Json, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

/// What stands in every new cluster.
fn first() -> Vec<Json> {
    let namespace = |name: &str| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    let mut all: Vec<Json> = ["default", "kube-node-lease", "kube-public", "kube-system"].map(namespace).to_vec();
    all.push(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "kubernetes", "namespace": "default", "labels": { "component": "apiserver", "provider": "kubernetes" } },
        "spec": { "type": "ClusterIP", "ports": [{ "name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443 }] },
    }));
    all.extend(super::rights::defaults::objects());
    all
}
