//! Whether the values of a built-in object are of the sort that its fields have: what the server finds out while it
//! decodes. Pure.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

use super::schema::{Field, Schema};

static QUANTITY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$").ok());

/// Why the object cannot be decoded; None if it can.
pub(in crate::kube) fn mismatch(schema: Schema<'_>, object: &Json) -> Option<String> {
    walk(schema, object, "", "")
}

fn walk(schema: Schema<'_>, value: &Json, path: &str, owner: &str) -> Option<String> {
    let wrong = |wanted: &str| {
        let place = if path.is_empty() { "Go value".to_owned() } else { format!("Go struct field {owner}.{path}") };
        Some(format!("json: cannot unmarshal {} into {place} of type {wanted}", sort(value)))
    };
    if value.is_null() || schema.node().is_null() || schema.is_int_or_string() {
        return None;
    }
    if schema.called() == "Quantity" {
        return quantity(value);
    }
    match (schema.sort(), value) {
        ("object", Json::Object(map)) => {
            let owner = if schema.called().is_empty() { owner } else { schema.called() };
            let dot = if path.is_empty() { "" } else { "." };
            map.iter().find_map(|(name, value)| match schema.field(name) {
                Field::Known(schema) => walk(schema, value, &format!("{path}{dot}{name}"), owner),
                Field::Open | Field::Unknown => None,
            })
        }
        ("array", Json::Array(list)) => match schema.items() {
            Field::Known(schema) => list.iter().find_map(|item| walk(schema, item, path, owner)),
            Field::Open | Field::Unknown => None,
        },
        ("string", Json::String(text)) => moment(schema, text),
        ("boolean", Json::Bool(_)) | ("number", Json::Number(_)) | ("", _) => None,
        ("integer", Json::Number(number)) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => None,
        ("integer", _) => wrong(if schema.format() == "int64" { "int64" } else { "int32" }),
        ("boolean", _) => wrong("bool"),
        ("number", _) => wrong("float64"),
        ("array", _) => wrong(&format!("[]{}", items_called(schema))),
        ("object", _) if schema.called().is_empty() => wrong("map[string]string"),
        ("object", _) => wrong(&format!("v1.{}", schema.called())),
        (other, _) => wrong(other),
    }
}

fn items_called(schema: Schema<'_>) -> String {
    match schema.items() {
        Field::Known(items) if !items.called().is_empty() => format!("v1.{}", items.called()),
        Field::Known(items) => items.sort().to_owned(),
        Field::Open | Field::Unknown => "interface {}".to_owned(),
    }
}

fn sort(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// A time must be one.
fn moment(schema: Schema<'_>, text: &str) -> Option<String> {
    let wrong = schema.format() == "date-time" && text.parse::<jiff::Timestamp>().is_err();
    wrong.then(|| format!("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""))
}

fn quantity(value: &Json) -> Option<String> {
    let right = match value {
        Json::String(text) => QUANTITY.as_ref().is_none_or(|pattern| pattern.is_match(text)),
        Json::Number(_) => true,
        _ => false,
    };
    let why = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    (!right).then(|| why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(spec: Json) -> Option<String> {
        mismatch(Schema::built_in("apps", "v1", "Deployment"), &json!({ "spec": spec }))
    }

    #[test]
    fn a_value_of_another_sort_is_refused_in_the_words_of_the_decoder() {
        assert_eq!(
            deployment(json!({ "replicas": "x" })).unwrap(),
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
        );
        let container = json!({ "template": { "spec": { "containers": [{ "image": 1 }] } } });
        assert_eq!(
            deployment(container).unwrap(),
            "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.image of type string"
        );
        assert_eq!(deployment(json!({ "replicas": 3, "strategy": { "rollingUpdate": { "maxSurge": "25%" } } })), None);
    }

    #[test]
    fn quantities_are_texts_or_numbers() {
        let limits = |cpu: Json| json!({ "template": { "spec": { "containers": [{ "resources": { "limits": { "cpu": cpu } } }] } } });
        assert_eq!(deployment(limits(json!("100m"))), None);
        assert_eq!(deployment(limits(json!(1))), None);
        assert!(deployment(limits(json!("much"))).unwrap().starts_with("quantities must match"));
    }
}
