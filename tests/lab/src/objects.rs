//! Kubernetes objects as JSON: apply, read, patch, delete, wait. Knows the API server alone, and no kind by name
//! except how a workload says that it is ready.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::conditions;

/// Under this name the lab writes.
const WRITER: &str = "lab";
/// A pause between two looks.
const PAUSE: Duration = Duration::from_millis(150);

/// One cluster's API server.
#[derive(Clone)]
pub struct Objects {
    client: kube::Client,
}

/// Which object: `apiVersion`, kind, namespace (empty for none) and name.
#[derive(Debug, Clone, Copy)]
pub struct Ref<'a>(pub &'a str, pub &'a str, pub &'a str, pub &'a str);

impl<'a> Ref<'a> {
    /// The reference of an object that is at hand.
    pub fn of(object: &'a Value) -> Self {
        let text = |v: &'a Value| v.as_str().unwrap_or_default();
        let meta = &object["metadata"];
        Self(text(&object["apiVersion"]), text(&object["kind"]), text(&meta["namespace"]), text(&meta["name"]))
    }

    fn resource(&self) -> ApiResource {
        let (group, version) = self.0.split_once('/').unwrap_or(("", self.0));
        ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, self.1))
    }
}

impl Objects {
    /// Works with the cluster that this kubeconfig names first.
    pub async fn connect(kubeconfig: &std::path::Path) -> Result<Self> {
        let config = kube::config::Kubeconfig::read_from(kubeconfig)?;
        let config = kube::Config::from_custom_kubeconfig(config, &kube::config::KubeConfigOptions::default()).await?;
        Ok(Self { client: kube::Client::try_from(config)? })
    }

    /// Works with the cluster that this program runs in as a pod.
    pub fn incluster() -> Result<Self> {
        Ok(Self { client: kube::Client::try_from(kube::Config::incluster()?)? })
    }

    fn api(&self, r: Ref<'_>) -> Api<DynamicObject> {
        let resource = r.resource();
        match r.2 {
            "" => Api::all_with(self.client.clone(), &resource),
            namespace => Api::namespaced_with(self.client.clone(), namespace, &resource),
        }
    }

    /// Applies each object in turn, as its only writer, and returns them as the server has them.
    pub async fn apply(&self, objects: &[Value]) -> Result<Vec<Value>> {
        let mut out = Vec::new();
        for object in objects {
            let r = Ref::of(object);
            let params = PatchParams::apply(WRITER).force();
            let done = self.api(r).patch(r.3, &params, &Patch::Apply(object)).await;
            let done = done.with_context(|| format!("applying {} {}", r.1, r.3))?;
            out.push(serde_json::to_value(done)?);
        }
        Ok(out)
    }

    /// The object, or nothing if there is none.
    pub async fn get(&self, r: Ref<'_>) -> Result<Option<Value>> {
        let found = self.api(r).get_opt(r.3).await.with_context(|| format!("reading {} {}", r.1, r.3))?;
        Ok(found.map(serde_json::to_value).transpose()?)
    }

    /// All objects like `r` (whose name does not matter) with these labels.
    pub async fn list(&self, r: Ref<'_>, labels: &str) -> Result<Vec<Value>> {
        let found = self.api(r).list(&ListParams::default().labels(labels)).await;
        let found = found.with_context(|| format!("listing {}", r.1))?;
        let whole = |o: DynamicObject| {
            let mut object = serde_json::to_value(o)?;
            // the items of a list of built-in kinds do not say what they are
            (object["apiVersion"], object["kind"]) = (json!(r.0), json!(r.1));
            Ok(object)
        };
        found.items.into_iter().map(whole).collect()
    }

    /// Merges `patch` into the object.
    pub async fn merge(&self, r: Ref<'_>, patch: &Value) -> Result<()> {
        let done = self.api(r).patch(r.3, &PatchParams::default(), &Patch::Merge(patch)).await;
        done.with_context(|| format!("patching {} {}", r.1, r.3))?;
        Ok(())
    }

