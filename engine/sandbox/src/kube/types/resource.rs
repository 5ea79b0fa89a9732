//! A resource that the server serves: its names, what can be done with it, its schema. Data; knows no object.

use std::sync::Arc;

use serde::Deserialize;

use super::definition::Custom;
use super::schema::Schema;
use crate::kube::refusal::{About, qualified};

/// A resource in one version.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::kube) struct Resource {
    /// Empty for the core group.
    pub(in crate::kube) group: String,
    pub(in crate::kube) version: String,
    pub(in crate::kube) kind: String,
    pub(in crate::kube) plural: String,
    pub(in crate::kube) singular: String,
    pub(in crate::kube) namespaced: bool,
    pub(in crate::kube) verbs: Vec<String>,
    pub(in crate::kube) short: Vec<String>,
    pub(in crate::kube) categories: Vec<String>,
    pub(in crate::kube) parts: Vec<Part>,
    /// Set for what a CustomResourceDefinition defines.
    #[serde(skip)]
    pub(in crate::kube) custom: Option<Arc<Custom>>,
}

/// A subresource: `status`, `log`.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::kube) struct Part {
    pub(in crate::kube) name: String,
    pub(in crate::kube) kind: String,
    pub(in crate::kube) group: String,
    pub(in crate::kube) version: String,
    pub(in crate::kube) verbs: Vec<String>,
}

impl Resource {
    /// `apps/v1`, `v1`.
    pub(in crate::kube) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `deployments.apps`, `pods`.
    pub(in crate::kube) fn qualified(&self) -> String {
        qualified(&self.plural, &self.group)
    }

    /// Under which name its objects are stored: both groups of events keep the same ones.
    pub(in crate::kube) fn shelf(&self) -> Arc<str> {
        if self.is_event() { "events".into() } else { self.qualified().into() }
    }

    /// Events of either group.
    pub(in crate::kube) fn is_event(&self) -> bool {
        self.kind == "Event" && matches!(self.group.as_str(), "" | "events.k8s.io")
    }

    /// Of the core group, in which everything has but one version.
    pub(in crate::kube) fn is_core(&self, plural: &str) -> bool {
        self.group.is_empty() && self.plural == plural
    }

    pub(in crate::kube) fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    pub(in crate::kube) fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// Whether its status is written apart from the rest.
    pub(in crate::kube) fn has_status(&self) -> bool {
        self.part("status").is_some()
    }

    /// `PodList`.
    pub(in crate::kube) fn list_kind(&self) -> String {
        self.custom.as_ref().map_or_else(|| format!("{}List", self.kind), |custom| custom.list_kind.clone())
    }

    pub(in crate::kube) fn about<'a>(&'a self, name: &'a str) -> About<'a> {
        About { group: &self.group, resource: &self.plural, name }
    }

    /// What its objects may look like.
    pub(in crate::kube) fn schema(&self) -> Schema<'_> {
        match &self.custom {
            Some(custom) => Schema::custom(&custom.schema),
            None => Schema::built_in(&self.group, &self.version, &self.kind),
        }
    }
}
