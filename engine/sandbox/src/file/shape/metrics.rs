//! Metrics stores, and who is scraped into them, as a world file writes them. Types only.

use std::collections::BTreeMap;

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

/// A metrics store.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricsShape {
    /// Series that are always there.
    #[serde(default)]
    pub series: Vec<SeriesShape>,
    /// Answers to queries that are not worked out from series.
    #[serde(default)]
    pub answers: Vec<AnswerShape>,
    /// Pods that are scraped: `up`, and what else they export.
    #[serde(default)]
    pub scrapes: Vec<ScrapeShape>,
}

/// A series.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesShape {
    /// `up{job="x",cluster="apps"}`
    pub series: String,
    /// A number, or a query that gives one: `time() + 86400`.
    pub value: NumberOrQuery,
    /// How old its last sample always is. Default: 10 s.
    pub age: Option<args::Duration>,
}

/// A number, or a query that gives one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(with = "Json")]
pub struct NumberOrQuery(pub Json);

/// The answer to a query.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerShape {
    /// The query; spaces do not matter.
    pub query: String,
    /// The series of the answer.
    pub gives: Vec<GivenShape>,
}

/// A series of an answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenShape {
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

/// Pods, by their labels.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PodsShape {
    /// Their cluster. Default: the only one.
    pub cluster: Option<String>,
    /// Their namespace.
    pub namespace: String,
    /// Labels that they have.
    pub labels: BTreeMap<String, String>,
}

/// Pods that are scraped.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScrapeShape {
    /// The label `job`.
    pub job: String,
    /// Which pods.
    pub pods: PodsShape,
    /// Who scrapes: only while one of these is ready. Default: somebody who always is.
    pub agent: Option<PodsShape>,
    /// Labels that are added.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What each pod exports beside `up`: series without labels of their own, and their values.
    #[serde(default)]
    pub exports: BTreeMap<String, f64>,
    /// The port in the label `instance`. Default: 8080.
    pub port: Option<u16>,
    /// How often. Default: 15 s.
    pub every: Option<args::Duration>,
}
