//! What a behaviour's function is given: its object, and what it sees of the world, as values.

use std::sync::Arc;

use checkrun_lang::Value;
use serde_json::json;

use super::kinds::selector;
use super::stage::Stage;
use crate::file::{Behaviour, Sees};
use crate::kafka::state::brokers::Running;

/// The second argument: time, place, faults, and everything under `sees`.
pub(super) fn world(stage: &Stage, behaviour: &Behaviour, cluster: &str, faults: &[String]) -> Value {
    let mut entries: Vec<(Arc<str>, Value)> = vec![
        ("now".into(), Value::time(stage.clock.now())),
        ("cluster".into(), Value::text(cluster)),
        ("faults".into(), Value::list(faults.iter().map(|fault| Value::text(fault)).collect())),
    ];
    for (name, sees) in &behaviour.sees {
        entries.push((name.as_str().into(), seen(stage, cluster, sees)));
    }
    Value::object(entries)
}

fn seen(stage: &Stage, cluster: &str, sees: &Sees) -> Value {
    match sees {
        Sees::Objects(on) => {
            let found = stage
                .clusters
                .get(cluster)
                .map(|cluster| cluster.list(&on.kind, on.namespace.as_deref(), &selector(&on.labels)));
            // A kind that is not served there has no objects.
            let objects = found.and_then(Result::ok).unwrap_or_default();
            Value::list(objects.iter().map(Value::from_json).collect())
        }
        Sees::Kafka(name) => {
            stage.kafka.get(name).map(|kafka| Value::from_json(&kafka_seen(kafka))).unwrap_or_default()
        }
    }
}

fn kafka_seen(kafka: &crate::kafka::Kafka) -> serde_json::Value {
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
