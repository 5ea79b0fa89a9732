//! The objects of clusters: gathered from the file and from manifests, and tried on a cluster that nobody will see.

use std::collections::BTreeMap;

use checkrun_model::{Node, NodeValue, SpecError};
use serde_json::Value as Json;

use super::File;
use super::custom::definition;
use super::reader::Reader;
use super::shape::WorldShape;
use crate::clock::Clock;
use crate::kube::Cluster;

/// An object and where it stands.
struct Placed<'n> {
    node: std::borrow::Cow<'n, Node>,
    json: Json,
}

/// The objects of each cluster, in the order in which they can be made.
pub(super) fn objects(reader: &mut Reader, file: &File<WorldShape>) -> BTreeMap<String, Vec<Json>> {
    let mut all = BTreeMap::new();
    for (name, shape) in &file.shape.clusters {
        let Some(node) = file.root.get("clusters").and_then(|clusters| clusters.get(name)) else { continue };
        let list = |key: &str| node.get(key).and_then(Node::as_list).unwrap_or(&[]);
        let mut placed = Vec::new();
        for (custom, node) in shape.kinds.iter().zip(list("kinds")) {
            match definition(custom) {
                Ok(json) => placed.push(Placed { node: std::borrow::Cow::Borrowed(node), json }),
                Err(why) => reader.errors.push(SpecError::new("world::kind", node.span, why, "not a custom kind")),
            }
        }
        for node in list("objects") {
            placed.push(Placed { node: std::borrow::Cow::Borrowed(node), json: node.to_json() });
        }
        for (path, node) in shape.manifests.iter().zip(list("manifests")) {
            let Some(path) = reader.beside(&file.folder, path, node) else { continue };
            for node in reader.documents(&path) {
                let json = node.to_json();
                placed.push(Placed { node: std::borrow::Cow::Owned(node), json });
            }
        }
        all.insert(name.clone(), tried(reader, placed));
    }
    all
}

/// Those that a cluster takes; what it does not take is a mistake.
fn tried(reader: &mut Reader, mut placed: Vec<Placed<'_>>) -> Vec<Json> {
    placed.sort_by_key(|one| match one.json["kind"].as_str() {
        Some("CustomResourceDefinition") => 0,
        Some("Namespace") => 1,
        _ => 2,
    });
    let cluster = Cluster::new("world", Clock::new(1.0));
    let mut seen: BTreeMap<String, checkrun_model::Span> = BTreeMap::new();
    for one in &placed {
        if one.node.has_deferred() || !matches!(one.node.value, NodeValue::Map(_)) {
            if !one.node.has_deferred() {
                let message = format!("an object is a mapping, not {}", one.node.sort_name());
                reader.errors.push(SpecError::new("world::object", one.node.span, message, "not an object"));
            }
            continue;
        }
        let place = one.node.get("kind").unwrap_or(&one.node).span;
        let meta = &one.json["metadata"];
        let name = format!("{} {}/{}", one.json["kind"], meta["namespace"], meta["name"]);
        if let Some(first) = seen.insert(name, place) {
            let error = SpecError::new("world::object", place, "this object stands here twice", "again");
            reader.errors.push(error.also(first, "first"));
        }
        if let Err(why) = cluster.put(one.json.clone()) {
            let error =
                SpecError::new("world::object", place, format!("a cluster does not take it: {why}"), "this object");
            reader.errors.push(error);
        }
    }
    placed.into_iter().map(|one| one.json).collect()
}
