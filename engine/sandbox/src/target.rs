//! The target that stands for a world: the file that suites are run against. Knows its shape, starts nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use crate::clock::Clock;
use crate::file::World;
use crate::life::Places;

/// An address at which nobody listens, for a world that is not started.
const NOWHERE: &str = "127.0.0.1:9";

/// Where everything of a world would be: for plans, which go nowhere.
#[must_use]
pub fn nowhere(world: &World) -> Places {
    let config = |family: &str| match family {
        "kafka" => json!({ "kafka": { "bootstrap": NOWHERE } }),
        "tls" => json!({ "tls": { "address": NOWHERE } }),
        "tcp" => json!({ "tcp": { "address": NOWHERE } }),
        family => json!({ family: { "url": format!("http://{NOWHERE}/") } }),
    };
    Places {
        kubeconfigs: world.shape.clusters.keys().map(|name| (name.clone(), String::new())).collect(),
        endpoints: world.shape.families().into_iter().map(|(name, family)| (name, config(family))).collect(),
    }
}

/// The text of the target. `faults`: those that are on from the start.
///
/// # Errors
/// It cannot be written as YAML.
pub fn text(world: &World, places: &Places, clock: Clock, faults: &[String]) -> Result<String, String> {
    let shape = &world.shape;
    let clusters: Map<String, Json> = shape
        .clusters
        .iter()
        .map(|(name, cluster)| {
            let config = json!({ "kubeconfig": kubeconfig(name), "context": name, "allow": cluster.allow });
            (name.clone(), config)
        })
        .collect();
    let mut environment = vec![format!("The world was `{}`; nothing in it was real but the sockets.", shape.world)];
    environment.extend(shape.environment.iter().cloned());
    if !faults.is_empty() {
        environment.push(format!("Faults that were switched on from the start: {}.", faults.join(", ")));
    }
    let target = json!({
        "target": "sandbox",
        "sandbox": { "since": clock.began().to_string(), "rate": clock.rate() },
        "clusters": clusters,
        "endpoints": places.endpoints,
        "defaults": defaults(world),
        "inputs": shape.inputs,
        "environment": environment,
    });
    serde_yaml::to_string(&target).map_err(|why| why.to_string())
}

/// The endpoint of each family that checks take unasked: what the world says, or the family's only one.
fn defaults(world: &World) -> BTreeMap<String, String> {
    let mut by_family: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    // S3 is spoken over HTTP, but nobody means it who asks an HTTP service without saying which.
    for (name, family) in world.shape.families().into_iter().filter(|(name, _)| !world.shape.s3.contains_key(name)) {
        by_family.entry(family).or_default().push(name);
    }
    let only = by_family.into_iter().filter_map(|(family, names)| match names.as_slice() {
        [name] => Some((family.to_owned(), name.clone())),
        _ => None,
    });
    only.chain(world.shape.defaults.clone()).collect()
}

/// The kubeconfig of a cluster, beside the target's file.
fn kubeconfig(cluster: &str) -> String {
    format!("{cluster}.kubeconfig")
}

/// Writes the target and the kubeconfigs into a folder that only we can read; where the target is.
///
/// # Errors
/// A sentence that names the file.
pub fn write(folder: &Path, text: &str, places: &Places) -> Result<PathBuf, String> {
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map(|()| path.clone()).map_err(|why| format!("{}: {why}", path.display()))
    };
    for (cluster, text) in &places.kubeconfigs {
        put(&kubeconfig(cluster), text)?;
    }
    put("target.yaml", text)
}
