//! Kubernetes clusters as a world file writes them. Types only.

use std::collections::BTreeMap;

use checkrun_model::Effect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

/// A Kubernetes cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterShape {
    /// The most that a check may do there.
    #[serde(default)]
    pub allow: Effect,
    /// Small definitions of custom kinds, whose objects may hold anything.
    #[serde(default)]
    pub kinds: Vec<CustomShape>,
    /// Files of objects, beside this file; one file may hold several documents.
    #[serde(default)]
    pub manifests: Vec<String>,
    /// Objects, as they are, their status included.
    #[serde(default)]
    pub objects: Vec<Json>,
    /// What answers behind a service, by `namespace/name:port`: the name of an endpoint.
    #[serde(default)]
    pub expose: BTreeMap<String, String>,
    /// Who the checks are; without it somebody who may do everything.
    pub user: Option<UserShape>,
}

/// Somebody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserShape {
    /// The name, as roles are bound to it.
    pub name: String,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// A custom kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomShape {
    /// `ReplicationSource.volsync.backube`
    pub kind: String,
    /// The version that is served.
    pub version: String,
    /// Its plural, in lower case. Default: the kind and an `s`.
    pub plural: Option<String>,
    /// Its objects live outside of namespaces.
    #[serde(default)]
    pub cluster_wide: bool,
}