    /// Writes `status` if it says something else than the object does; tells whether it wrote.
    pub async fn write_status(&self, object: &Value, status: Value) -> Result<bool> {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let Some(status) = conditions::change(&object["status"], status, &now) else { return Ok(false) };
        let (r, patch) = (Ref::of(object), Patch::Merge(json!({ "status": status })));
        let done = self.api(r).patch_status(r.3, &PatchParams::default(), &patch).await;
        done.with_context(|| format!("writing the status of {} {}", r.1, r.3))?;
        Ok(true)
    }

    /// Deletes the object; one that is not there is fine.
    pub async fn delete(&self, r: Ref<'_>) -> Result<()> {
        self.delete_as(r, &DeleteParams::default()).await
    }

    /// Deletes the object and what it owns, such as a Job's pods; one that is not there is fine.
    pub async fn delete_with_dependents(&self, r: Ref<'_>) -> Result<()> {
        self.delete_as(r, &DeleteParams::background()).await
    }

    async fn delete_as(&self, r: Ref<'_>, how: &DeleteParams) -> Result<()> {
        match self.api(r).delete(r.3, how).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(e)) if e.code == 404 => Ok(()),
            Err(e) => Err(e).with_context(|| format!("deleting {} {}", r.1, r.3)),
        }
    }

    /// Looks until `enough` says so of the object; the error says what was seen last.
    pub async fn until(&self, r: Ref<'_>, limit: Duration, enough: impl Fn(&Value) -> bool) -> Result<Value> {
        let started = Instant::now();
        loop {
            let seen = self.get(r).await;
            match &seen {
                Ok(Some(object)) if enough(object) => return Ok(object.clone()),
                _ if started.elapsed() > limit => {
                    let last = match seen {
                        Ok(Some(o)) => o["status"].to_string(),
                        Ok(None) => "it is not there".into(),
                        Err(e) => format!("{e:#}"),
                    };
                    bail!("{} {} was not as it should be after {} s: {last}", r.1, r.3, limit.as_secs());
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Waits until a workload has rolled out: everything it wants is updated and ready.
    pub async fn rolled_out(&self, r: Ref<'_>, limit: Duration) -> Result<Value> {
        self.until(r, limit, rolled_out).await
    }
}

/// Whether a Deployment, StatefulSet or DaemonSet is where its spec wants it, and wants anything at all.
fn rolled_out(object: &Value) -> bool {
    let (spec, status) = (&object["spec"], &object["status"]);
    let number = |v: &Value| v.as_i64().unwrap_or(0);
    let current = number(&status["observedGeneration"]) >= number(&object["metadata"]["generation"]);
    let (wanted, ready, updated) = match object["kind"].as_str() {
        Some("DaemonSet") => (
            number(&status["desiredNumberScheduled"]),
            number(&status["numberReady"]),
            number(&status["updatedNumberScheduled"]),
        ),
        _ => (
            spec["replicas"].as_i64().unwrap_or(1),
            number(&status["readyReplicas"]),
            number(&status["updatedReplicas"]),
        ),
    };
    current && wanted > 0 && ready == wanted && updated == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_is_over_when_all_are_updated_and_ready() {
        let mut d = json!({
            "kind": "Deployment", "metadata": { "generation": 2 }, "spec": { "replicas": 2 },
            "status": { "observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 2 },
        });
        assert!(rolled_out(&d));
        d["status"]["observedGeneration"] = json!(1);
        assert!(!rolled_out(&d), "a status of the generation before says nothing");
        let none =
            json!({ "kind": "DaemonSet", "metadata": { "generation": 1 }, "status": { "observedGeneration": 1 } });
        assert!(!rolled_out(&none), "zero of zero is not a rollout");
    }

    #[test]
    fn a_reference_is_read_off_an_object() {
        let o = json!({ "apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaTopic", "metadata": { "name": "t", "namespace": "n" } });
        let r = Ref::of(&o);
        assert_eq!((r.2, r.3), ("n", "t"));
        assert_eq!((r.resource().group, r.resource().plural), ("kafka.strimzi.io".into(), "kafkatopics".into()));
        assert_eq!(Ref("v1", "Pod", "", "p").resource().version, "v1");
    }
}
