//! Reading the fields that every object has. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

pub(super) fn name(object: &Json) -> &str {
    text(object, "name")
}

pub(super) fn namespace(object: &Json) -> &str {
    text(object, "namespace")
}

pub(super) fn uid(object: &Json) -> &str {
    text(object, "uid")
}

pub(super) fn version(object: &Json) -> &str {
    text(object, "resourceVersion")
}

/// A text of the metadata; empty if there is none.
pub(super) fn text<'a>(object: &'a Json, key: &str) -> &'a str {
    object["metadata"][key].as_str().unwrap_or_default()
}

/// Whether it has been told to go.
pub(super) fn is_going(object: &Json) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// The finalizers that still hold it.
pub(super) fn finalizers(object: &Json) -> Vec<&str> {
    items(&object["metadata"]["finalizers"]).filter_map(Json::as_str).collect()
}

/// The items of a list; none where there is no list.
pub(super) fn items(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}

/// The metadata, which is made if there is none.
pub(super) fn metadata(object: &mut Json) -> &mut Map<String, Json> {
    map(&mut object["metadata"])
}

/// A value as a map, which it becomes if it is none.
pub(super) fn map(value: &mut Json) -> &mut Map<String, Json> {
    if !value.is_object() {
        *value = Json::Object(Map::new());
    }
    match value {
        Json::Object(map) => map,
        _ => unreachable!("it was made a map"),
    }
}

/// A time as objects carry it: whole seconds.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The value at a path of field names.
pub(super) fn at<'a>(object: &'a Json, path: &str) -> &'a Json {
    path.split('.').filter(|part| !part.is_empty()).fold(object, |value, part| &value[part])
}
