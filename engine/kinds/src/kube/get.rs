//! `kube.get`: one object.

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, Observation, Place, Ruling, Runs, Sort, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::place::{called, find, touch};
use super::reading::{read, seen, there};
use super::watch;

/// Reads one object of Kubernetes. The observation is the object itself, without `metadata.managedFields`.
///
/// Under `within` the object is watched: the check is judged again when it changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// `Kind`, or `Kind.group` where several groups serve it (`Event.core` for the core group). The served,
    /// preferred version is read.
    pub kind: String,
    /// Its namespace; left out for what lives outside of namespaces.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

const EXAMPLE: &str = r#"- id: operator
  title: The operator is ready
  cluster: apps
  kube.get: { kind: Deployment, namespace: kafka, name: strimzi-cluster-operator }
  expect:
    - ready
    - status.readyReplicas == 1
  within: 2m
"#;

/// Fields that every object has, and that most have.
pub(super) const OBJECT: &[Field] = &[
    Field { path: "apiVersion", sort: Sort::Plain, doc: "Group and version." },
    Field { path: "kind", sort: Sort::Plain, doc: "The kind." },
    Field { path: "metadata", sort: Sort::Plain, doc: "Name, namespace, labels, annotations, `uid`, `generation`." },
    Field { path: "metadata.creationTimestamp", sort: Sort::Time, doc: "When it was made." },
    Field { path: "spec", sort: Sort::Plain, doc: "What is wanted; as the kind has it." },
    Field { path: "status", sort: Sort::Plain, doc: "What is; as the kind has it." },
];

impl Get {
    fn called(&self) -> String {
        called(&self.kind, self.namespace.as_deref(), Some(&self.name))
    }
}

impl Kind for Get {
    const DOC: KindDoc = KindDoc {
        name: "kube.get",
        summary: "Reads one object of Kubernetes.",
        rule: "it exists",
        rule_proves: true,
        runs: Runs::Cluster,
        lock: None,
        selection: None,
        witness: Witness::NoAbsence,
        readiness: true,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: OBJECT,
        open: true,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, self.called(), "get")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let (cluster, spot) = find(cx, &self.kind, self.namespace.as_deref(), &self.name).await?;
        let (object, note) = read(cx, &cluster, &spot).await?;
        Ok(seen(object, note))
    }

    async fn changed(&self, cx: &Cx) {
        watch::changed(cx).await;
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        // One object that is not there is no empty selection: nothing lets it pass.
        there(seen, &self.called(), Asked::default())
    }
}
