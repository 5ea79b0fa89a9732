//! What can be done to a world, as data: by faults in its file, by the functions of its behaviours.

use std::collections::BTreeMap;

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::shape::{NumberOrQuery, RouteShape, RowShape, TopicShape};

/// One thing that is done.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Makes an object, its status included, unless one of its name is there.
    Make(Json),
    /// Makes an object, or takes the place of the one that has its name.
    Put(Json),
    /// Changes an object by a merge patch, its status included; one that is not there is left so.
    Merge(Merge),
    /// Takes an object away, or all that have these labels.
    Remove(Which),
    /// A container writes lines.
    Log(Written),
    /// A container is restarted: what it wrote is the log of its life before.
    Restarted(Container),
    /// Keeps a row in a log store.
    Row(InLogs),
    /// Writes a sample in a metrics store.
    Set(Sample),
    /// Takes series out of a metrics store.
    Drop(Chosen),
    /// Makes the last samples of series older.
    Age(Aged),
    /// Scraping stops, or loses a label.
    Scraping(Scraping),
    /// Log shipping stops, loses lines, or sends them otherwise.
    Shipping(Shipping),
    /// Something happens to a broker.
    Broker(Broker),
    /// Makes a topic.
    Topic(InKafka),
    /// Something happens to a Kafka cluster.
    Kafka(KafkaDeed),
    /// Something happens to a schema registry.
    Registry(RegistryDeed),
    /// Something happens to an API server.
    Api(ApiDeed),
    /// Something happens to an HTTP service, a metrics store or a log store.
    Service(ServiceDeed),
    /// An HTTP service answers otherwise.
    Route(InHttp),
    /// A behaviour acts no more.
    Stop(String),
}

/// A change of one object, or of all that have these labels.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Its cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// `Pod`, or `Kind.group`.
    pub kind: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The name of one; or `labels`.
    pub name: Option<String>,
    /// Labels of all; or `name`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The merge patch.
    pub with: Json,
}

/// Objects.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Their cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// `Pod`, or `Kind.group`.
    pub kind: String,
    /// Their namespace.
    pub namespace: Option<String>,
    /// The name of one; or `labels`.
    pub name: Option<String>,
    /// Labels of all; or `name`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Lines of a container.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Its cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod; or `labels`.
    pub pod: Option<String>,
    /// Labels of pods, each of which writes; or `pod`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The container. Default: the pod's first.
    pub container: Option<String>,
    /// The lines.
    pub lines: Vec<String>,
}

/// A container.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// Its cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
}

/// A row of a log store.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InLogs {
    /// The store.
    pub logs: String,
    /// The row.
    pub row: RowShape,
}

/// A sample.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The store.
    pub metrics: String,
    /// `up{job="x"}`
    pub series: String,
    /// A number, or a query that gives one.
    pub value: NumberOrQuery,
    /// How old it always is. Without: it is of this moment, and ages.
    pub age: Option<args::Duration>,
}

/// Series of a store.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// The store.
    pub metrics: String,
    /// A selector: `up{job=~".*kafka.*"}`.
    pub series: String,
}

/// Series that get older.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aged {
    /// The store.
    pub metrics: String,
    /// A selector.
    pub series: String,
    /// By how much.
    pub by: args::Duration,
}

/// What happens to scraping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scraping {
    /// The store.
    pub metrics: String,
    /// Only this job. Default: all.
    pub job: Option<String>,
    /// It stops.
    #[serde(default)]
    pub stops: bool,
    /// A label that samples lose, from now on.
    pub loses: Option<String>,
}

/// What happens to log shipping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shipping {
    /// The store.
    pub logs: String,
    /// It stops.
    #[serde(default)]
    pub stops: bool,
    /// Every so many lines one is lost.
    #[schemars(range(min = 1))]
    pub loses_one_in: Option<u64>,
    /// How long a line takes from now on.
    pub after: Option<args::Duration>,
    /// Every line is sent twice.
    #[serde(default)]
    pub twice: bool,
    /// Fields that rows get from now on, instead of what they got.
    pub fields: Option<BTreeMap<String, String>>,
}

/// What happens to a broker.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// The Kafka cluster.
    pub kafka: String,
    /// The broker.
    pub id: i32,
    /// What becomes of it.
    pub is: BrokerState,
}

/// What a broker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BrokerState {
    /// It runs.
    Up,
    /// It was killed.
    Down,
    /// It was stopped in order.
    Stopped,
    /// It hangs.
    Paused,
    /// Its disk is full.
    Full,
}

/// A topic of a Kafka cluster.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InKafka {
    /// The Kafka cluster.
    pub kafka: String,
    /// The topic.
    pub topic: TopicShape,
}

/// What happens to a Kafka cluster; what is not said stays as it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KafkaDeed {
    /// The Kafka cluster.
    pub kafka: String,
    /// Records of these topics vanish after they were acknowledged; `*` at the end stands for anything.
    pub loses: Option<Vec<String>>,
    /// Answers take so much longer, by the wall's clock.
    pub slow: Option<args::Duration>,
    /// The certificate that its TLS listeners show.
    pub certificate: Option<Certificate>,
}

/// A certificate that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// As it should be.
    Good,
    /// It was valid, and is not any more.
    Expired,
    /// It is valid for two more days.
    ExpiresSoon,
    /// Another authority signed it.
    OfAnother,
    /// It is for another name.
    ForAnother,
}

/// What happens to a schema registry.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryDeed {
    /// The registry.
    pub registry: String,
    /// What becomes of it.
    pub is: RegistryState,
}

/// What a schema registry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RegistryState {
    /// It works.
    Up,
    /// Connections are refused.
    Down,
    /// Requests are never answered.
    Hangs,
    /// It takes every schema.
    AcceptsEverything,
    /// It takes no schema.
    ReadOnly,
}

/// What happens to an API server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiDeed {
    /// The cluster. Default: that of the fault or behaviour.
    pub cluster: Option<String>,
    /// What becomes of it.
    pub is: ApiState,
    /// For `slow`, `cuts-watches`, `stale-watches`: how long, in the time of the world. Default: 10 s.
    pub by: Option<args::Duration>,
    /// It is over after so long, in the time of the world. Default: never.
    pub lasts: Option<args::Duration>,
    /// For `denies`: the kind that is not taken.
    pub kind: Option<String>,
}

/// What an API server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApiState {
    /// It works.
    Up,
    /// Connections are refused.
    Down,
    /// Answers are late.
    Slow,
    /// Requests are never answered.
    Hangs,
    /// It answers 429.
    TooMany,
    /// It answers 500.
    Broken,
    /// It refuses watches.
    RefusesWatches,
    /// It cuts watches.
    CutsWatches,
    /// Watches are late.
    StaleWatches,
    /// It takes no objects of a kind.
    Denies,
}

/// What happens to a service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceDeed {
    /// The endpoint.
    pub endpoint: String,
    /// What becomes of it.
    pub is: ServiceState,
}

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// It works.
    Up,
    /// Connections are refused.
    Down,
    /// Requests are never answered.
    Hangs,
    /// It answers 503.
    Broken,
}

/// An answer of an HTTP service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InHttp {
    /// The endpoint.
    pub http: String,
    /// Its answer.
    pub route: RouteShape,
}
