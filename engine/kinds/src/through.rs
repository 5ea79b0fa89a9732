//! `through:`: a service inside a cluster, reached over a port-forward that checkrun holds itself.
//! Knows addresses; what is spoken over them is the caller's.

#[cfg(not(feature = "kube"))]
use std::net::SocketAddr;

#[cfg(not(feature = "kube"))]
use checkrun_model::{Broken, Cx};
use checkrun_model::{Node, SpecError};
use schemars::JsonSchema;
use serde::Deserialize;

/// A service inside a cluster of the target. checkrun forwards a local port to one of its ready pods.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Through {
    /// The cluster's name in the target.
    pub cluster: String,
    /// `namespace/name` of the Service.
    pub service: String,
    /// The Service's port.
    pub port: u16,
}

impl Through {
    /// Namespace and name.
    ///
    /// # Errors
    /// A sentence that says how a service is written.
    pub(crate) fn namespace_and_name(&self) -> Result<(&str, &str), String> {
        match self.service.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok((namespace, name))
            }
            _ => Err(format!("`{}` is not a service; services are written `namespace/name`", self.service)),
        }
    }

    /// The name that the service has inside its cluster: what its certificate is for.
    pub(crate) fn host(&self) -> Result<String, String> {
        self.namespace_and_name().map(|(namespace, name)| format!("{name}.{namespace}.svc"))
    }

    /// Mistakes in the settings at `node`.
    pub(crate) fn errors(&self, node: &Node) -> Vec<SpecError> {
        let place = node.get("service").unwrap_or(node);
        match self.namespace_and_name() {
            Err(why) if !place.has_deferred() => {
                vec![SpecError::new("endpoint::service", place.span, why, "not `namespace/name`")]
            }
            _ => Vec::new(),
        }
    }
}

/// A local address behind which the service answers. The forward is shared by all checks of the run
/// and ends with it; a connection picks a pod that is ready at that moment.
///
/// # Errors
/// The cluster is not in the target, or cannot be reached, or has no such service.
#[cfg(feature = "kube")]
pub(crate) use crate::kube::forward;

/// Without Kubernetes there is nothing to forward through.
#[cfg(not(feature = "kube"))]
pub(crate) async fn forward(_: &Cx, _: &Through) -> Result<SocketAddr, Broken> {
    Err(Broken::fatal(
        "this build of checkrun has no Kubernetes client, so it cannot reach anything `through:` a cluster",
    ))
}

/// A port of one pod of a cluster of the target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PodPort {
    /// The cluster's name in the target.
    pub cluster: String,
    /// The pod's namespace.
    pub namespace: String,
    /// Its name.
    pub pod: String,
    /// The port, as the container listens on it.
    pub port: u16,
}

/// A local address behind which this pod answers, and no other. Shared and ended like [`forward`].
///
/// # Errors
/// The cluster is not in the target, or cannot be reached, or has no such pod.
#[cfg(all(feature = "kube", feature = "kafka"))]
pub(crate) use crate::kube::forward_pod;

/// Without Kubernetes there is nothing to forward through.
#[cfg(not(feature = "kube"))]
pub(crate) async fn forward_pod(_: &Cx, _: &PodPort) -> Result<SocketAddr, Broken> {
    Err(Broken::fatal(
        "this build of checkrun has no Kubernetes client, so it cannot reach anything `through:` a cluster",
    ))
}
