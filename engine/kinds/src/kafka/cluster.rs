//! `kafka.cluster`: the brokers that answer.

use std::time::Duration;

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LockMode, Observation, Place, Ruling, Runs, Sort, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::native;
use super::reader::{Reader, reader};
use super::touch::touch;
use super::worker::{Clock, on_thread};

/// Reads a cluster's brokers, its id, and the broker that answers for the controller.
///
/// Only brokers that are up are listed: compare their number with how many there should be. With KRaft the
/// controller is a broker that passes requests on, so it says little.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {}

const EXAMPLE: &str = r#"- id: brokers
  title: All three brokers answer
  kafka.cluster: {}
  expect:
    - brokers.len() == 3
  within: 2m
"#;

fn look(reader: &Reader, clock: &Clock) -> Result<Json, Broken> {
    let metadata = reader.metadata(None, clock)?;
    let mut brokers: Vec<_> = metadata.brokers().iter().collect();
    brokers.sort_by_key(|broker| broker.id());
    let brokers: Vec<Json> = brokers
        .into_iter()
        .map(|broker| json!({ "id": broker.id(), "host": broker.host(), "port": broker.port() }))
        .collect();
    let mut seen = json!({ "brokers": brokers });
    if let Some(id) = reader.client().fetch_cluster_id(clock.slice(Duration::from_secs(5))) {
        seen["cluster_id"] = id.into();
    }
    if let Ok(controller) = native::controller(reader.client(), clock.slice(Duration::from_secs(5))) {
        seen["controller"] = controller.into();
    }
    Ok(seen)
}

impl Kind for Cluster {
    const DOC: KindDoc = KindDoc {
        name: "kafka.cluster",
        summary: "Reads a cluster's brokers, its id and its controller.",
        rule: "at least one broker",
        rule_proves: true,
        runs: Runs::Endpoint("kafka"),
        lock: Some(LockMode::Shared),
        selection: Some("brokers"),
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "brokers", sort: Sort::Plain, doc: "The brokers that are up, by id." },
            Field { path: "brokers[].id", sort: Sort::Plain, doc: "The broker's id." },
            Field { path: "brokers[].host", sort: Sort::Plain, doc: "The host that it advertises." },
            Field { path: "brokers[].port", sort: Sort::Plain, doc: "The port that it advertises." },
            Field { path: "cluster_id", sort: Sort::Plain, doc: "The cluster's id; absent if the brokers do not say." },
            Field {
                path: "controller",
                sort: Sort::Plain,
                doc: "The id of the broker that answers for the controller; absent if none does.",
            },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, "cluster".into(), "describe")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let reader = reader(cx)?;
        on_thread(cx, move |clock| look(&reader, clock)).await.map(Observation::from)
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        match seen["brokers"].as_array().is_some_and(|brokers| !brokers.is_empty()) {
            true => Ruling::Met,
            false => Ruling::NotYet("no broker is listed".into()),
        }
    }
}
