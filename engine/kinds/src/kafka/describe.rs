//! `kafka.describe`: a topic as it is.

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Ruling, Runs, Sort,
    SpecError, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::reader::reader;
use super::topic_state::{describe, rule};
use super::touch::{name_errors, touch};
use super::worker::on_thread;

/// Reads a topic: its partitions with leader, replicas and in-sync replicas, its id and its configuration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Describe {
    /// The topic's name.
    pub topic: String,
}

const EXAMPLE: &str = r#"- id: in-sync
  title: Every partition has all its replicas in sync
  kafka.describe: { topic: orders }
  expect:
    - partitions.all(|p| p.isr.len() == 3)
    - config["min.insync.replicas"] == "2"
  within: 5m
"#;

/// What is seen of a topic.
pub(super) const TOPIC: &[Field] = &[
    Field { path: "name", sort: Sort::Plain, doc: "The topic's name." },
    Field { path: "id", sort: Sort::Plain, doc: "Its id; absent where the brokers know none." },
    Field { path: "partitions", sort: Sort::Plain, doc: "Its partitions, by number." },
    Field { path: "partitions[].id", sort: Sort::Plain, doc: "The partition's number." },
    Field { path: "partitions[].leader", sort: Sort::Plain, doc: "The broker that leads it; null if none does." },
    Field { path: "partitions[].replicas", sort: Sort::Plain, doc: "The brokers that hold it." },
    Field { path: "partitions[].isr", sort: Sort::Plain, doc: "Those of them that are in sync." },
    Field {
        path: "config",
        sort: Sort::Plain,
        doc: "Settings by name, defaults among them, every value text; absent if they may not be read.",
    },
];

impl Kind for Describe {
    const DOC: KindDoc = KindDoc {
        name: "kafka.describe",
        summary: "Reads a topic: partitions, leaders, replicas, configuration.",
        rule: "it exists, and every partition has a leader",
        rule_proves: true,
        runs: Runs::Endpoint("kafka"),
        lock: Some(LockMode::Shared),
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: TOPIC,
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        name_errors(node, "topic", &self.topic)
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, format!("topic {}", self.topic), "describe")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let (reader, topic) = (reader(cx)?, self.topic.clone());
        let (value, notes) = on_thread(cx, move |clock| describe(&reader, &topic, clock)).await?;
        Ok(Observation { value, notes, ..Observation::default() })
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        rule(seen)
    }
}
