//! Kafka clusters and their registries as a world file writes them. Types only.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

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
