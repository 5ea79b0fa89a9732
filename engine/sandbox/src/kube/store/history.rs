//! What has happened, as far as it is remembered: for watches, and for lists of a moment that is past.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::time::Instant;

use super::{Happened, Key, Store};
use crate::kube::refusal::Refusal;

/// How many events are remembered.
const KEPT: usize = 10_000;

/// Something that has happened.
#[derive(Debug, Clone)]
pub(in crate::kube) struct Event {
    pub(in crate::kube) revision: u64,
    /// On the wall's clock: a watch may tell it later.
    pub(in crate::kube) at: Instant,
    pub(in crate::kube) key: Key,
    pub(in crate::kube) happened: Happened,
    pub(in crate::kube) object: Arc<Json>,
    pub(in crate::kube) before: Option<Arc<Json>>,
}

/// The events, oldest first.
#[derive(Debug, Default)]
pub(in crate::kube) struct History {
    revision: u64,
    events: VecDeque<Event>,
    /// What happened up to this revision is forgotten.
    forgotten: u64,
}

impl History {
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) fn next(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    pub(super) fn add(&mut self, happened: Happened, key: Key, object: Arc<Json>, before: Option<Arc<Json>>) {
        let event = Event { revision: self.revision, at: Instant::now(), key, happened, object, before };
        self.events.push_back(event);
        if self.events.len() > KEPT
            && let Some(oldest) = self.events.pop_front()
        {
            self.forgotten = oldest.revision;
        }
    }

    /// Forgets everything up to now, as a compaction does.
    pub(in crate::kube) fn forget(&mut self) {
        self.events.clear();
        self.forgotten = self.revision;
    }

    /// What happened after a revision, oldest first.
    ///
    /// # Errors
    /// It is forgotten.
    pub(in crate::kube) fn after(&self, revision: u64) -> Result<impl Iterator<Item = &Event>, Refusal> {
        if revision < self.forgotten {
            return Err(Refusal::expired(format!("too old resource version: {revision} ({})", self.forgotten)));
        }
        let first = self.events.partition_point(|event| event.revision <= revision);
        Ok(self.events.range(first..))
    }
}

impl Store {
    /// What was on a shelf at a revision, by namespace and name.
    ///
    /// # Errors
    /// It is forgotten.
    pub(in crate::kube) fn shelf_at(
        &self,
        shelf: &Arc<str>,
        namespace: Option<&str>,
        revision: u64,
    ) -> Result<Vec<Arc<Json>>, Refusal> {
        let mut objects: BTreeMap<&Key, &Arc<Json>> = self.shelf(shelf, namespace).collect();
        let since: Vec<&Event> = self.history.after(revision)?.collect();
        let ours =
            |event: &&Event| event.key.shelf == *shelf && namespace.is_none_or(|only| only == event.key.namespace);
        for event in since.into_iter().rev().filter(ours) {
            match &event.before {
                Some(before) => objects.insert(&event.key, before),
                None => objects.remove(&event.key),
            };
        }
        Ok(objects.into_values().map(Arc::clone).collect())
    }
}
