//! Adapts derived schemas to what the loader takes: templates for values, plain scalars for text, no null.

use serde_json::{Value as Json, json};

/// An optional key may be left out, never be null.
pub(crate) fn without_null(schema: &mut Json) {
    if let Some(Json::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            schema["type"] = one.clone();
        }
    }
    if let Some(Json::Array(any)) = schema.get_mut("anyOf") {
        any.retain(|one| one.get("type") != Some(&json!("null")));
        if let ([one], Some(outer)) = (any.clone().as_slice(), schema.as_object_mut()) {
            outer.remove("anyOf");
            let inner = one.as_object().cloned().unwrap_or_default();
            for (key, value) in inner {
                outer.entry(key).or_insert(value);
            }
        }
    }
    children(schema, &mut without_null);
    if let Some(defaults) = schema.as_object_mut()
        && defaults.get("default") == Some(&Json::Null)
    {
        defaults.remove("default");
    }
}

/// Below the root every value may be a template, and text any plain scalar.
pub(crate) fn arguments(schema: &mut Json) {
    children(schema, &mut |child| {
        arguments(child);
        value(child);
    });
}

fn value(schema: &mut Json) {
    let Some(object) = schema.as_object_mut() else { return };
    let is_text = object.get("type") == Some(&json!("string"));
    if is_text && !object.contains_key("enum") && !object.contains_key("pattern") && !object.contains_key("const") {
        object.insert("type".into(), json!(["string", "number", "boolean"]));
        return;
    }
    let takes_any = object.is_empty()
        || !["type", "$ref", "enum", "const", "anyOf", "oneOf"].iter().any(|key| object.contains_key(*key));
    if takes_any
        || is_text && object.get("pattern").and_then(Json::as_str).is_some_and(|pattern| pattern.contains("\\{\\{"))
    {
        return;
    }
    let doc = object.remove("description");
    let inner = schema.take();
    *schema = json!({ "anyOf": [inner, { "type": "string", "pattern": "\\{\\{" }] });
    if let Some(doc) = doc {
        schema["description"] = doc;
    }
}

/// Schemas directly below.
fn children(schema: &mut Json, each: &mut dyn FnMut(&mut Json)) {
    let Some(object) = schema.as_object_mut() else { return };
    for (key, child) in object.iter_mut() {
        match (key.as_str(), child) {
            ("properties" | "$defs" | "patternProperties", Json::Object(all)) => all.values_mut().for_each(&mut *each),
            ("items" | "additionalProperties", child @ Json::Object(_)) => each(child),
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Json::Array(all)) => all.iter_mut().for_each(&mut *each),
            _ => {}
        }
    }
}
