//! A world as it is written: `SUITE/sandbox/world.yaml`, and the libraries that it imports. Types only.

use std::collections::BTreeMap;

use checkrun_model::{Effect, args};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::deed::Deed;

/// A world: what exists in the sandbox of a suite, how it behaves, and what can go wrong with it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorldShape {
    /// Its name.
    pub world: String,
    /// One line about it.
    pub title: Option<String>,
    /// Libraries, relative to this file: `../../lib/sandbox/kubernetes.yaml`.
    #[serde(default)]
    pub imports: Vec<String>,
    /// How many seconds of the world go by in one of the wall's clock. Default: 30.
    #[schemars(range(min = 1, max = 1000))]
    pub rate: Option<f64>,
    /// Values for the inputs of suites, as a target gives them.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, Json>>")]
    pub inputs: BTreeMap<String, Json>,
    /// The endpoint that a family's checks take where they name none. A family's only endpoint needs no mention.
    #[serde(default)]
    pub defaults: BTreeMap<String, String>,
    /// Sentences that every report carries: what of this world is simpler than a platform.
    #[serde(default)]
    pub environment: Vec<String>,
    /// Kubernetes clusters, by the name under which suites know them.
    #[serde(default)]
    pub clusters: BTreeMap<String, ClusterShape>,
    /// Kafka clusters, by name.
    #[serde(default)]
    pub kafka: BTreeMap<String, KafkaShape>,
    /// Schema registries, by the name of their endpoint.
    #[serde(default)]
    pub registries: BTreeMap<String, RegistryShape>,
    /// Metrics stores, by the name of their endpoint.
    #[serde(default)]
    pub metrics: BTreeMap<String, MetricsShape>,
    /// Log stores, by the name of their endpoint.
    #[serde(default)]
    pub logs: BTreeMap<String, LogsShape>,
    /// HTTP services, by the name of their endpoint.
    #[serde(default)]
    pub http: BTreeMap<String, HttpShape>,
    /// Rules that play operators, kubelets and people.
    #[serde(default)]
    pub behaviours: Vec<BehaviourShape>,
    /// What can go wrong, switched on by `--fault NAME`.
    #[serde(default)]
    pub faults: Vec<FaultShape>,
}

/// Behaviours and faults that worlds share.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LibraryShape {
    /// Its name.
    pub library: String,
    /// Rules that play operators, kubelets and people.
    #[serde(default)]
    pub behaviours: Vec<BehaviourShape>,
    /// What can go wrong, switched on by `--fault NAME`.
    #[serde(default)]
    pub faults: Vec<FaultShape>,
}

/// A Kubernetes cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterShape {
    /// The most that a check may do there.
    #[serde(default)]
    pub allow: Effect,
    /// Small definitions of custom kinds, whose objects may hold anything.
    #[serde(default)]
    pub kinds: Vec<CustomShape>,
    /// Files of objects, beside this file; one file may hold several documents.
    #[serde(default)]
    pub manifests: Vec<String>,
    /// Objects, as they are, their status included.
    #[serde(default)]
    pub objects: Vec<Json>,
    /// What answers behind a service, by `namespace/name:port`: the name of an endpoint.
    #[serde(default)]
    pub expose: BTreeMap<String, String>,
    /// Who the checks are; without it somebody who may do everything.
    pub user: Option<UserShape>,
}

/// Somebody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserShape {
    /// The name, as roles are bound to it.
    pub name: String,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// A custom kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomShape {
    /// `ReplicationSource.volsync.backube`
    pub kind: String,
    /// The version that is served.
    pub version: String,
    /// Its plural, in lower case. Default: the kind and an `s`.
    pub plural: Option<String>,
    /// Its objects live outside of namespaces.
    #[serde(default)]
    pub cluster_wide: bool,
}

/// A Kafka cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KafkaShape {
    /// Its id, as clients read it. Default: its name.
    pub cluster_id: Option<String>,
    /// The ids of its brokers. Default: 0, 1, 2.
    pub brokers: Option<Vec<i32>>,
    /// Controllers run apart from brokers.
    #[serde(default)]
    pub controllers_apart: bool,
    /// Listeners, by name: whether they speak TLS.
    #[serde(default)]
    pub listeners: BTreeMap<String, ListenerShape>,
    /// Endpoints of the target, by name: what they are, and the listener behind them.
    #[serde(default)]
    pub endpoints: BTreeMap<String, KafkaEndpointShape>,
    /// Settings of all brokers, by Kafka's names.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Topics that are there from the start.
    #[serde(default)]
    pub topics: Vec<TopicShape>,
}

/// A listener.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenerShape {
    /// It speaks TLS, with a certificate of the sandbox's own authority.
    #[serde(default)]
    pub tls: bool,
}

/// What an endpoint of a Kafka cluster is: the family, and the listener.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KafkaEndpointShape {
    /// Clients of Kafka connect to this listener.
    Kafka(String),
    /// TLS is looked at on this listener.
    Tls(String),
    /// Connections are made to this listener.
    Tcp(String),
}

/// A topic.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopicShape {
    /// Its name.
    pub name: String,
    /// How many partitions. Default: the brokers' own.
    pub partitions: Option<i32>,
    /// How many replicas each has. Default: the brokers' own.
    pub replicas: Option<i16>,
    /// Settings, by Kafka's names.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

/// A schema registry.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryShape {
    /// The Kafka cluster that it stores in; its id is what the registry answers.
    pub kafka: Option<String>,
}

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

