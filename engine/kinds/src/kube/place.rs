//! Where an object is: its resource, namespace and name, checked before they become a path.

use std::sync::Arc;
use std::time::Instant;

use checkrun_model::{Broken, Cx, Touch};
use serde_json::Value as Json;

use super::cluster::Cluster;
use super::served::Resource;

/// The place of one object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Spot {
    pub(super) resource: Arc<Resource>,
    /// None for what lives outside namespaces.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

impl Spot {
    /// The place of an object of `resource`.
    ///
    /// # Errors
    /// A name that none can have; a namespace that is missing, or too much.
    pub(super) fn new(resource: Arc<Resource>, namespace: Option<&str>, name: &str) -> Result<Self, Broken> {
        let namespace = match (resource.namespaced, namespace) {
            (true, None) => {
                return Err(Broken::fatal(format!("`{}` lives in namespaces, and none is given", resource.kind))
                    .hint("say `namespace:`"));
            }
            (false, Some(namespace)) => return Err(outside(&resource, namespace)),
            (_, namespace) => namespace.map(|name| segment(name).map(str::to_owned)).transpose()?,
        };
        Ok(Self { name: segment(name)?.to_owned(), resource, namespace })
    }

    /// Its path.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.resource.list_path(self.namespace.as_deref()), self.name)
    }

    /// `Pod kafka/kafka-0`, for people.
    pub(super) fn called(&self) -> String {
        called(&self.resource.kind, self.namespace.as_deref(), Some(&self.name))
    }
}

fn outside(resource: &Resource, namespace: &str) -> Broken {
    Broken::fatal(format!("`{}` lives outside namespaces, but `{namespace}` is given", resource.kind))
        .hint("leave `namespace:` out")
}

/// Where objects are listed.
///
/// # Errors
/// A namespace that none can have, or for what lives outside of them.
pub(super) fn listed(resource: &Resource, namespace: Option<&str>) -> Result<Option<String>, Broken> {
    match namespace {
        Some(namespace) if !resource.namespaced => Err(outside(resource, namespace)),
        namespace => namespace.map(|name| segment(name).map(str::to_owned)).transpose(),
    }
}

/// A name as a part of a path. What no name can hold would be another path.
pub(super) fn segment(name: &str) -> Result<&str, Broken> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    match !name.is_empty() && name.chars().all(legal) && name != "." && name != ".." {
        true => Ok(name),
        false => Err(Broken::fatal(format!("`{name}` is not a name of Kubernetes"))),
    }
}

/// `Pod kafka/kafka-0`, `Pod kafka/*`, `Node *`.
pub(super) fn called(kind: &str, namespace: Option<&str>, name: Option<&str>) -> String {
    let name = name.unwrap_or("*");
    namespace.map_or_else(|| format!("{kind} {name}"), |namespace| format!("{kind} {namespace}/{name}"))
}

/// What a kind touches.
pub(super) fn touch(place: &checkrun_model::Place, object: String, verb: &str) -> Touch {
    let cluster = place.cluster.as_ref().map_or("", |cluster| cluster.name.as_str());
    Touch { system: format!("kube:{cluster}"), object, verb: verb.to_owned() }
}

/// Cluster and place of the object that a check names.
///
/// # Errors
/// The cluster cannot be asked, or serves no such kind.
pub(super) async fn find(
    cx: &Cx,
    kind: &str,
    namespace: Option<&str>,
    name: &str,
) -> Result<(Arc<Cluster>, Spot), Broken> {
    let cluster = Cluster::of(cx).await?;
    let resource = cluster.kind(kind, cx.deadline).await?;
    Ok((cluster, Spot::new(resource, namespace, name)?))
}

impl Cluster {
    /// The object at `spot`, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) async fn read(&self, spot: &Spot, deadline: Instant) -> Result<Option<Json>, Broken> {
        let found = self.ask(&super::ask::Ask::get(spot.path()), deadline).await?.found()?;
        Ok(found.map(super::object::bare))
    }
}
