//! Objects as JSON: their identity, their mark, what of them is worth seeing. Pure.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use checkrun_model::Observation;
use checkrun_model::kind::Hidden;
use serde_json::{Value as Json, json};

/// The label that says which run has made an object.
pub(super) const MARK: &str = "checkrun.io/run";

/// The name under which fields are set.
pub(super) const MANAGER: &str = "checkrun";

/// An object without the record of who set which field: it is long and says nothing of the object's state.
pub(super) fn bare(mut object: Json) -> Json {
    if let Some(metadata) = object.get_mut("metadata").and_then(Json::as_object_mut) {
        metadata.shift_remove("managedFields");
    }
    object
}

/// Decoded texts shorter than this are no secrets by themselves: `kafka` as a user's name would be taken out everywhere.
const TELLING: usize = 12;

/// An observation of one object, of `items`, or of objects by what they are to the check. What nobody may read in the
/// evidence is named: the data of core Secrets.
pub(super) fn observation(value: Json, notes: Vec<String>) -> Observation {
    let listed = value["items"].as_array().into_iter().flatten();
    let named = value.as_object().into_iter().flat_map(|map| map.values());
    let secrets = [&value].into_iter().chain(listed).chain(named).flat_map(secrets).collect();
    Observation { value, notes, secrets }
}

fn secrets(value: &Json) -> Vec<Hidden> {
    let mut found = Vec::new();
    if value["kind"] != "Secret" || value["apiVersion"] != "v1" {
        return found;
    }
    let texts = |key: &str| value[key].as_object().into_iter().flatten();
    let called = |key: &str| format!("{}/{}/{key}", namespace(value), name(value));
    for (key, text) in texts("data").filter_map(|(key, text)| Some((key, text.as_str()?))) {
        found.push(Hidden { name: format!("{} (base64)", called(key)), text: text.to_owned() });
        let plain = BASE64_STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let telling = plain.filter(|text| text.len() >= TELLING);
        found.extend(telling.map(|text| Hidden { name: called(key), text }));
    }
    for (key, text) in texts("stringData").filter_map(|(key, text)| Some((key, text.as_str()?))) {
        found.push(Hidden { name: called(key), text: text.to_owned() });
    }
    found
}

/// Its UID; empty for what has none.
pub(super) fn uid(object: &Json) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

/// Its name; empty if it is no object.
pub(super) fn name(object: &Json) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Its namespace; empty outside of them.
pub(super) fn namespace(object: &Json) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

/// The run that made it, if one did.
pub(super) fn marked_by(object: &Json) -> Option<&str> {
    object["metadata"]["labels"][MARK].as_str()
}

/// Marks an object as made by `run`.
pub(super) fn mark(object: &mut Json, run: &str) {
    if !object["metadata"]["labels"].is_object() {
        object["metadata"]["labels"] = json!({});
    }
    object["metadata"]["labels"][MARK] = run.into();
}

/// Why it is still there although it is being deleted.
pub(super) fn held_by(object: &Json) -> String {
    let finalizers: Vec<&str> =
        object["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    match (object["metadata"]["deletionTimestamp"].as_str(), finalizers.as_slice()) {
        (None, _) => "it is not being deleted".into(),
        (Some(since), []) => format!("it is being deleted since {since}"),
        (Some(since), held) => format!("it is being deleted since {since}, held by {}", held.join(", ")),
    }
}
