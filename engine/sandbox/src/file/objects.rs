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

/// What stands in the clusters of a world.
pub(super) struct Placed {
    /// The objects of each cluster, in the order in which they can be made.
    pub(super) objects: BTreeMap<String, Vec<Json>>,
    /// The kinds that each serves, `Pod`, `Deployment.apps`.
    pub(super) kinds: BTreeMap<String, Vec<String>>,
}

/// An object and where it stands.
struct One<'n> {
    node: std::borrow::Cow<'n, Node>,
    json: Json,
}

/// The objects of each cluster, and what it serves with them.
pub(super) fn objects(reader: &mut Reader, file: &File<WorldShape>) -> Placed {
    let (mut objects, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    for (name, shape) in &file.shape.clusters {
        let Some(node) = file.root.get("clusters").and_then(|clusters| clusters.get(name)) else { continue };
        let list = |key: &str| node.get(key).and_then(Node::as_list).unwrap_or(&[]);
        let mut placed = Vec::new();
        for (custom, node) in shape.kinds.iter().zip(list("kinds")) {
            match definition(custom) {
                Ok(json) => placed.push(One { node: std::borrow::Cow::Borrowed(node), json }),
                Err(why) => reader.errors.push(SpecError::new("world::kind", node.span, why, "not a custom kind")),
            }
        }
        for node in list("objects") {
            placed.push(One { node: std::borrow::Cow::Borrowed(node), json: node.to_json() });
        }
        for (path, node) in shape.manifests.iter().zip(list("manifests")) {
            let Some(path) = reader.beside(&file.folder, path, node) else { continue };
            for node in reader.documents(&path) {
                let json = node.to_json();
                placed.push(One { node: std::borrow::Cow::Owned(node), json });
            }
        }
        let cluster = Cluster::new("world", Clock::new(1.0));
        objects.insert(name.clone(), tried(reader, placed, &cluster));
        kinds.insert(name.clone(), cluster.kinds());
    }
    Placed { objects, kinds }
}

/// Those that a cluster takes; what it does not take is a mistake.
fn tried(reader: &mut Reader, mut placed: Vec<One<'_>>, cluster: &Cluster) -> Vec<Json> {
    placed.sort_by_key(|one| match one.json["kind"].as_str() {
        Some("CustomResourceDefinition") => 0,
        Some("Namespace") => 1,
        _ => 2,
    });
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
