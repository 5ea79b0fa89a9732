//! A world as it is written: `SUITE/sandbox/world.yaml`, and the libraries that it imports. Types only.

mod clusters;
mod http;
mod kafka;
mod logs;
mod metrics;
mod rules;
mod s3;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

pub use clusters::{ClusterShape, CustomShape, UserShape};
pub use http::{HttpShape, RouteShape};
pub use kafka::{KafkaEndpointShape, KafkaShape, ListenerShape, RegistryShape, TopicShape};
pub use logs::{LogsShape, RowShape, ShipShape};
pub use metrics::{AnswerShape, GivenShape, MetricsShape, NumberOrQuery, PodsShape, ScrapeShape, SeriesShape};
pub use rules::{BehaviourShape, FaultShape, OnShape, SeesShape};
pub use s3::{BucketShape, CredentialShape, MayShape, ObjectShape, S3Shape};

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
    /// S3 services, by the name of their endpoint.
    #[serde(default)]
    pub s3: BTreeMap<String, S3Shape>,
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
        all.extend(named(self.s3.keys().collect(), "http"));
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
