//! The description of the API in OpenAPI 3, as far as clients need it: which resources there are, which parameters
//! they take when they are written, and the schemas of their objects. Built-in schemas come without prose.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::answer::Answer;
use crate::kube::types::catalogue::Catalogue;
use crate::kube::types::resource::Resource;
use crate::kube::types::schema;

const PLACE: &str = "#/components/schemas/";
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Which documents there are.
pub(super) fn index(catalogue: &Catalogue) -> Answer {
    let mut paths = Map::new();
    for one in catalogue.all() {
        let path = root(one).trim_start_matches('/').to_owned();
        paths.insert(path.clone(), json!({ "serverRelativeURL": format!("/openapi/v3/{path}") }));
    }
    Answer::json(200, &json!({ "paths": paths }))
}

/// The document of one group and version.
pub(super) fn document(catalogue: &Catalogue, group: &str, version: &str) -> Answer {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for one in catalogue.all().filter(|one| one.group == group && one.version == version) {
        paths.extend(operations(one));
        match &one.custom {
            Some(custom) => {
                schemas.insert(called(one), defined(one, &custom.schema));
                gather(META, &mut schemas);
            }
            None => {
                for name in of_kind(one) {
                    gather(&name, &mut schemas);
                }
            }
        }
    }
    Answer::json(
        200,
        &json!({
            "openapi": "3.0.0", "info": { "title": "Kubernetes", "version": "v1.34.4+sandbox" },
            "paths": paths, "components": { "schemas": schemas },
        }),
    )
}

fn root(one: &Resource) -> String {
    let root = if one.group.is_empty() { "/api" } else { "/apis" };
    format!("{root}/{}", one.api_version())
}

fn kind(one: &Resource) -> Json {
    json!({ "group": one.group, "version": one.version, "kind": one.kind })
}

/// The paths of a resource and what can be done there.
fn operations(one: &Resource) -> Vec<(String, Json)> {
    let parameter =
        |name: &&str| json!({ "name": name, "in": "query", "schema": { "type": "string", "uniqueItems": true } });
    let parameters: Vec<Json> = ["dryRun", "fieldManager", "fieldValidation", "force"].iter().map(parameter).collect();
    let operation = |action: &str| {
        json!({
            "x-kubernetes-group-version-kind": kind(one), "x-kubernetes-action": action, "parameters": parameters,
            "responses": { "200": { "description": "OK" } },
        })
    };
    let allowed = |pairs: &[(&str, &str)]| {
        let can = pairs.iter().filter(|(_, verb)| one.can(verb));
        Json::Object(can.map(|(method, verb)| ((*method).to_owned(), operation(verb))).collect())
    };
    let collection = [("get", "list"), ("post", "create"), ("delete", "deletecollection")];
    let item = [("get", "get"), ("put", "update"), ("patch", "patch"), ("delete", "delete")];
    let all = format!("{}/{}", root(one), one.plural);
    if !one.namespaced {
        return vec![(all.clone(), allowed(&collection)), (format!("{all}/{{name}}"), allowed(&item))];
    }
    let inside = format!("{}/namespaces/{{namespace}}/{}", root(one), one.plural);
    vec![
        (all, allowed(&[("get", "list")])),
        (inside.clone(), allowed(&collection)),
        (format!("{inside}/{{name}}"), allowed(&item)),
    ]
}

/// `io.strimzi.kafka.v1.Kafka`
fn called(one: &Resource) -> String {
    let mut words: Vec<&str> = one.group.split('.').collect();
    words.reverse();
    format!("{}.{}.{}", words.join("."), one.version, one.kind)
}

/// The schema of a defined kind, with the fields that all objects have.
fn defined(one: &Resource, schema: &Json) -> Json {
    let mut whole = schema.clone();
    whole["type"] = "object".into();
    whole["x-kubernetes-group-version-kind"] = json!([kind(one)]);
    let text = |description: &str| json!({ "type": "string", "description": description });
    whole["properties"]["apiVersion"] = text("The version of the schema of this object.");
    whole["properties"]["kind"] = text("The kind of this object.");
    whole["properties"]["metadata"] = json!({ "$ref": format!("{PLACE}{META}") });
    whole
}

/// The names of the schemas of a built-in kind and of its lists.
fn of_kind(one: &Resource) -> Vec<String> {
    let lists = format!("{}List", one.kind);
    let is = |node: &Json| {
        let mut kinds = node["x-kubernetes-group-version-kind"].as_array().into_iter().flatten();
        kinds.any(|kind| {
            kind["group"] == one.group
                && kind["version"] == one.version
                && (kind["kind"] == one.kind || kind["kind"] == lists)
        })
    };
    let all = schema::built_in().as_object().into_iter().flatten();
    all.filter(|(_, node)| is(node)).map(|(name, _)| name.clone()).collect()
}

/// Adds a schema and all that it refers to.
fn gather(name: &str, schemas: &mut Map<String, Json>) {
    let mut wanted = BTreeSet::from([name.to_owned()]);
    while let Some(name) = wanted.pop_first() {
        let node = &schema::built_in()[&name];
        if !schemas.contains_key(&name) && !node.is_null() {
            references(node, &mut wanted);
            schemas.insert(name, node.clone());
        }
    }
}

fn references(node: &Json, found: &mut BTreeSet<String>) {
    match node {
        Json::Object(map) => {
            let reference = map.get("$ref").and_then(Json::as_str).and_then(|to| to.strip_prefix(PLACE));
            found.extend(reference.map(str::to_owned));
            map.values().for_each(|inner| references(inner, found));
        }
        Json::Array(list) => list.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}
