//! `kube.can_i`: whether the identity of the context may do something. Asks, and does not try.

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, Observation, Place, Ruling, Runs, Sort, Touch, Witness,
};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::ask::Ask;
use super::cluster::Cluster;
use super::place::{called, touch};

/// Asks the cluster whether the identity of this context may do something.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanI {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, …
    pub verb: String,
    /// `Kind`, or `Kind.group` where several groups serve it.
    pub kind: String,
    /// In this namespace. Default: in all.
    #[serde(default)]
    pub namespace: Option<String>,
    /// With this object. Default: with all.
    #[serde(default)]
    pub name: Option<String>,
    /// With this part of it: `log`, `status`, `exec`, `portforward`.
    #[serde(default)]
    pub subresource: Option<String>,
    /// The answer that is right. Default: `true`.
    #[serde(default = "yes")]
    pub allowed: bool,
}

fn yes() -> bool {
    true
}

const EXAMPLE: &str = r#"- id: reads-logs
  title: The logs of the operator may be read
  cluster: apps
  kube.can_i: { verb: get, kind: Pod, subresource: log, namespace: kafka }
"#;

impl Kind for CanI {
    const DOC: KindDoc = KindDoc {
        name: "kube.can_i",
        summary: "Asks the cluster whether the identity of this context may do something.",
        rule: "allowed, or what `allowed` says",
        rule_proves: true,
        runs: Runs::Cluster,
        lock: None,
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "allowed", sort: Sort::Plain, doc: "The answer." },
            Field { path: "reason", sort: Sort::Plain, doc: "Why; often empty." },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, called(&self.kind, self.namespace.as_deref(), self.name.as_deref()), "can_i")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let cluster = Cluster::of(cx).await?;
        let resource = cluster.kind(&self.kind, cx.deadline).await?;
        let mut attributes = json!({ "verb": self.verb, "group": resource.group, "resource": resource.plural });
        for (key, value) in [("namespace", &self.namespace), ("name", &self.name), ("subresource", &self.subresource)] {
            if let Some(value) = value {
                attributes[key] = value.as_str().into();
            }
        }
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let ask = Ask::change(Method::POST, path, "application/json", &review).question();
        let status = cluster.ask(&ask, cx.deadline).await?.granted()?["status"].take();
        let allowed = status["allowed"]
            .as_bool()
            .ok_or_else(|| Broken::fatal("the cluster gave no answer to an access review"))?;
        if let Some(trouble) = status["evaluationError"].as_str().filter(|_| !allowed) {
            return Err(Broken::transient(format!("the cluster could not tell whether it is allowed: {trouble}")));
        }
        Ok(json!({ "allowed": allowed, "reason": status["reason"].as_str().unwrap_or_default() }).into())
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        let object = called(&self.kind, self.namespace.as_deref(), self.name.as_deref());
        match seen["allowed"].as_bool() {
            Some(allowed) if allowed == self.allowed => Ruling::Met,
            Some(true) => Ruling::NotYet(format!("{} of {object} is allowed", self.verb)),
            _ => Ruling::NotYet(format!("{} of {object} is not allowed", self.verb)),
        }
    }
}
