//! JSON Schemas of the files that people write, for the YAML language server. Derived from the typed structs
//! that decode them and from the registry; loading never reads them.

mod loosen;
mod node;

use std::collections::BTreeMap;

use checkrun_model::{EndpointEntry, KindEntry};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value as Json, json};

use crate::file::suite::{CriteriaFile, Defaults, SuiteFile};
use crate::file::target::TargetFile;
use crate::inputs::Shape;

/// All schemas: file name (without its end) and schema.
#[must_use]
pub fn schemas(kinds: &[KindEntry], endpoints: &[EndpointEntry]) -> Vec<(&'static str, Json)> {
    vec![
        ("suite", suite_schema(kinds, endpoints)),
        ("checks", checks_schema(kinds, endpoints)),
        ("template", template_schema(kinds, endpoints)),
        ("criteria", criteria_schema()),
        ("target", target_schema(endpoints)),
    ]
}

/// `suite.yaml`.
#[must_use]
pub fn suite_schema(_kinds: &[KindEntry], _endpoints: &[EndpointEntry]) -> Json {
    of::<SuiteFile>("A suite: suite.yaml")
}

/// The file of criteria.
#[must_use]
pub fn criteria_schema() -> Json {
    of::<CriteriaFile>("Criteria of a suite")
}

/// Check files: every other `*.yaml` of a suite.
#[must_use]
pub fn checks_schema(kinds: &[KindEntry], endpoints: &[EndpointEntry]) -> Json {
    let properties = json!({
        "checks": { "type": "array", "items": { "$ref": "#/$defs/node" }, "description": "Checks and groups." },
        "defaults": { "$ref": "#/$defs/defaults" },
    });
    whole("Checks of a suite", properties, &["checks"], node::defs(kinds, endpoints))
}

/// Template files.
#[must_use]
pub fn template_schema(kinds: &[KindEntry], endpoints: &[EndpointEntry]) -> Json {
    let nodes = |doc: &str| json!({ "type": "array", "items": { "$ref": "#/$defs/node" }, "description": doc });
    let properties = json!({
        "template": { "type": "string", "pattern": "^[a-z][a-z0-9-]*$", "description": "Its name, for `use:`." },
        "title": { "type": "string" },
        "inputs": { "type": "object", "additionalProperties": { "$ref": "#/$defs/input" }, "description": "Typed inputs, by name." },
        "checks": nodes("Its members, as a graph."),
        "steps": nodes("Its members, each after the one before."),
        "outputs": { "type": "object", "additionalProperties": { "type": "string" }, "description": "Names and expressions over its members." },
    });
    whole("A template of checks", properties, &["template"], node::defs(kinds, endpoints))
}

/// A target's file.
#[must_use]
pub fn target_schema(endpoints: &[EndpointEntry]) -> Json {
    let mut schema = of::<TargetFile>("A target: where suites run");
    let mut defs = Map::new();
    let endpoint = node::endpoint(endpoints, &mut defs);
    defs.insert("endpoint".into(), endpoint);
    if let Some(known) = schema.get_mut("$defs").and_then(Json::as_object_mut) {
        known.extend(defs);
    } else {
        schema["$defs"] = Json::Object(defs);
    }
    let doc = schema["properties"]["endpoints"]["description"].clone();
    schema["properties"]["endpoints"] =
        json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/endpoint" }, "description": doc });
    schema
}

fn whole(title: &str, properties: Json, required: &[&str], mut defs: Map<String, Json>) -> Json {
    defs.insert("defaults".into(), part::<Defaults>());
    defs.insert("input".into(), part::<Shape>());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "$defs": defs,
    })
}

/// The schema of a whole file.
fn of<T: JsonSchema>(title: &str) -> Json {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    loosen::without_null(&mut schema);
    schema["title"] = title.into();
    schema
}

/// The schema of a part, everything inlined.
fn part<T: JsonSchema>() -> Json {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    loosen::without_null(&mut schema);
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
        schema.remove("title");
    }
    schema
}

/// Names to schemas, in order.
type Properties = BTreeMap<String, Json>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::keys;
    use crate::tests::kinds::{FAMILIES, KINDS};

    #[test]
    fn a_check_has_the_keys_that_the_loader_knows() {
        let schema = checks_schema(KINDS, FAMILIES);
        let properties = schema["$defs"]["node"]["properties"].as_object().unwrap();
        let ours = keys::COMMON.iter().chain(&keys::CHECK).chain(&keys::GROUP).copied();
        let known: std::collections::BTreeSet<&str> = ours.chain(KINDS.iter().map(|kind| kind.doc.name)).collect();
        assert_eq!(properties.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), known);
    }

    #[test]
    fn arguments_may_be_templates() {
        let schema = checks_schema(KINDS, FAMILIES);
        let look = &schema["$defs"]["kind look"]["properties"];
        assert_eq!(look["n"]["anyOf"][1]["pattern"], "\\{\\{");
        assert_eq!(look["name"]["type"], json!(["string", "number", "boolean"]));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for (name, schema) in schemas(KINDS, FAMILIES) {
            let text = schema.to_string();
            for reference in text.split("\"$ref\":\"#/$defs/").skip(1) {
                let target = reference.split('"').next().unwrap();
                assert!(schema["$defs"].get(target).is_some(), "{name}: {target}");
            }
        }
    }
}
