//! Whether an object of a defined kind fits its schema, in the words of the real server. The judging is done by a
//! JSON Schema library; the schema is only put into its language here.

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value as Json, json};

use super::definition::Custom;
use crate::kube::refusal::Cause;

/// The formats that the server looks at and the library judges alike.
const FORMATS: [&str; 4] = ["date-time", "ipv4", "ipv6", "uuid"];

/// What is wrong with an object.
///
/// # Errors
/// The schema itself cannot be used.
pub(in crate::kube) fn wrong(custom: &Custom, object: &Json) -> Result<Vec<Cause>, String> {
    let validator = custom.validator.get_or_init(|| compile(&custom.schema)).as_ref().map_err(Clone::clone)?;
    Ok(validator.iter_errors(object).map(|error| cause(&error)).collect())
}

fn compile(schema: &Json) -> Result<Validator, String> {
    let mut schema = translated(schema);
    if let Some(properties) = schema["properties"].as_object_mut() {
        for known in ["apiVersion", "kind", "metadata"] {
            properties.shift_remove(known);
        }
    }
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .build(&schema)
        .map_err(|why| why.to_string())
}

/// A schema of Kubernetes in the language of JSON Schema.
fn translated(schema: &Json) -> Json {
    let Json::Object(from) = schema else { return schema.clone() };
    let mut to = Map::new();
    for (word, value) in from {
        match word.as_str() {
            "properties" => {
                let each = value.as_object().into_iter().flatten();
                to.insert(word.clone(), each.map(|(name, schema)| (name.clone(), translated(schema))).collect());
            }
            "items" | "additionalProperties" | "not" => drop(to.insert(word.clone(), translated(value))),
            "allOf" | "anyOf" | "oneOf" => {
                let each = value.as_array().into_iter().flatten();
                to.insert(word.clone(), each.map(translated).collect());
            }
            "exclusiveMinimum" | "exclusiveMaximum" if value.is_boolean() => {}
            "format" if !value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {}
            "required" | "enum" | "minimum" | "maximum" | "multipleOf" | "minLength" | "maxLength" | "pattern"
            | "minItems" | "maxItems" | "uniqueItems" | "minProperties" | "maxProperties" | "format" | "type"
            | "exclusiveMinimum" | "exclusiveMaximum" => drop(to.insert(word.clone(), value.clone())),
            _ => {}
        }
    }
    exclude(schema, &mut to);
    if schema["x-kubernetes-int-or-string"] == true {
        to.insert("type".into(), json!(["integer", "string"]));
    }
    if schema["nullable"] == true {
        let mut sorts = match to.get("type") {
            Some(Json::String(sort)) => vec![json!(sort)],
            Some(Json::Array(sorts)) => sorts.clone(),
            _ => Vec::new(),
        };
        if !sorts.is_empty() {
            sorts.push(json!("null"));
            to.insert("type".into(), sorts.into());
        }
    }
    Json::Object(to)
}

/// Limits that are not part of what they limit were marked by a boolean once.
fn exclude(schema: &Json, to: &mut Map<String, Json>) {
    for (limit, mark) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if schema[mark] == true
            && let Some(value) = to.shift_remove(limit)
        {
            to.insert(mark.to_owned(), value);
        }
    }
}

/// `/spec/items/0/name` as `spec.items[0].name`.
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').filter(|part| !part.is_empty()) {
        let part = part.replace("~1", "/").replace("~0", "~");
        match part.parse::<usize>() {
            Ok(at) => path.push_str(&format!("[{at}]")),
            Err(_) if path.is_empty() => path = part,
            Err(_) => {
                path.push('.');
                path.push_str(&part);
            }
        }
    }
    path
}

