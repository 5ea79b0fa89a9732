//! Deeds: what is done to objects of a cluster, its containers and its API server. Types only.

use std::collections::BTreeMap;

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

/// A change of one object, or of all that have these labels.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Its cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// `Pod`, or `Kind.group`.
    pub kind: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The name of one; or `labels`.
    pub name: Option<String>,
    /// Labels of all; or `name`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The merge patch.
    pub with: Json,
}

/// Objects.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Their cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// `Pod`, or `Kind.group`.
    pub kind: String,
    /// Their namespace.
    pub namespace: Option<String>,
    /// The name of one; or `labels`.
    pub name: Option<String>,
    /// Labels of all; or `name`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Lines of a container.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Its cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod; or `labels`.
    pub pod: Option<String>,
    /// Labels of pods, each of which writes; or `pod`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The container. Default: the pod's first.
    pub container: Option<String>,
    /// The lines.
    pub lines: Vec<String>,
}

/// A container.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// Its cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
}

/// What happens to an API server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiDeed {
    /// The cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// What becomes of it.
    pub is: ApiState,
    /// For `slow`, `cuts-watches`, `stale-watches`: how long, in the time of the world. Default: 10 s.
    pub by: Option<args::Duration>,
    /// It is over after so long, in the time of the world. Default: never.
    pub lasts: Option<args::Duration>,
    /// For `denies`: the kind that is not taken.
    pub kind: Option<String>,
}

/// What an API server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApiState {
    /// It works.
    Up,
    /// Connections are refused.
    Down,
    /// Answers are late.
    Slow,
    /// Requests are never answered.
    Hangs,
    /// It answers 429.
    TooMany,
    /// It answers 500.
    Broken,
    /// It refuses watches.
    RefusesWatches,
    /// It cuts watches.
    CutsWatches,
    /// Watches are late.
    StaleWatches,
    /// It takes no objects of a kind.
    Denies,
}
