//! `kube.logs`: lines that containers have written.

use std::collections::BTreeMap;

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, Node, Observation, Place, Ruling, Runs, Sort, SpecError,
    Touch, Witness,
};
use futures::{StreamExt as _, TryStreamExt as _};
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::cluster::Cluster;
use super::list::empty_labels;
use super::logs_of::{Container, Filter, Part, Read, containers};
use super::place::{Spot, called, listed, touch};
use crate::http::endpoint::exactly_one;
use crate::moment::Moment;

/// Logs that are read at the same time.
const AT_ONCE: usize = 8;

/// Reads what containers have written, line by line.
///
/// Pods are selected by `pod`, `labels` or `job`; every container of each must be readable, or nothing was
/// observed. With `match`, only lines that match are seen. `none` then says that none does; it proves something
/// only because every container has written a line at some time, which is looked at as well. More than 10,000 lines of
/// one container, a line of more than 16 MiB, or more than 256 MiB to read of one container are an error.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// The namespace.
    pub namespace: String,
    /// One pod, by name.
    #[serde(default)]
    pub pod: Option<String>,
    /// Pods that carry all of these labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The pods of a Job, by its name.
    #[serde(default)]
    pub job: Option<String>,
    /// Only this container, which may be an init container. Default: all that run all the time.
    #[serde(default)]
    pub container: Option<String>,
    /// Only what was written at or after this moment: a time, or how long ago (`5m`).
    #[serde(default)]
    pub(crate) since: Option<Moment>,
    /// What the container wrote before it was restarted. Containers that never were are passed over.
    #[serde(default)]
    pub previous: bool,
    /// Only lines that match this regular expression.
    #[serde(default, rename = "match")]
    pub wanted: Option<String>,
    /// But none that match one of these.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// The compiled expressions.
    #[serde(skip)]
    filter: Filter,
}

const EXAMPLE: &str = r#"- id: no-errors
  title: The operator has logged no error for five minutes
  cluster: apps
  kube.logs: { namespace: kafka, labels: { name: strimzi-cluster-operator }, since: 5m, match: ' ERROR ' }
  expect: [none]
"#;

impl Logs {
    fn called(&self) -> String {
        let labels = || self.labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ");
        match (&self.pod, &self.job) {
            (Some(pod), _) => called("Pod", Some(&self.namespace), Some(pod)),
            (_, Some(job)) => format!("pod of the job {}/{job}", self.namespace),
            _ => format!("pod in {} with {}", self.namespace, labels()),
        }
    }

    /// The containers that are meant.
    async fn containers(&self, cluster: &Cluster, cx: &Cx) -> Result<Vec<Container>, Broken> {
        let resource = cluster.kind("Pod.core", cx.deadline).await?;
        let namespace = listed(&resource, Some(&self.namespace))?;
        let pods = match (&self.pod, &self.job) {
            (Some(pod), _) => {
                let spot = Spot::new(resource, namespace.as_deref(), pod)?;
                cluster.read(&spot, cx.deadline).await?.into_iter().collect()
            }
            (_, job) => {
                let of_job = job.as_ref().map(|job| BTreeMap::from([("job-name".to_owned(), job.clone())]));
                let labels = of_job.as_ref().unwrap_or(&self.labels);
                cluster.list(&resource, namespace.as_deref(), labels, cx.deadline).await?.items
            }
        };
        Ok(pods.iter().flat_map(|pod| containers(pod, self.container.as_deref(), self.previous)).collect())
    }

    /// Compiles `match` and `ignore`.
    fn compile(&mut self, node: &Node) -> Vec<SpecError> {
        let mut errors = Vec::new();
        let mut compiled = |text: &str, place: Option<&Node>| {
            let wrong = |why: regex::Error| {
                let span = place.unwrap_or(node).span;
                let why = why.to_string();
                let last = why.lines().next_back().unwrap_or_default().trim_start_matches("error: ").to_owned();
                SpecError::new("args::regex", span, format!("not a regular expression: {last}"), "does not compile")
            };
            Regex::new(text).map_err(wrong).map_err(|error| errors.push(error)).ok()
        };
        self.filter.wanted = self.wanted.as_deref().and_then(|text| compiled(text, node.get("match")));
        let place = |at: usize| node.get("ignore")?.as_list()?.get(at);
        self.filter.ignored =
            self.ignore.iter().enumerate().filter_map(|(at, text)| compiled(text, place(at))).collect();
        errors
    }
}

impl Kind for Logs {
    const DOC: KindDoc = KindDoc {
        name: "kube.logs",
        summary: "Reads what containers have written, line by line.",
        rule: "a container selected, every one readable; with `match`, a line that matches (or `none`)",
        rule_proves: true,
        runs: Runs::Cluster,
        lock: None,
        selection: Some("lines"),
        witness: Witness::Own,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field {
                path: "lines",
                sort: Sort::Plain,
                doc: "The lines, container by container, each in the order written.",
            },
            Field { path: "lines[].text", sort: Sort::Plain, doc: "The line." },
            Field { path: "lines[].pod", sort: Sort::Plain, doc: "Who wrote it." },
            Field { path: "lines[].container", sort: Sort::Plain, doc: "Which of its containers." },
            Field { path: "containers", sort: Sort::Plain, doc: "The containers that were read." },
            Field { path: "containers[].pod", sort: Sort::Plain, doc: "The pod." },
            Field { path: "containers[].container", sort: Sort::Plain, doc: "The container." },
            Field { path: "containers[].read", sort: Sort::Plain, doc: "How many lines were looked at." },
            Field { path: "containers[].any", sort: Sort::Plain, doc: "Whether it has written any line at all." },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        let mut errors = exactly_one(node, &["pod", "labels", "job"]);
        errors.extend(empty_labels(node));
        errors.extend(self.compile(node));
        errors
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, format!("log of {}", self.called()), "get")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let cluster = Cluster::of(cx).await?;
        let containers = self.containers(&cluster, cx).await?;
        let since = self.since.map(|since| since.seen_from(cx.now()));
        let part = Part { since, previous: self.previous, filter: &self.filter };
        let (cluster, deadline) = (&cluster, cx.deadline);
        let reads =
            containers.into_iter().map(|container| async move { cluster.log(&container, part, deadline).await });
        let reads: Vec<Read> = futures::stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let (mut lines, mut accounts) = (Vec::new(), Vec::new());
        for read in reads {
            lines.extend(read.lines);
            accounts.push(read.account);
        }
        Ok(json!({ "lines": lines, "containers": accounts }).into())
    }

    fn rule(&self, seen: &Json, asked: Asked) -> Ruling {
        let list = |key: &str| seen[key].as_array().map_or(&[][..], Vec::as_slice);
        let (containers, lines) = (list("containers"), list("lines"));
        if containers.is_empty() {
            let restarted = if self.previous { " that was restarted" } else { "" };
            return Ruling::NotYet(format!("there is no {}, or no container of it{restarted}", self.called()));
        }
        let silent = containers.iter().find(|container| container["any"] != true);
        match (asked.none, silent) {
            (true, Some(silent)) => Ruling::NotYet(format!(
                "{} of {} has not written any line, so that none matches proves nothing",
                silent["container"], silent["pod"]
            )),
            (false, _) if self.wanted.is_some() && lines.is_empty() && !asked.allow_empty => {
                Ruling::NotYet("no line matches".into())
            }
            _ => Ruling::Met,
        }
    }
}

#[cfg(test)]
#[path = "logs_tests.rs"]
mod tests;
