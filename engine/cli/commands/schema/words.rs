//! A JSON Schema of arguments in words: one row an argument, those inside of it by dotted path.

use serde_json::Value as Json;

/// Arguments inside of arguments are listed down to this depth.
const DEEPEST: usize = 3;

/// One argument.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub path: String,
    pub value: String,
    pub required: bool,
    pub meaning: String,
}

/// The arguments of a kind.
pub(super) fn arguments(schema: &Json) -> Vec<Row> {
    let mut rows = Vec::new();
    walk(schema, schema, "", 0, &mut rows);
    rows
}

fn walk(root: &Json, schema: &Json, above: &str, depth: usize, rows: &mut Vec<Row>) {
    let Some(properties) = schema["properties"].as_object() else { return };
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    for (name, property) in properties {
        let path = format!("{above}{name}");
        let inner = resolved(root, property);
        let meaning = [property, inner].into_iter().find_map(|schema| schema["description"].as_str());
        rows.push(Row {
            path: path.clone(),
            value: value(root, property, 0),
            required: required(name),
            meaning: format!("{}{}", meaning.unwrap_or_default(), default(property)),
        });
        if depth + 1 < DEEPEST {
            walk(root, inner, &format!("{path}."), depth + 1, rows);
        }
    }
}

fn default(property: &Json) -> String {
    match &property["default"] {
        Json::Null => String::new(),
        value => format!(" Default: `{value}`."),
    }
}

/// The schema itself behind `$ref`, and behind "this or null".
fn resolved<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    if let Some(pointer) = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        return root.pointer(pointer).map_or(schema, |inner| resolved(root, inner));
    }
    match schema["anyOf"].as_array().map(|all| all.iter().filter(|one| one["type"] != "null").collect::<Vec<_>>()) {
        Some(only) if only.len() == 1 => resolved(root, only[0]),
        _ => schema,
    }
}

fn value(root: &Json, schema: &Json, depth: usize) -> String {
    let schema = resolved(root, schema);
    if depth > DEEPEST {
        return "any value".to_owned();
    }
    if let Some(words) = choice(schema) {
        return words;
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(all) = schema[key].as_array() {
            let words: Vec<String> =
                all.iter().filter(|one| one["type"] != "null").map(|one| value(root, one, depth + 1)).collect();
            return words.join(" or ");
        }
    }
    match sort(schema) {
        Some("array") => format!("list of {}", value(root, &schema["items"], depth + 1)),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("mapping of names to {}", value(root, &schema["additionalProperties"], depth + 1))
        }
        Some("object") => "mapping".to_owned(),
        Some("string") => text_sort(schema).to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("number") => "number".to_owned(),
        _ => "any value".to_owned(),
    }
}

/// Which of these words, where only some are allowed.
fn choice(schema: &Json) -> Option<String> {
    let listed = schema["enum"].as_array().map(|all| all.iter().filter(|one| !one.is_null()).cloned().collect());
    let consts = || {
        let all = schema["oneOf"].as_array()?;
        all.iter().map(|one| one.get("const").cloned()).collect::<Option<Vec<Json>>>()
    };
    let words: Vec<Json> = listed.or_else(consts)?;
    Some(
        words
            .iter()
            .map(|word| format!("`{}`", word.as_str().map_or_else(|| word.to_string(), str::to_owned)))
            .collect::<Vec<_>>()
            .join(" or "),
    )
}

/// The type beside null.
fn sort(schema: &Json) -> Option<&str> {
    match &schema["type"] {
        Json::String(one) => Some(one),
        Json::Array(all) => all.iter().filter_map(Json::as_str).find(|one| *one != "null"),
        _ => None,
    }
}

/// Quantities are text with a description of their own.
fn text_sort(schema: &Json) -> &'static str {
    match schema["description"].as_str() {
        Some(text) if text.starts_with("A duration") => "duration",
        Some(text) if text.starts_with("A size") => "size",
        Some(text) if text.starts_with("A rate") => "rate",
        _ => match schema["pattern"].as_str() {
            Some(pattern) if pattern.contains("(ns|us|µs|ms|s|m|h|d)") => "duration",
            Some(pattern) if pattern.contains("([kKMGT]i?)?B?") => "size",
            Some(pattern) if pattern.contains("[kM]?/(s|m|h)") => "rate",
            _ => "text",
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(property: &Json) -> String {
        let root = json!({"$defs": {"Inner": {"type": "object", "properties": {"file": {"type": "string"}}}}});
        value(&root, property, 0)
    }

    #[test]
    fn types_in_words() {
        assert_eq!(words(&json!({"type": ["string", "null"]})), "text");
        assert_eq!(words(&json!({"type": "array", "items": {"type": "integer"}})), "list of whole number");
        assert_eq!(words(&json!({"enum": ["a", "b"]})), "`a` or `b`");
        assert_eq!(words(&json!({"oneOf": [{"const": "a"}, {"const": "b"}]})), "`a` or `b`");
        assert_eq!(words(&json!({"anyOf": [{"type": "string"}, {"type": "object"}]})), "text or mapping");
        assert_eq!(words(&json!({})), "any value");
    }

    #[test]
    fn what_is_inside_an_argument_is_listed_by_its_path() {
        let schema = json!({
            "properties": { "ca": { "anyOf": [{ "$ref": "#/$defs/Inner" }, { "type": "null" }] } },
            "$defs": { "Inner": { "type": "object", "properties": { "file": { "type": "string", "description": "A file." } } } }
        });
        let paths: Vec<String> = arguments(&schema).into_iter().map(|row| row.path).collect();
        assert_eq!(paths, ["ca", "ca.file"]);
    }
}
