//! The schema of one node of `checks:`: our keys, and every kind as a key with its arguments.

use std::collections::BTreeMap;

use checkrun_model::{Effect, EndpointEntry, Importance, KindEntry, LockMode, args};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json, json};

use super::loosen;
use crate::file::suite::Defaults;

/// A check (one kind) or a group (`steps`, `checks` or `use`).
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a schema; the loader reads nodes")]
struct Node {
    /// Its name: small letters, digits, hyphens.
    #[schemars(regex(pattern = "^[a-z][a-z0-9-]*$"))]
    id: String,
    /// One line for people.
    title: Option<String>,
    /// Criteria that it proves; on a group also member → criteria.
    covers: Option<Covers>,
    /// What must have passed before; references under `checks.` are added by themselves.
    needs: Option<Vec<String>>,
    /// An expression over inputs and earlier saves; where it is false the node is skipped.
    when: Option<Expression>,
    /// One variable and its list: one instance for each item.
    foreach: Option<BTreeMap<String, Json>>,
    /// Names of the target that are held meanwhile.
    locks: Option<BTreeMap<String, Lock>>,
    /// A cluster of the target.
    cluster: Option<String>,
    /// An endpoint of the target, or a family with its settings.
    endpoint: Option<EndpointName>,
    /// How much it weighs; a minor check never fails the run.
    severity: Option<Weight>,
    /// The selection (or the list of `foreach`) may be empty.
    allow_empty: Option<bool>,
    /// Names and expressions: values for later checks, read from the observation that passed.
    save: Option<BTreeMap<String, Expression>>,
    /// What must hold: `ready`, `none`, expressions, matchers.
    expect: Option<Vec<Expectation>>,
    /// Eventually: looks again until it holds, at most so long.
    within: Option<args::Duration>,
    /// Consistently: it must hold for so long.
    holds_for: Option<args::Duration>,
    /// Time for one observation.
    timeout: Option<args::Duration>,
    /// Beside `none`: the arguments that differ in a request that must find something.
    witness: Option<BTreeMap<String, Json>>,
    /// What it makes is not undone.
    keep: Option<bool>,
    /// Raises the effect, or says `read` where the kind allows that.
    effect: Option<Effect>,
    /// Why `effect: read` is true.
    reason: Option<String>,
    /// Kinds that run before its own undoing.
    cleanup: Option<Vec<Cleanup>>,
    /// A file of `hooks/`.
    hook: Option<String>,
    /// Members, each after the one before.
    steps: Option<Vec<Member>>,
    /// Members, as a graph.
    checks: Option<Vec<Member>>,
    /// A template.
    r#use: Option<String>,
    /// The inputs of that template.
    with: Option<BTreeMap<String, Json>>,
    /// What holds for the members unless they say otherwise.
    defaults: Option<Defaults>,
}

