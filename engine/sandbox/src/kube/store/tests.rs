//! The store, without a server.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::*;
use crate::kube::object::{finalizers, is_going, version};
use crate::kube::refusal::Refusal;

struct Stage {
    store: Store,
    now: Timestamp,
}

impl Stage {
    fn new() -> Self {
        let mut stage = Self { store: Store::default(), now: Timestamp::UNIX_EPOCH };
        stage.make(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "a" } })).unwrap();
        stage
    }

    fn act(&self) -> Act {
        Act { by: By::Client("me".into()), now: self.now, dry: false }
    }

    fn resource(&self, kind: &str) -> Arc<Resource> {
        Arc::clone(self.store.catalogue.named(kind).unwrap())
    }

    fn make(&mut self, object: Json) -> Result<Arc<Json>, Refusal> {
        let resource = self.resource(object["kind"].as_str().unwrap());
        let act = self.act();
        self.store.create(&resource, object, &act)
    }

    fn map(&mut self, name: &str, metadata: Json) -> Arc<Json> {
        let mut object =
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": "a" } });
        object["metadata"].as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        self.make(object).unwrap()
    }

    fn owned(&mut self, name: &str, owner: &Json, more: Json) {
        let reference = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"] });
        let mut metadata = json!({ "ownerReferences": [reference] });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.map(name, metadata);
    }

    fn get(&self, kind: &str, name: &str) -> Option<&Arc<Json>> {
        self.store.get(&Key::new(&self.resource(kind), "a", name))
    }

    fn delete(&mut self, kind: &str, name: &str, how: Deletion) -> Result<Deleted, Refusal> {
        let (resource, act) = (self.resource(kind), self.act());
        let key = Key::new(&resource, "a", name);
        self.store.delete(&resource, &key, &how, &act)
    }

    fn change(&mut self, kind: &str, name: &str, change: impl FnOnce(&mut Json)) -> Result<Arc<Json>, Refusal> {
        let (resource, act) = (self.resource(kind), self.act());
        let key = Key::new(&resource, "a", name);
        self.store.update(&resource, &key, Face::Main, &act, |old| {
            let mut new = old.clone();
            change(&mut new);
            Ok(new)
        })
    }

    fn unhold(&mut self, kind: &str, name: &str) {
        self.change(kind, name, |object| drop(object["metadata"].as_object_mut().unwrap().shift_remove("finalizers")))
            .unwrap();
    }
}

fn by(propagation: Propagation) -> Deletion {
    Deletion { propagation: Some(propagation), ..Deletion::default() }
}

#[test]
fn every_change_is_a_revision_of_the_whole_and_a_lost_race_is_a_conflict() {
    let mut stage = Stage::new();
    let first = stage.map("x", json!({}));
    let second = stage.change("ConfigMap", "x", |object| object["data"] = json!({ "k": "v" })).unwrap();
    assert!(version(&second).parse::<u64>().unwrap() > version(&first).parse::<u64>().unwrap());
    assert_eq!(version(&second), stage.store.revision().to_string());
    let stale = stage.change("ConfigMap", "x", |object| object["metadata"]["resourceVersion"] = version(&first).into());
    assert_eq!(stale.unwrap_err().reason, "Conflict");
    let same = stage.change("ConfigMap", "x", |_| {}).unwrap();
    assert_eq!(version(&same), version(&second));
}

#[test]
fn the_past_is_shown_as_it_was_until_it_is_forgotten() {
    let mut stage = Stage::new();
    stage.map("x", json!({}));
    stage.map("y", json!({}));
    let then = stage.store.revision();
    stage.delete("ConfigMap", "x", Deletion::default()).unwrap();
    stage.map("z", json!({}));
    stage.change("ConfigMap", "y", |object| object["data"] = json!({ "k": "v" })).unwrap();
    let shelf = "configmaps".into();
    let past = stage.store.shelf_at(&shelf, Some("a"), then).unwrap();
    let seen: Vec<(&str, bool)> = past.iter().map(|object| (name(object), object["data"].is_null())).collect();
    assert_eq!(seen, [("x", true), ("y", true)]);
    stage.store.history.forget();
    assert_eq!(stage.store.shelf_at(&shelf, Some("a"), then).unwrap_err().code, 410);
}

#[test]
fn a_finalizer_holds_and_its_removal_lets_go() {
    let mut stage = Stage::new();
    stage.map("x", json!({ "finalizers": ["me"] }));
    assert!(matches!(stage.delete("ConfigMap", "x", Deletion::default()).unwrap(), Deleted::Going(_)));
    assert!(is_going(stage.get("ConfigMap", "x").unwrap()));
    let more = stage.change("ConfigMap", "x", |object| object["metadata"]["finalizers"] = json!(["me", "you"]));
    assert_eq!(more.unwrap_err().code, 422);
    stage.unhold("ConfigMap", "x");
    assert!(stage.get("ConfigMap", "x").is_none());
}

#[test]
fn what_is_owned_follows_its_owner_down_the_line() {
    let mut stage = Stage::new();
    let owner = stage.map("x", json!({}));
    stage.owned("y", &owner, json!({}));
    let middle = Arc::clone(stage.get("ConfigMap", "y").unwrap());
    stage.owned("z", &middle, json!({}));
    stage.delete("ConfigMap", "x", by(Propagation::Background)).unwrap();
    assert!(stage.get("ConfigMap", "y").is_none() && stage.get("ConfigMap", "z").is_none());
}

