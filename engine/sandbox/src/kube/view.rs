//! Between how objects are stored and how a version of their resource shows them. Pure.

use serde_json::{Value as Json, json};

use super::object::map;
use super::types::resource::Resource;

/// What events are called in the core group, where they are stored, and in their own.
const NAMES: [(&str, &str); 8] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("count", "deprecatedCount"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("source", "deprecatedSource"),
    ("reportingComponent", "reportingController"),
    ("reportingInstance", "reportingInstance"),
];

/// As this version shows it.
pub(super) fn shown(resource: &Resource, stored: &Json) -> Json {
    let mut object = stored.clone();
    if resource.is_event() && !resource.group.is_empty() {
        rename(&mut object, |(core, own)| (core, own));
    }
    dressed(resource, object)
}

/// As it is stored, whichever version was written.
pub(super) fn stored(resource: &Resource, mut object: Json) -> Json {
    if resource.is_event() {
        if !resource.group.is_empty() {
            rename(&mut object, |(core, own)| (own, core));
        }
        object["apiVersion"] = "v1".into();
    }
    object
}

fn rename<'a>(object: &mut Json, way: impl Fn((&'a str, &'a str)) -> (&'a str, &'a str)) {
    let fields = map(object);
    for (from, to) in NAMES.map(way) {
        if let Some(value) = fields.shift_remove(from) {
            fields.insert(to.to_owned(), value);
        }
    }
}

/// With version and kind in front.
fn dressed(resource: &Resource, object: Json) -> Json {
    let mut dressed = json!({ "apiVersion": resource.api_version(), "kind": resource.kind });
    if let Json::Object(fields) = object {
        map(&mut dressed).extend(fields.into_iter().filter(|(key, _)| key != "apiVersion" && key != "kind"));
    }
    dressed
}

/// Only what the metadata says.
pub(super) fn partial(object: &Json) -> Json {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::types::catalogue::Catalogue;

    #[test]
    fn both_groups_show_the_same_event_in_their_own_words() {
        let catalogue = Catalogue::default();
        let (core, own) = (catalogue.named("Event.core").unwrap(), catalogue.named("Event.events.k8s.io").unwrap());
        let event = json!({ "metadata": { "name": "x" }, "involvedObject": { "kind": "Pod" }, "message": "again" });
        let shown = shown(own, &stored(core, event));
        assert_eq!(
            (&shown["regarding"]["kind"], &shown["note"], &shown["apiVersion"]),
            (&json!("Pod"), &json!("again"), &json!("events.k8s.io/v1"))
        );
        let back = stored(own, shown);
        assert_eq!((&back["message"], back.get("note")), (&json!("again"), None));
    }
}