/// A schema written by hand, under its name.
macro_rules! written {
    ($type:ident, $schema:tt) => {
        struct $type;
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

written!(Expression, { "type": ["string", "number", "boolean"] });
written!(Member, { "$ref": "#/$defs/node" });
written!(Cleanup, { "$ref": "#/$defs/act" });
written!(EndpointName, { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/endpoint" }] });
written!(Covers, {
    "anyOf": [
        { "type": "array", "items": { "type": "string" } },
        { "type": "object", "additionalProperties": { "type": "array", "items": { "type": "string" } } },
    ]
});
written!(Expectation, { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/matcher" }] });
written!(Lock, { "enum": [LockMode::Shared, LockMode::Alone] });
written!(Weight, { "enum": [Importance::Critical, Importance::Major, Importance::Minor] });

/// The definitions that files of checks and templates share.
pub(super) fn defs(kinds: &[KindEntry], endpoints: &[EndpointEntry]) -> Map<String, Json> {
    let mut defs = Map::new();
    let mut node = super::part::<Node>();
    let mut acts = Map::new();
    for kind in kinds {
        let name = format!("kind {}", kind.doc.name);
        let schema = arguments(kind, &name, &mut defs);
        defs.insert(name.clone(), schema);
        let reference = json!({ "$ref": format!("#/$defs/{name}"), "description": kind.doc.summary });
        acts.insert(kind.doc.name.into(), reference.clone());
        node["properties"][kind.doc.name] = reference;
    }
    let act = json!({ "type": "object", "properties": acts, "additionalProperties": false, "minProperties": 1, "maxProperties": 1 });
    let endpoint = endpoint(endpoints, &mut defs);
    for (name, schema) in [("node", node), ("act", act), ("endpoint", endpoint), ("matcher", matcher())] {
        defs.insert(name.into(), schema);
    }
    defs
}

/// The arguments of a kind; its own definitions move to ours.
fn arguments(kind: &KindEntry, name: &str, defs: &mut Map<String, Json>) -> Json {
    let mut schema = moved((kind.schema)(), name, defs);
    loosen::without_null(&mut schema);
    loosen::arguments(&mut schema);
    for graft in kind.doc.grafts {
        let inner = schema["properties"][*graft].take();
        let doc = inner.get("description").cloned().unwrap_or_default();
        schema["properties"][*graft] =
            json!({ "anyOf": [inner, { "type": "string", "pattern": "\\.ya?ml$" }], "description": doc });
        let doc = "What the file may read; without it the file is taken as it is.";
        schema["properties"]["vars"] = json!({ "type": "object", "description": doc });
    }
    schema
}

/// A schema without definitions of its own: they move to `defs`, under `name`.
fn moved(schema: Json, name: &str, defs: &mut Map<String, Json>) -> Json {
    let prefixed = schema.to_string().replace("\"#/$defs/", &format!("\"#/$defs/{name} "));
    let mut schema: Json = serde_json::from_str(&prefixed).unwrap_or(schema);
    let Some(object) = schema.as_object_mut() else { return schema };
    object.remove("$schema");
    if let Some(Json::Object(inner)) = object.remove("$defs") {
        for (key, mut definition) in inner {
            loosen::without_null(&mut definition);
            loosen::arguments(&mut definition);
            defs.insert(format!("{name} {key}"), definition);
        }
    }
    schema
}

/// One family with its settings, and what is allowed there.
pub(super) fn endpoint(families: &[EndpointEntry], defs: &mut Map<String, Json>) -> Json {
    let mut properties = super::Properties::new();
    for row in families {
        let name = format!("endpoint {}", row.family);
        let mut schema = moved((row.schema)(), &name, defs);
        loosen::without_null(&mut schema);
        loosen::arguments(&mut schema);
        defs.insert(name.clone(), schema);
        properties.insert(row.family.into(), json!({ "$ref": format!("#/$defs/{name}") }));
    }
    properties.insert("allow".into(), super::part::<Effect>());
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// A matcher: a subject, at most one test, a count.
fn matcher() -> Json {
    json!({
        "type": "object",
        "properties": {
            "path": { "type": "string", "description": "A JSONPath (RFC 9535) of the observation." },
            "value": { "type": ["string", "number", "boolean"], "description": "An expression." },
            "equals": { "description": "Equal to this." },
            "in": { "description": "One of these.", "type": ["array", "string"] },
            "matches": { "description": "A regular expression.", "type": "string" },
            "exists": { "const": true, "description": "The path selects something." },
            "absent": { "const": true, "description": "The path selects nothing." },
            "ready": { "const": true, "description": "The objects that the path selects are ready." },
            "all": { "description": "Every one equals this, or passes this test." },
            "any": { "description": "One of them does." },
            "none": { "description": "None does; `true`: the path selects nothing, and its witness something." },
            "count": { "type": "integer", "minimum": 1, "description": "So many matches, exactly." },
        },
        "additionalProperties": false,
    })
}
