//! Holding an object that is to be stored against its resource: what is unknown, what does not fit, what is filled
//! in. One order for every way of writing. Pure.

use serde_json::Value as Json;

use super::object::{metadata, name};
use super::refusal::{Cause, Refusal};
use super::types::resource::Resource;
use super::types::{defaults, quantity, shape, unknown, valid};

/// An object that may be stored.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) object: Json,
    /// Fields that were not known and are not kept: `spec.foo`.
    pub(super) unknown: Vec<String>,
}

/// Takes away what is unknown and fills in what is missing.
///
/// # Errors
/// `Err(why)` as the decoder says it, if a value is of another sort than its field.
pub(super) fn decode(resource: &Resource, mut object: Json) -> Result<Admitted, String> {
    if resource.custom.is_none()
        && let Some(why) = shape::mismatch(resource.schema(), &object)
    {
        return Err(why);
    }
    if !object["metadata"].is_object() {
        metadata(&mut object);
    }
    let unknown = unknown::prune(resource.schema(), &mut object);
    if resource.custom.is_none() {
        quantity::spell(resource.schema(), &mut object);
    }
    nameless(&mut object);
    defaults::complete(resource, &mut object);
    Ok(Admitted { object, unknown })
}

/// Empty texts and lists of the metadata are not kept.
fn nameless(object: &mut Json) {
    metadata(object).retain(|_, value| match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(list) => !list.is_empty(),
        Json::Object(map) => !map.is_empty(),
        _ => true,
    });
}

/// Whether the object is a right one of its kind.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn valid(resource: &Resource, object: &Json) -> Result<(), Refusal> {
    let causes = match &resource.custom {
        Some(custom) => valid::wrong(custom, object).map_err(|why| {
            Refusal::internal(format!("the schema of {} cannot be used: {why}", resource.qualified()))
        })?,
        None => super::types::rules::wrong(resource, object),
    };
    let causes: Vec<Cause> = causes.into_iter().chain(mislabelled(object)).collect();
    match causes.as_slice() {
        [] => Ok(()),
        causes => Err(Refusal::invalid(&resource.group, &resource.kind, name(object), causes)),
    }
}

/// Labels whose values are none.
fn mislabelled(object: &Json) -> Vec<Cause> {
    let right = |text: &str| {
        let edge = |c: char| c.is_ascii_alphanumeric();
        let inner = |c: char| edge(c) || matches!(c, '-' | '_' | '.');
        text.is_empty()
            || (text.len() <= 63 && text.starts_with(edge) && text.ends_with(edge) && text.chars().all(inner))
    };
    let labels = object["metadata"]["labels"].as_object().into_iter().flatten();
    let wrong = labels.filter(|(_, value)| value.as_str().is_some_and(|text| !right(text)));
    wrong.map(|(_, value)| Cause::invalid("metadata.labels", value, LABEL)).collect()
}

const LABEL: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// `strict decoding error: unknown field "spec.foo", unknown field "spec.bar"`.
pub(super) fn strict(unknown: &[String]) -> Option<String> {
    let all: Vec<String> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    (!all.is_empty()).then(|| format!("strict decoding error: {}", all.join(", ")))
}
