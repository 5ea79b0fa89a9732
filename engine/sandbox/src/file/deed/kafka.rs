//! Deeds: what is done to a Kafka cluster and its registry. Types only.

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::file::shape::TopicShape;

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
