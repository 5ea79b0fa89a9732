//! The objects of one namespace as JSON: list, read a status, write it, patch. Knows the API server alone.

use anyhow::{Context as _, Result};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::conditions;
use crate::kafka::layout::NAMESPACE;

/// The kinds the stand-in works with.
pub const KAFKA: Kind = Kind("kafka.strimzi.io", "v1", "Kafka", "kafkas");
/// Node pools.
pub const POOL: Kind = Kind("kafka.strimzi.io", "v1", "KafkaNodePool", "kafkanodepools");
/// Topics.
pub const TOPIC: Kind = Kind("kafka.strimzi.io", "v1", "KafkaTopic", "kafkatopics");
/// Users.
pub const USER: Kind = Kind("kafka.strimzi.io", "v1", "KafkaUser", "kafkausers");
/// Pod sets.
pub const POD_SET: Kind = Kind("core.strimzi.io", "v1", "StrimziPodSet", "strimzipodsets");
/// Pods.
pub const POD: Kind = Kind("", "v1", "Pod", "pods");
/// Secrets.
pub const SECRET: Kind = Kind("", "v1", "Secret", "secrets");

/// Group, version, name and plural of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Kind(pub &'static str, pub &'static str, pub &'static str, pub &'static str);

/// One namespace of one cluster.
#[derive(Clone)]
pub struct Store {
    client: kube::Client,
}

impl Store {
    /// Works through `client`.
    pub fn new(client: kube::Client) -> Self {
        Self { client }
    }

    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let gvk = GroupVersionKind::gvk(kind.0, kind.1, kind.2);
        let resource = ApiResource::from_gvk_with_plural(&gvk, kind.3);
        Api::namespaced_with(self.client.clone(), NAMESPACE, &resource)
    }

    /// All objects of `kind` with these labels (`a=b,c=d`, or empty for all).
    pub async fn list(&self, kind: Kind, labels: &str) -> Result<Vec<Value>> {
        let found = self.api(kind).list(&ListParams::default().labels(labels)).await;
        let found = found.with_context(|| format!("listing {}", kind.3))?;
        found.items.into_iter().map(|o| Ok(serde_json::to_value(o)?)).collect()
    }

    /// Merges `patch` into an object.
    pub async fn merge(&self, kind: Kind, name: &str, patch: &Value) -> Result<()> {
        let done = self.api(kind).patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
        done.with_context(|| format!("patching {} {name}", kind.2))?;
        Ok(())
    }

    /// Writes `status` if it says something else than `object` does; tells whether it wrote.
    pub async fn write_status(&self, kind: Kind, object: &Value, status: Value, now: &str) -> Result<bool> {
        let Some(status) = conditions::change(&object["status"], status, now) else { return Ok(false) };
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let patch = json!({ "status": status });
        let done = self.api(kind).patch_status(name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        done.with_context(|| format!("writing the status of {} {name}", kind.2))?;
        Ok(true)
    }
}
