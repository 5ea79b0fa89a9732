//! What a cluster serves: kinds of objects, their groups and versions, taken from its own account. Pure.

use std::sync::Arc;

use checkrun_model::{Broken, suggest};
use serde_json::Value as Json;

/// How the core group, which has no name, is written: `Event.core`.
const CORE: &str = "core";

/// A kind of object in one version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Resource {
    /// Empty for the core group.
    pub(super) group: String,
    /// `v1`.
    pub(super) version: String,
    /// `Pod`.
    pub(super) kind: String,
    /// `pods`.
    pub(super) plural: String,
    /// Whether its objects live in namespaces.
    pub(super) namespaced: bool,
    /// What can be done with it.
    pub(super) verbs: Vec<String>,
}

impl Resource {
    /// `apps/v1`, `v1`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Where its objects are listed: in one namespace, or everywhere.
    pub(super) fn list_path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let namespace = namespace.map_or(String::new(), |name| format!("/namespaces/{name}"));
        format!("{root}/{}{namespace}/{}", self.api_version(), self.plural)
    }

    /// `Deployment.apps`, `Pod.core`.
    fn qualified(&self) -> String {
        format!("{}.{}", self.kind, if self.group.is_empty() { CORE } else { &self.group })
    }

    /// Whether `verb` can be done with it.
    pub(super) fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }
}

/// All that a cluster serves; within a group the preferred version first.
#[derive(Debug, Default)]
pub(super) struct Served {
    resources: Vec<Arc<Resource>>,
    /// Groups whose server did not answer the cluster when it was asked.
    stale: Vec<String>,
}

/// Why a kind was not found.
#[derive(Debug)]
pub(super) enum Missing {
    /// Nobody serves it, as far as is known: worth another look.
    Unserved(Broken),
    /// It cannot be found with what was said.
    Unclear(Broken),
}

impl Served {
    /// Adds the resources of one account (`APIGroupDiscoveryList`).
    ///
    /// # Errors
    /// It is no such account.
    pub(super) fn add(&mut self, account: &Json) -> Result<(), Broken> {
        if account["kind"] != "APIGroupDiscoveryList" {
            return Err(Broken::fatal("the cluster does not give an account of what it serves")
                .hint("Kubernetes 1.27 or newer is needed"));
        }
        for group in items(&account["items"]) {
            let name = group["metadata"]["name"].as_str().unwrap_or_default();
            for version in items(&group["versions"]) {
                if version["freshness"] == "Stale" {
                    self.stale.push(name.to_owned());
                }
                let of_version =
                    items(&version["resources"]).filter_map(|resource| read(name, &version["version"], resource));
                self.resources.extend(of_version.map(Arc::new));
            }
        }
        Ok(())
    }

    /// The served, preferred version of `Kind` or `Kind.group`.
    pub(super) fn find(&self, written: &str) -> Result<Arc<Resource>, Missing> {
        let (kind, group) = match written.split_once('.') {
            Some((kind, CORE)) => (kind, Some("")),
            Some((kind, group)) => (kind, Some(group)),
            None => (written, None),
        };
        let mut found: Vec<&Arc<Resource>> = Vec::new();
        for resource in &self.resources {
            let fits = resource.kind == kind && group.is_none_or(|group| group == resource.group);
            if fits && found.iter().all(|other| other.group != resource.group) {
                found.push(resource);
            }
        }
        match found.as_slice() {
            [only] => Ok(Arc::clone(only)),
            [] => Err(Missing::Unserved(self.unserved(written, group))),
            several => {
                let list: Vec<String> = several.iter().map(|resource| format!("`{}`", resource.qualified())).collect();
                let broken = Broken::fatal(format!("`{written}` is served by several groups"));
                Err(Missing::Unclear(broken.hint(format!("write one of {}", list.join(", ")))))
            }
        }
    }

    /// The resource of a manifest. Its `apiVersion` may be a bare group: then the preferred version is taken.
    pub(super) fn find_version(&self, api_version: &str, kind: &str) -> Result<Arc<Resource>, Missing> {
        let (group, version) = match api_version.split_once('/') {
            Some((group, version)) => (group, Some(version)),
            None if looks_like_version(api_version) => ("", Some(api_version)),
            None => (api_version, None),
        };
        let of_group = || self.resources.iter().filter(|resource| resource.group == group && resource.kind == kind);
        let found = of_group().find(|resource| version.is_none_or(|version| version == resource.version));
        found.map(Arc::clone).ok_or_else(|| {
            let versions: Vec<&str> = of_group().map(|resource| resource.version.as_str()).collect();
            Missing::Unserved(match versions.is_empty() {
                true => self.unserved(&format!("{kind} of {api_version}"), Some(group)),
                false => Broken::fatal(format!("`{kind}` is not served as {api_version}")).hint(format!(
                    "served versions: {}; `apiVersion: {group}` takes the preferred one",
                    versions.join(", ")
                )),
            })
        })
    }

    fn unserved(&self, written: &str, group: Option<&str>) -> Broken {
        let cause = format!("the cluster serves no kind `{written}`");
        if let Some(stale) = self.stale.iter().find(|stale| group.is_none_or(|group| group == *stale)) {
            return Broken::transient(format!(
                "{cause}, but the server of the group {stale} does not answer it either"
            ));
        }
        let kind = written.split('.').next().unwrap_or(written);
        match suggest(kind, self.resources.iter().map(|resource| resource.kind.as_str())) {
            Some(near) if near == kind => {
                let other =
                    self.resources.iter().find(|resource| resource.kind == near).map(|resource| resource.qualified());
                Broken::fatal(cause).hint(format!("it serves `{}`", other.unwrap_or_default()))
            }
            Some(near) => Broken::fatal(cause).hint(format!("did you mean `{near}`?")),
            None => Broken::fatal(cause).hint("its CustomResourceDefinition is not installed, or not established"),
        }
    }
}

fn items(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}

/// `v1`, `v1beta2`: versions of the core group stand alone in `apiVersion`.
fn looks_like_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn read(group: &str, version: &Json, resource: &Json) -> Option<Resource> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    Some(Resource {
        group: group.to_owned(),
        version: text(version)?,
        kind: text(&resource["responseKind"]["kind"])?,
        plural: text(&resource["resource"])?,
        namespaced: resource["scope"] == "Namespaced",
        verbs: items(&resource["verbs"]).filter_map(text).collect(),
    })
}

#[cfg(test)]
#[path = "served_tests.rs"]
mod tests;
