//! What the server fills in and keeps: the metadata of objects.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::kube::object::{metadata, time};
use crate::kube::types::resource::Resource;

/// What a client cannot say of itself.
const OURS: [&str; 5] = ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"];

/// Built-in kinds whose changes are counted.
const COUNTED: &[&str] = &[
    "Pod",
    "ReplicationController",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "Ingress",
    "IngressClass",
    "EndpointSlice",
    "PriorityClass",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];

/// A name that nobody has: what is asked for, and five letters.
pub(super) fn generated(prefix: &str) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut number = RandomState::new().hash_one(0);
    let letter = |_| {
        let at = usize::try_from(number % LETTERS.len() as u64).unwrap_or(0);
        number /= LETTERS.len() as u64;
        char::from(LETTERS[at])
    };
    let prefix: String = prefix.chars().take(58).collect();
    prefix + (0..5).map(letter).collect::<String>().as_str()
}

/// Gives a new object its identity.
pub(super) fn begin(resource: &Resource, object: &mut Json, now: Timestamp) {
    let counted = is_counted(resource);
    let metadata = metadata(object);
    for key in OURS {
        metadata.shift_remove(key);
    }
    metadata.shift_remove("generation");
    metadata.insert("uid".into(), uuid::Uuid::new_v4().to_string().into());
    metadata.insert("creationTimestamp".into(), time(now).into());
    if counted {
        metadata.insert("generation".into(), 1.into());
    }
    if !resource.namespaced {
        metadata.shift_remove("namespace");
    }
    if *resource.shelf() == *"namespaces" {
        let name = metadata["name"].clone();
        let labels = metadata.entry("labels").or_insert_with(|| json!({}));
        labels["kubernetes.io/metadata.name"] = name;
    }
}

/// Keeps what a change cannot touch.
pub(super) fn keep(old: &Json, new: &mut Json) {
    for key in OURS.iter().chain(&["generation", "name", "namespace"]) {
        match old["metadata"].get(key) {
            Some(value) => drop(metadata(new).insert((*key).to_owned(), value.clone())),
            None => drop(metadata(new).shift_remove(*key)),
        }
    }
}

/// Whether its changes are counted in `metadata.generation`.
pub(super) fn is_counted(resource: &Resource) -> bool {
    resource.custom.is_some() || COUNTED.contains(&resource.kind.as_str())
}

/// Whether something other than metadata and status has changed.
pub(super) fn has_changed(resource: &Resource, old: &Json, new: &Json) -> bool {
    let ignored = |key: &str| key == "metadata" || (key == "status" && resource.has_status());
    let differs = |a: &Json, b: &Json| {
        a.as_object().into_iter().flatten().any(|(key, value)| !ignored(key) && b.get(key) != Some(value))
    };
    differs(old, new) || differs(new, old)
}

/// Counts one change more.
pub(super) fn count(object: &mut Json) {
    if let Some(generation) = object["metadata"]["generation"].as_i64() {
        object["metadata"]["generation"] = (generation + 1).into();
    }
}
