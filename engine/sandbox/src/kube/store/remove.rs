//! Deleting objects: what must hold before, grace, finalizers, and what becomes of what they own.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::{Act, Ending, Key, Store, meta};
use crate::kube::object::{finalizers, is_going, metadata, time, uid, version};
use crate::kube::refusal::{About, Refusal};
use crate::kube::types::resource::Resource;

/// Holds an owner until what it owns is gone.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// Holds an owner until what it owns is let go.
pub(super) const ORPHAN: &str = "orphan";

/// What becomes of what it owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kube) enum Propagation {
    /// It goes afterwards.
    Background,
    /// It goes first.
    Foreground,
    /// It stays.
    Orphan,
}

/// How something is to be deleted.
#[derive(Debug, Clone, Default)]
pub(in crate::kube) struct Deletion {
    /// Only the object with this UID.
    pub(in crate::kube) uid: Option<String>,
    /// Only in this version.
    pub(in crate::kube) version: Option<String>,
    /// Seconds that a pod has to end by itself.
    pub(in crate::kube) grace: Option<i64>,
    pub(in crate::kube) propagation: Option<Propagation>,
}

/// What became of it.
#[derive(Debug)]
pub(in crate::kube) enum Deleted {
    /// It is gone.
    Gone(Arc<Json>),
    /// It goes; something holds it yet.
    Going(Arc<Json>),
}

impl Store {
    /// Deletes an object.
    ///
    /// # Errors
    /// There is none, or it is not the one that is meant.
    pub(in crate::kube) fn delete(
        &mut self,
        resource: &Resource,
        key: &Key,
        how: &Deletion,
        act: &Act,
    ) -> Result<Deleted, Refusal> {
        let missing = || Refusal::not_found(resource.about(&key.name));
        let old = self.objects.get(key).cloned().ok_or_else(missing)?;
        meant(resource, &old, how)?;
        let mut object = Json::clone(&old);
        hold(&mut object, how.propagation);
        let grace = grace(resource, &object, how.grace);
        let is_namespace = resource.is_core("namespaces");
        let held = grace > 0 || is_namespace || !finalizers(&object).is_empty();
        if act.dry {
            return Ok(if held { Deleted::Going(old) } else { Deleted::Gone(old) });
        }
        if !held {
            let last = self.erase(key, act).ok_or_else(missing)?;
            return Ok(Deleted::Gone(last));
        }
        let marked = mark(&mut object, &old, grace, act);
        if is_namespace {
            object["status"]["phase"] = "Terminating".into();
        }
        let kept = if marked || object != *old { self.keep(key.clone(), object, act) } else { old };
        if grace > 0
            && let Some(takes) = self.ending
        {
            let takes = SignedDuration::try_from(takes).unwrap_or_default().min(SignedDuration::from_secs(grace));
            let at = act.now.saturating_add(takes).unwrap_or(act.now);
            self.endings.push(Ending { at, key: key.clone(), uid: uid(&kept).to_owned() });
        }
        self.go_on(key, &act.of_cluster());
        Ok(Deleted::Going(kept))
    }

    /// Takes an object away, and what follows.
    pub(super) fn erase(&mut self, key: &Key, act: &Act) -> Option<Arc<Json>> {
        let last = self.drop_object(key, act)?;
        self.follow(key, &last, &act.of_cluster());
        Some(last)
    }

    /// Takes an object away whatever holds it: the world can.
    pub(in crate::kube) fn tear(&mut self, resource: &Resource, key: &Key, act: &Act) -> Result<Arc<Json>, Refusal> {
        if resource.is_core("namespaces") {
            self.empty(&key.name, act, true);
        }
        self.erase(key, act).ok_or_else(|| Refusal::not_found(resource.about(&key.name)))
    }

    /// An object that was told to go and that nothing holds any more goes.
    pub(super) fn release(&mut self, key: &Key, act: &Act) {
        let Some(object) = self.objects.get(key) else { return };
        let graceful = object["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) > 0;
        let is_namespace = *key.shelf == *"namespaces";
        if is_going(object) && finalizers(object).is_empty() && !graceful && !is_namespace {
            self.erase(key, act);
        } else if is_going(object) {
            self.go_on(key, &act.of_cluster());
        }
    }

    /// When the next pod ends by itself.
    pub(in crate::kube) fn next_ending(&self) -> Option<jiff::Timestamp> {
        self.endings.iter().map(|ending| ending.at).min()
    }

    /// Ends the pods whose time has come.
    pub(in crate::kube) fn end_due(&mut self, act: &Act) {
        let (due, later) = std::mem::take(&mut self.endings).into_iter().partition(|ending| ending.at <= act.now);
        self.endings = later;
        for Ending { key, uid: ended, .. } in due {
            let Some(object) = self.objects.get(&key).filter(|object| uid(object) == ended) else { continue };
            if finalizers(object).is_empty() {
                self.erase(&key, act);
                continue;
            }
            let mut object = Json::clone(object);
            object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
            self.keep(key, object, act);
        }
    }
}

/// Whether this object is meant. The server calls it by its kind here, not by its resource.
fn meant(resource: &Resource, object: &Json, how: &Deletion) -> Result<(), Refusal> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let about = About { group: &resource.group, resource: &resource.kind, name };
    let since = ["been deleted and then recreated", "been modified"];
    let conditions = [("UID", &how.uid, uid(object)), ("ResourceVersion", &how.version, version(object))];
    for ((what, wanted, is), since) in conditions.into_iter().zip(since) {
        if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != is) {
            let why = format!("the {what} in the precondition ({wanted}) does not match the {what} in record ({is})");
            return Err(Refusal::conflict(about, &format!("{why}. The object might have {since}")));
        }
    }
    Ok(())
}

/// Notes in the finalizers what shall become of what it owns.
fn hold(object: &mut Json, propagation: Option<Propagation>) {
    let Some(propagation) = propagation else { return };
    let mut all: Vec<String> = finalizers(object).into_iter().map(str::to_owned).collect();
    all.retain(|one| one != FOREGROUND && one != ORPHAN);
    match propagation {
        Propagation::Background => {}
        Propagation::Foreground => all.push(FOREGROUND.to_owned()),
        Propagation::Orphan => all.push(ORPHAN.to_owned()),
    }
    match all.is_empty() {
        true => drop(metadata(object).shift_remove("finalizers")),
        false => drop(metadata(object).insert("finalizers".into(), all.into())),
    }
}

/// The seconds that it has to end by itself: only a pod that runs has any.
fn grace(resource: &Resource, object: &Json, asked: Option<i64>) -> i64 {
    let runs = resource.is_core("pods")
        && object["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty())
        && !matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    match runs {
        true => asked.unwrap_or_else(|| object["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30)).max(0),
        false => 0,
    }
}

/// Notes that it is told to go. False: it was told before, and has no less time now.
fn mark(object: &mut Json, old: &Json, grace: i64, act: &Act) -> bool {
    let before = old["metadata"]["deletionGracePeriodSeconds"].as_i64();
    if is_going(old) && before.is_none_or(|before| before <= grace) {
        return false;
    }
    let at = act.now.saturating_add(SignedDuration::from_secs(grace)).unwrap_or(act.now);
    let first = !is_going(old);
    let metadata = metadata(object);
    metadata.insert("deletionTimestamp".into(), time(at).into());
    metadata.insert("deletionGracePeriodSeconds".into(), grace.into());
    if first {
        meta::count(object);
    }
    true
}