fn cause(error: &ValidationError<'_>) -> Cause {
    let (field, value) = (dotted(error.instance_path().as_str()), error.instance());
    let body = |why: String| Cause::invalid(field.clone(), value, &format!("{field} in body {why}"));
    let word = |reason, why: String| Cause { reason, field: field.clone(), why };
    match error.kind() {
        Kind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            let dot = if field.is_empty() { "" } else { "." };
            Cause::required(format!("{field}{dot}{property}"), "")
        }
        Kind::Type { .. } => {
            let why = format!("{field} in body must be of type {}: {:?}", wanted(error), sort(value));
            Cause { reason: "FieldValueTypeInvalid", ..Cause::invalid(field.clone(), &json!(sort(value)), &why) }
        }
        Kind::Enum { options } => {
            let listed: Vec<String> = options.as_array().into_iter().flatten().map(Json::to_string).collect();
            let why = format!("Unsupported value: {}: supported values: {}", **value, listed.join(", "));
            word("FieldValueNotSupported", why)
        }
        Kind::Minimum { limit } => body(format!("should be greater than or equal to {limit}")),
        Kind::Maximum { limit } => body(format!("should be less than or equal to {limit}")),
        Kind::ExclusiveMinimum { limit } => body(format!("should be greater than {limit}")),
        Kind::ExclusiveMaximum { limit } => body(format!("should be less than {limit}")),
        Kind::Pattern { pattern } => body(format!("should match '{pattern}'")),
        Kind::MinLength { limit } => body(format!("should be at least {limit} chars long")),
        Kind::MaxLength { limit } => word("FieldValueTooLong", format!("Too long: may not be more than {limit} bytes")),
        Kind::MinItems { limit } => body(format!("should have at least {limit} items")),
        Kind::MaxItems { limit } => {
            let count = value.as_array().map_or(0, Vec::len);
            word("FieldValueTooMany", format!("Too many: {count}: must have at most {limit} items"))
        }
        Kind::MinProperties { limit } => body(format!("should have at least {limit} properties")),
        Kind::Format { format } => body(format!("must be of type {format}: {}", **value)),
        other => body(format!("does not fit `{}`: {error}", other.keyword())),
    }
}

fn wanted(error: &ValidationError<'_>) -> String {
    use jsonschema::error::TypeKind;
    match error.kind() {
        Kind::Type { kind: TypeKind::Single(sort) } => sort.to_string(),
        Kind::Type { kind: TypeKind::Multiple(sorts) } => {
            let all: Vec<String> = sorts.iter().map(|sort| sort.to_string()).filter(|sort| sort != "null").collect();
            all.join(",")
        }
        _ => String::new(),
    }
}

fn sort(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::types::definition;

    fn causes(spec: Json, object: Json) -> Vec<String> {
        let schema = json!({ "type": "object", "properties": { "spec": spec } });
        let definition = json!({ "spec": { "group": "x", "names": { "kind": "Tea", "plural": "teas" }, "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }] } });
        let resource = definition::resources(&definition).remove(0);
        let wrong = wrong(resource.custom.as_ref().unwrap(), &json!({ "spec": object })).unwrap();
        wrong.into_iter().map(|cause| format!("{}: {}", cause.field, cause.why)).collect()
    }

    #[test]
    fn what_does_not_fit_is_said_as_the_server_says_it() {
        let schema = json!({ "type": "object", "required": ["size"], "properties": {
            "size": { "type": "integer", "minimum": 1 }, "kind": { "type": "string", "enum": ["green", "black"] },
            "name": { "type": "string", "pattern": "^[a-z]+$" },
        } });
        assert_eq!(causes(schema.clone(), json!({})), ["spec.size: Required value"]);
        assert_eq!(
            causes(schema.clone(), json!({ "size": 0 })),
            ["spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"]
        );
        assert_eq!(
            causes(schema.clone(), json!({ "size": "x" })),
            ["spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\""]
        );
        assert_eq!(
            causes(schema.clone(), json!({ "size": 1, "kind": "red" })),
            ["spec.kind: Unsupported value: \"red\": supported values: \"green\", \"black\""]
        );
        assert_eq!(
            causes(schema, json!({ "size": 1, "name": "A" })),
            ["spec.name: Invalid value: \"A\": spec.name in body should match '^[a-z]+$'"]
        );
    }

    #[test]
    fn numbers_or_texts_and_nothing_at_all_are_allowed_where_it_is_said() {
        let schema = json!({ "type": "object", "properties": {
            "port": { "x-kubernetes-int-or-string": true, "anyOf": [{ "type": "integer" }, { "type": "string" }] },
            "none": { "type": "string", "nullable": true },
        } });
        assert_eq!(causes(schema.clone(), json!({ "port": 1, "none": null })), [""; 0]);
        assert_eq!(causes(schema.clone(), json!({ "port": "x" })), [""; 0]);
        assert_eq!(causes(schema, json!({ "port": true })).is_empty(), false);
    }
}
