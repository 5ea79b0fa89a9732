//! Where checks run: the target's clusters and endpoints, as data. Knows no client.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::{Clock, Effect, Node, SpecError};

/// Where a suite runs and what it may do there.
#[derive(Debug, Default)]
pub struct Target {
    /// Name, as written under `target:`.
    pub name: String,
    /// Clusters by name.
    pub clusters: BTreeMap<String, Arc<ClusterSpec>>,
    /// Endpoints by name, as written; their `{{ secret(…) }}` are filled in when the run first needs them.
    pub endpoints: BTreeMap<String, Arc<Endpoint>>,
    /// The endpoint taken for a family when a check names none.
    pub defaults: BTreeMap<String, String>,
    /// Plain sentences about the place that the report must carry (stand-ins, limits).
    pub environment: Vec<String>,
    /// The clock of the embedded world behind it; none: it is a real place, and its clock is the wall's.
    pub sandbox: Option<Clock>,
}

impl Target {
    /// The clock of the place.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.sandbox.unwrap_or(Clock::WALL)
    }
}

/// A Kubernetes cluster of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSpec {
    /// Name in the target.
    pub name: String,
    /// A kubeconfig file; none: `KUBECONFIG`, `~/.kube/config`, or the service account of a pod.
    pub kubeconfig: Option<PathBuf>,
    /// The context of that file; none: its current one.
    pub context: Option<String>,
    /// The most that a check may do there.
    pub allow: Effect,
}

/// Something that answers over the network: a family (`http`, `kafka`, `promql`, …) and its settings.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Name in the target.
    pub name: String,
    /// The family that understands `config`.
    pub family: String,
    /// URL or `through:`, CA, credentials; decoded by the family.
    pub config: Node,
    /// The most that a check may do there.
    pub allow: Effect,
}

/// One row of the registry of endpoint families.
pub struct EndpointEntry {
    /// The key under which the target names it.
    pub family: &'static str,
    /// Decodes the settings without touching the network; every mistake at once.
    pub parse: fn(&Node) -> Result<(), Vec<SpecError>>,
    /// JSON Schema of the settings.
    pub schema: fn() -> serde_json::Value,
}

/// Where one check runs, resolved.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The cluster, for kinds that speak to Kubernetes.
    pub cluster: Option<Arc<ClusterSpec>>,
    /// The endpoint, secrets filled in, for kinds that speak to one.
    pub endpoint: Option<Arc<Endpoint>>,
}