/// A log store.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogsShape {
    /// Rows that are there from the start.
    #[serde(default)]
    pub rows: Vec<RowShape>,
    /// Whose logs are sent here.
    #[serde(default)]
    pub ships: Vec<ShipShape>,
}

/// A row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowShape {
    /// Its fields; the line is under `_msg`.
    pub fields: BTreeMap<String, String>,
    /// Which of them make the stream.
    #[serde(default)]
    pub stream: Vec<String>,
    /// How long ago it was written. Default: now.
    pub age: Option<args::Duration>,
}

/// A log shipper: what the containers of a cluster write becomes rows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipShape {
    /// The cluster. Default: the only one.
    pub cluster: Option<String>,
    /// The shipper's pods: a container's lines are sent only while one of them is ready on its node.
    pub agent: PodsShape,
    /// Fields that every row gets.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Which fields make the stream.
    #[serde(default)]
    pub stream: Vec<String>,
    /// How long a line takes. Default: 2 s.
    pub after: Option<args::Duration>,
}

/// An HTTP service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpShape {
    /// What it answers.
    pub routes: Vec<RouteShape>,
}

/// One answer of an HTTP service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteShape {
    /// The path; `*` at its end stands for anything.
    pub path: String,
    /// The method. Default: GET.
    pub method: Option<String>,
    /// The status code. Default: 200.
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
    /// Headers of the answer.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A body of JSON; or `text`.
    #[serde(default)]
    #[schemars(with = "Option<Json>")]
    pub json: Option<Json>,
    /// A body of text; or `json`.
    pub text: Option<String>,
    /// How long the answer takes, in the time of the world.
    pub delay: Option<args::Duration>,
}

/// A rule that plays an operator, a kubelet, a person.
///
/// It is called for an object of `on` whenever that object or anything that it `sees` has changed, and gives back what
/// is to be done as data. It may be called at any time, so it compares what is with what should be; what would change
/// nothing is not done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BehaviourShape {
    /// Its name.
    pub behaviour: String,
    /// The cluster that it lives in. Default: every cluster that has its kinds.
    pub cluster: Option<String>,
    /// The objects that it cares for.
    pub on: Option<OnShape>,
    /// What else it sees, by the name under which its function finds it.
    #[serde(default)]
    pub sees: BTreeMap<String, SeesShape>,
    /// How long it takes to act, in the time of the world.
    pub after: Option<args::Duration>,
    /// It acts as often as this, in the time of the world, and not when something has changed.
    pub every: Option<args::Duration>,
    /// The file of its function `acts(it, world)`, beside this file.
    #[serde(rename = "do")]
    pub script: String,
    /// Another function of that file.
    pub call: Option<String>,
}

/// Objects of a kind.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnShape {
    /// `Pod`, or `Kind.group` outside of the core group.
    pub kind: String,
    /// Only in this namespace.
    pub namespace: Option<String>,
    /// Only the one of this name; `*` at its end stands for anything.
    pub name: Option<String>,
    /// Only those with these labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Only when the value at this path is another than when it last acted: `spec.trigger.manual`.
    pub changed: Option<String>,
    /// Only when it is gone: the function is given the object as it was last.
    #[serde(default)]
    pub gone: bool,
}

/// What a rule sees: a list of objects, or the brokers of a Kafka cluster.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeesShape {
    /// Objects of this kind in the same cluster.
    pub kind: Option<String>,
    /// Only in this namespace.
    pub namespace: Option<String>,
    /// Only those with these labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Only those that the object owns.
    #[serde(default)]
    pub owned: bool,
    /// Instead: how the Kafka cluster of this name stands; `*`: all of them, by name.
    pub kafka: Option<String>,
}

/// Something that can go wrong.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultShape {
    /// Its name.
    pub fault: String,
    /// One line about it.
    pub title: Option<String>,
    /// The cluster in which it happens. Default: the only one.
    pub cluster: Option<String>,
    /// What happens, in order.
    #[serde(rename = "do")]
    pub deeds: Vec<Deed>,
    /// Checks of the suite that cannot pass with it.
    #[serde(default)]
    pub breaks: Vec<String>,
}

impl WorldShape {
    /// Every endpoint of the target, with its family.
    #[must_use]
    pub fn families(&self) -> Vec<(String, &'static str)> {
        let named = |names: Vec<&String>, family: &'static str| {
            names.into_iter().map(move |name| (name.clone(), family)).collect::<Vec<_>>()
        };
        let mut all = named(self.registries.keys().collect(), "http");
        all.extend(named(self.metrics.keys().collect(), "promql"));
        all.extend(named(self.logs.keys().collect(), "logsql"));
        all.extend(named(self.http.keys().collect(), "http"));
        for (name, endpoint) in self.kafka.values().flat_map(|kafka| &kafka.endpoints) {
            let family = match endpoint {
                KafkaEndpointShape::Kafka(_) => "kafka",
                KafkaEndpointShape::Tls(_) => "tls",
                KafkaEndpointShape::Tcp(_) => "tcp",
            };
            all.push((name.clone(), family));
        }
        all
    }
}

/// `namespace/name:port`, taken apart.
#[must_use]
pub fn service(text: &str) -> Option<(&str, &str, u16)> {
    let (place, port) = text.rsplit_once(':')?;
    let (namespace, name) = place.split_once('/')?;
    Some((namespace, name, port.parse().ok()?)).filter(|_| !namespace.is_empty() && !name.is_empty())
}
