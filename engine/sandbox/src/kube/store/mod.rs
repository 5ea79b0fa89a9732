//! The objects of one cluster and what has happened to them. Pure: one thread, no clock, no HTTP; the time of an
//! act comes with it.

mod collect;
mod create;
mod history;
mod meta;
mod remove;
#[cfg(test)]
mod tests;
mod update;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;
use tokio::sync::mpsc::UnboundedSender;

use super::object::{items, name, namespace};
use super::types::catalogue::Catalogue;
use super::types::resource::Resource;
pub(super) use history::{Event, History};
pub(super) use remove::{Deleted, Deletion, Propagation};
pub(super) use update::{Face, fit};

/// Where an object is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    /// `pods`, `deployments.apps`.
    pub(super) shelf: Arc<str>,
    /// Empty for what lives outside of namespaces.
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(resource: &Resource, namespace: &str, name: &str) -> Self {
        let namespace = if resource.namespaced { namespace } else { "" };
        Self { shelf: resource.shelf(), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    fn of(resource: &Resource, object: &Json) -> Self {
        Self::new(resource, namespace(object), name(object))
    }
}

/// What has happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It was made.
    Added,
    /// It was changed.
    Modified,
    /// It is gone.
    Deleted,
}

/// Who has done it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A client of the API, by the name of its user.
    Client(Arc<str>),
    /// The world, by the name of the hand that did it.
    World(Arc<str>),
    /// What every cluster does by itself: garbage collection, emptying of namespaces.
    Cluster,
}

/// A change, for those who play what lives in the cluster.
#[derive(Debug, Clone)]
pub struct Change {
    /// What has happened.
    pub happened: Happened,
    /// The object as it is now, or was last.
    pub object: Arc<Json>,
    /// Who did it.
    pub by: By,
}

/// One act: who does it, and when.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) by: By,
    pub(super) now: Timestamp,
    /// Everything is looked at, nothing is changed.
    pub(super) dry: bool,
}

impl Act {
    /// The same time, done by the cluster itself.
    fn of_cluster(&self) -> Self {
        Self { by: By::Cluster, now: self.now, dry: false }
    }

    fn is_world(&self) -> bool {
        matches!(self.by, By::World(_))
    }
}

/// A pod that ends by itself.
#[derive(Debug, Clone)]
struct Ending {
    at: Timestamp,
    key: Key,
    uid: String,
}

/// The objects.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) catalogue: Catalogue,
    objects: BTreeMap<Key, Arc<Json>>,
    /// By the UID of an owner.
    owned: HashMap<String, BTreeSet<Key>>,
    pub(super) history: History,
    listeners: Vec<UnboundedSender<Change>>,
    endings: Vec<Ending>,
    /// How long pods take to end when they are told to; None: the world ends them.
    pub(super) ending: Option<Duration>,
    services: u32,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            catalogue: Catalogue::default(),
            objects: BTreeMap::new(),
            owned: HashMap::new(),
            history: History::default(),
            listeners: Vec::new(),
            endings: Vec::new(),
            ending: Some(Duration::from_secs(1)),
            services: 0,
        }
    }
}

impl Store {
    pub(super) fn get(&self, key: &Key) -> Option<&Arc<Json>> {
        self.objects.get(key)
    }

    /// What is on a shelf, in all namespaces or in one, by namespace and name.
    pub(super) fn shelf<'a>(
        &'a self,
        shelf: &Arc<str>,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Json>)> {
        let from = namespace.unwrap_or_default().to_owned();
        let first = Key { shelf: Arc::clone(shelf), namespace: from, name: String::new() };
        let shelf = Arc::clone(shelf);
        self.objects
            .range(first..)
            .take_while(move |(key, _)| key.shelf == shelf && namespace.is_none_or(|only| only == key.namespace))
    }

    /// The version of the whole.
    pub(super) fn revision(&self) -> u64 {
        self.history.revision()
    }

    /// Tells every change from now on.
    pub(super) fn listen(&mut self, listener: UnboundedSender<Change>) {
        self.listeners.push(listener);
    }

    /// Puts it there, whatever was there before; gives it its version.
    fn keep(&mut self, key: Key, mut object: Json, act: &Act) -> Arc<Json> {
        if act.dry {
            return Arc::new(object);
        }
        let revision = self.history.next();
        object["metadata"]["resourceVersion"] = revision.to_string().into();
        let object = Arc::new(object);
        let before = self.objects.insert(key.clone(), Arc::clone(&object));
        self.index(&key, before.as_deref(), Some(&object));
        let happened = if before.is_some() { Happened::Modified } else { Happened::Added };
        self.happened(happened, key, Arc::clone(&object), before, act);
        object
    }

    /// Takes it away.
    fn drop_object(&mut self, key: &Key, act: &Act) -> Option<Arc<Json>> {
        let before = self.objects.remove(key)?;
        self.index(key, Some(&before), None);
        let mut last = Json::clone(&before);
        last["metadata"]["resourceVersion"] = self.history.next().to_string().into();
        let last = Arc::new(last);
        self.happened(Happened::Deleted, key.clone(), Arc::clone(&last), Some(before), act);
        Some(last)
    }

    fn index(&mut self, key: &Key, before: Option<&Json>, after: Option<&Json>) {
        let owners = |object: Option<&Json>| {
            let references = object.map(|object| items(&object["metadata"]["ownerReferences"]).collect::<Vec<_>>());
            let uid = |reference: &Json| reference["uid"].as_str().unwrap_or_default().to_owned();
            references.unwrap_or_default().into_iter().map(uid).collect::<Vec<_>>()
        };
        for uid in owners(before) {
            if let Some(keys) = self.owned.get_mut(&uid) {
                keys.remove(key);
            }
        }
        for uid in owners(after) {
            self.owned.entry(uid).or_default().insert(key.clone());
        }
    }

    fn happened(&mut self, happened: Happened, key: Key, object: Arc<Json>, before: Option<Arc<Json>>, act: &Act) {
        self.history.add(happened, key, Arc::clone(&object), before);
        let change = Change { happened, object, by: act.by.clone() };
        self.listeners.retain(|listener| listener.send(change.clone()).is_ok());
    }

    /// The resource that is kept there.
    fn resource_of(&self, key: &Key) -> Option<Arc<Resource>> {
        self.catalogue.shelved(&key.shelf).cloned()
    }
}
