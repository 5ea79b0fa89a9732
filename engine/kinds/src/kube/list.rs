//! `kube.list`: objects of one kind, selected by namespace and labels.

use std::collections::BTreeMap;

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, Node, NodeValue, Observation, Place, Ruling, Runs, Sort,
    SpecError, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::cluster::Cluster;
use super::object;
use super::place::{called, listed, touch};
use super::reading::polled;
use super::watch::{self, Look, Sought};

/// Lists objects of one kind, sorted by namespace and name.
///
/// Under `within` they are watched: the check is judged again when one of them changes, comes or goes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// `Kind`, or `Kind.group` where several groups serve it.
    pub kind: String,
    /// Only in this namespace. Default: in all.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Only those that carry all of these labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

const EXAMPLE: &str = r#"- id: broker-pods
  title: Three brokers run, each on a node of its own
  cluster: apps
  kube.list: { kind: Pod, namespace: kafka, labels: { strimzi.io/broker-role: "true" } }
  expect:
    - ready
    - items.len() == 3
  within: 5m
"#;

/// Labels that are given, but select nothing: whatever meant to select would select all.
pub(super) fn empty_labels(node: &Node) -> Vec<SpecError> {
    match node.entry("labels") {
        Some(entry) if matches!(&entry.value.value, NodeValue::Map(labels) if labels.is_empty()) => {
            let error =
                SpecError::new("args::value", entry.value.span, "`labels` is empty, so it selects everything", "empty");
            vec![error.help("leave `labels` out if everything is meant")]
        }
        _ => Vec::new(),
    }
}

/// The rule that a selection holds something.
pub(super) fn one_at_least(seen: &Json, what: &str, asked: Asked) -> Ruling {
    let empty = seen["items"].as_array().is_none_or(Vec::is_empty);
    match empty && !asked.none && !asked.allow_empty {
        true => Ruling::NotYet(format!("there is no {what}")),
        false => Ruling::Met,
    }
}

impl List {
    fn called(&self) -> String {
        let labels: Vec<String> = self.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let object = called(&self.kind, self.namespace.as_deref(), None);
        if labels.is_empty() { object } else { format!("{object} with {}", labels.join(", ")) }
    }
}

impl Kind for List {
    const DOC: KindDoc = KindDoc {
        name: "kube.list",
        summary: "Lists objects of one kind, selected by namespace and labels.",
        rule: "at least one",
        rule_proves: true,
        runs: Runs::Cluster,
        lock: None,
        selection: Some("items"),
        witness: Witness::Required,
        readiness: true,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "items", sort: Sort::Plain, doc: "The objects, sorted by namespace and name." },
            Field { path: "items[].metadata.creationTimestamp", sort: Sort::Time, doc: "When it was made." },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        empty_labels(node)
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, called(&self.kind, self.namespace.as_deref(), None), "list")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let cluster = Cluster::of(cx).await?;
        let resource = cluster.kind(&self.kind, cx.deadline).await?;
        let namespace = listed(&resource, self.namespace.as_deref())?;
        let mut notes = Vec::new();
        if cx.wait_epoch.is_some() {
            let sought = Sought { name: None, labels: self.labels.clone() };
            match watch::look(cx, &cluster, &resource, namespace.as_deref(), sought).await? {
                Look::Seen(objects) => return Ok(object::observation(json!({ "items": objects }), notes)),
                Look::Poll(why) => notes.push(polled(&why)),
            }
        }
        let listing = cluster.list(&resource, namespace.as_deref(), &self.labels, cx.deadline).await?;
        Ok(object::observation(json!({ "items": listing.items }), notes))
    }

    async fn changed(&self, cx: &Cx) {
        watch::changed(cx).await;
    }

    fn rule(&self, seen: &Json, asked: Asked) -> Ruling {
        one_at_least(seen, &self.called(), asked)
    }
}