#[test]
fn an_owner_waits_for_what_it_owns_where_that_goes_first() {
    let mut stage = Stage::new();
    let owner = stage.map("x", json!({}));
    stage.owned("y", &owner, json!({ "finalizers": ["me"] }));
    stage.delete("ConfigMap", "x", by(Propagation::Foreground)).unwrap();
    assert_eq!(finalizers(stage.get("ConfigMap", "x").unwrap()), ["foregroundDeletion"]);
    assert!(is_going(stage.get("ConfigMap", "y").unwrap()));
    stage.unhold("ConfigMap", "y");
    assert!(stage.get("ConfigMap", "x").is_none() && stage.get("ConfigMap", "y").is_none());
}

#[test]
fn what_is_let_go_stays_without_its_owner() {
    let mut stage = Stage::new();
    let owner = stage.map("x", json!({}));
    stage.owned("y", &owner, json!({}));
    stage.delete("ConfigMap", "x", by(Propagation::Orphan)).unwrap();
    assert!(stage.get("ConfigMap", "x").is_none());
    assert!(stage.get("ConfigMap", "y").unwrap()["metadata"]["ownerReferences"].is_null());
}

#[test]
fn one_of_two_owners_is_enough_to_stay() {
    let mut stage = Stage::new();
    let (one, two) = (stage.map("x", json!({})), stage.map("y", json!({})));
    let reference = |owner: &Json| json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": name(owner), "uid": crate::kube::object::uid(owner) });
    stage.map("z", json!({ "ownerReferences": [reference(&one), reference(&two)] }));
    stage.delete("ConfigMap", "x", Deletion::default()).unwrap();
    assert_eq!(items(&stage.get("ConfigMap", "z").unwrap()["metadata"]["ownerReferences"]).count(), 1);
    stage.delete("ConfigMap", "y", Deletion::default()).unwrap();
    assert!(stage.get("ConfigMap", "z").is_none());
}

#[test]
fn a_namespace_goes_when_it_is_empty_and_takes_nothing_new() {
    let mut stage = Stage::new();
    stage.map("x", json!({}));
    stage.map("y", json!({ "finalizers": ["me"] }));
    stage.delete("Namespace", "a", Deletion::default()).unwrap();
    assert!(stage.get("ConfigMap", "x").is_none());
    let held = stage.get("Namespace", "a").unwrap();
    assert_eq!(held["status"]["phase"], "Terminating");
    assert!(held["status"]["conditions"][0]["message"].as_str().unwrap().ends_with("me"));
    let refused =
        stage.make(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "z", "namespace": "a" } }));
    assert_eq!((refused.as_ref().unwrap_err().code, refused.unwrap_err().reason), (403, "Forbidden"));
    stage.unhold("ConfigMap", "y");
    assert!(stage.get("Namespace", "a").is_none());
}

#[test]
fn a_pod_that_runs_has_its_grace_and_ends_then() {
    let mut stage = Stage::new();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "namespace": "a" },
        "spec": { "nodeName": "n", "terminationGracePeriodSeconds": 30 },
    });
    stage.make(pod).unwrap();
    stage.delete("Pod", "p", Deletion::default()).unwrap();
    let going = stage.get("Pod", "p").unwrap();
    assert_eq!(going["metadata"]["deletionGracePeriodSeconds"], 30);
    assert_eq!(going["metadata"]["deletionTimestamp"], "1970-01-01T00:00:30Z");
    assert_eq!(stage.store.next_ending(), Some(stage.now + SignedDuration::from_secs(1)));
    stage.store.end_due(&stage.act());
    assert!(stage.get("Pod", "p").is_some());
    stage.now += SignedDuration::from_secs(1);
    stage.store.end_due(&stage.act());
    assert!(stage.get("Pod", "p").is_none() && stage.store.next_ending().is_none());
}

#[test]
fn a_pod_that_is_killed_goes_at_once() {
    let mut stage = Stage::new();
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "namespace": "a" }, "spec": { "nodeName": "n" } });
    stage.make(pod).unwrap();
    stage.delete("Pod", "p", Deletion { grace: Some(0), ..Deletion::default() }).unwrap();
    assert!(stage.get("Pod", "p").is_none());
}

#[test]
fn what_is_only_tried_changes_nothing() {
    let mut stage = Stage::new();
    stage.map("x", json!({}));
    let (resource, before) = (stage.resource("ConfigMap"), stage.store.revision());
    let act = Act { dry: true, ..stage.act() };
    let key = Key::new(&resource, "a", "x");
    stage.store.delete(&resource, &key, &Deletion::default(), &act).unwrap();
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "y", "namespace": "a" } });
    stage.store.create(&resource, object, &act).unwrap();
    assert_eq!((stage.store.revision(), stage.get("ConfigMap", "x").is_some()), (before, true));
}

#[test]
fn a_definition_serves_its_kind_and_takes_it_along() {
    let mut stage = Stage::new();
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "teas.x.io" },
        "spec": { "group": "x.io", "scope": "Namespaced", "names": { "kind": "Tea", "plural": "teas" }, "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": { "type": "object" } } }] },
    });
    let made = stage.make(definition).unwrap();
    assert_eq!(made["status"]["conditions"][1]["type"], "Established");
    stage
        .make(json!({ "apiVersion": "x.io/v1", "kind": "Tea", "metadata": { "name": "t", "namespace": "a" } }))
        .unwrap();
    let key = Key::new(&stage.resource("Tea"), "a", "t");
    assert!(stage.store.get(&key).is_some());
    let (resource, act) = (stage.resource("CustomResourceDefinition"), stage.act());
    stage.store.delete(&resource, &Key::new(&resource, "", "teas.x.io"), &Deletion::default(), &act).unwrap();
    assert!(stage.store.catalogue.named("Tea").is_none() && stage.store.get(&key).is_none());
}
