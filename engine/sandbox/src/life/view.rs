//! What a behaviour's function is given: its object, and what it sees of the world, as values.

use std::sync::Arc;

use checkrun_lang::Value;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::kinds::selector;
use super::stage::Stage;
use crate::file::{Behaviour, Sees};
use crate::kafka::state::brokers::Running;

/// What is true of the whole world.
pub(super) struct Told<'t> {
    /// Faults that are on.
    pub(super) faults: &'t [String],
    /// The moment that is played.
    pub(super) now: Timestamp,
    /// How many times anything has acted: another number each time.
    pub(super) count: u64,
}

/// The UIDs of those who own an object.
pub(super) fn owners(object: &Json) -> impl Iterator<Item = &Json> {
    object["metadata"]["ownerReferences"].as_array().into_iter().flatten().map(|owner| &owner["uid"])
}

/// The second argument: time, place, faults, and everything under `sees`.
pub(super) fn world(stage: &Stage, behaviour: &Behaviour, cluster: &str, it: &Json, told: &Told<'_>) -> Value {
    let mut entries: Vec<(Arc<str>, Value)> = vec![
        ("now".into(), Value::time(told.now)),
        ("cluster".into(), Value::text(cluster)),
        ("count".into(), Value::int(told.count.into())),
        ("faults".into(), Value::list(told.faults.iter().map(|fault| Value::text(fault)).collect())),
    ];
    for (name, sees) in &behaviour.sees {
        entries.push((name.as_str().into(), seen(stage, cluster, sees, it)));
    }
    Value::object(entries)
}

fn seen(stage: &Stage, cluster: &str, sees: &Sees, it: &Json) -> Value {
    match sees {
        Sees::Objects(on, owned) => {
            let found = stage
                .clusters
                .get(cluster)
                .map(|cluster| cluster.list(&on.kind, on.namespace.as_deref(), &selector(&on.labels)));
            // A kind that is not served there has no objects.
            let objects = found.and_then(Result::ok).unwrap_or_default();
            let uid = &it["metadata"]["uid"];
            let own = |object: &&Json| !owned || owners(object).any(|owner| owner == uid);
            Value::list(objects.iter().filter(own).map(Value::from_json).collect())
        }
        Sees::S3(name) if name == "*" => {
            let all = stage.s3.iter();
            Value::object(
                all.map(|(name, s3)| (Arc::from(name.as_str()), Value::from_json(&super::s3::seen(s3)))).collect(),
            )
        }
        Sees::S3(name) => stage.s3.get(name).map(|s3| Value::from_json(&super::s3::seen(s3))).unwrap_or_default(),
        Sees::Kafka(name) if name == "*" => {
            let all = stage
                .kafka
                .iter()
                .map(|(name, kafka)| (Arc::from(name.as_str()), Value::from_json(&kafka_seen(kafka))));
            Value::object(all.collect())
        }
        Sees::Kafka(name) => {
            stage.kafka.get(name).map(|kafka| Value::from_json(&kafka_seen(kafka))).unwrap_or_default()
        }
    }
}

fn kafka_seen(kafka: &crate::kafka::Kafka) -> Json {
    let status = kafka.status();
    let brokers = status
        .brokers
        .iter()
        .map(|(id, broker)| json!({ "id": id, "up": broker.running == Running::Up, "fenced": broker.fenced }));
    json!({
        "cluster_id": kafka.cluster_id(),
        "controller": status.controller,
        "brokers": brokers.collect::<Vec<_>>(),
        "offline": status.offline,
        "under_replicated": status.under_replicated,
    })
}
