//! What the stand-in writes into statuses, from what it saw: a pure function each. Nothing is asked here.

use serde_json::{Value, json};

use crate::kafka::cluster::{Metadata, Quorum, Topic};
use crate::kafka::layout;

/// A voter that has not asked the leader for so long is not in the quorum, in milliseconds.
const SILENT: i64 = 6_000;

/// What was seen of the brokers in one round.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Each broker: its own answer, or why there was none.
    pub brokers: Vec<Result<Metadata, String>>,
    /// The quorum, or why it could not be told.
    pub quorum: Option<Result<Quorum, String>>,
    /// Brokers' pods that are there and not ready.
    pub unready: Vec<String>,
}

impl Seen {
    /// One broker's view of the cluster, if any broker answers.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.brokers.iter().find_map(|b| b.as_ref().ok())
    }

    /// Everything that is wrong, each as a sentence; empty means that the cluster works.
    pub fn troubles(&self) -> Vec<String> {
        let mut out = Vec::new();
        for (id, broker) in self.brokers.iter().enumerate() {
            match broker {
                Err(why) => out.push(format!("broker {id} does not answer: {why}")),
                Ok(m) => {
                    let absent: Vec<_> = (0..self.brokers.len() as i32).filter(|n| !m.brokers.contains(n)).collect();
                    if !absent.is_empty() {
                        out.push(format!("broker {id} does not see {absent:?}"));
                    }
                }
            }
        }
        if self.brokers.is_empty() {
            out.push("there is no broker".into());
        }
        out.extend(self.quorum_troubles());
        out.extend(self.unready.iter().map(|name| format!("pod {name} is not ready")));
        out
    }

    fn quorum_troubles(&self) -> Vec<String> {
        match &self.quorum {
            None => vec!["nobody was asked about the quorum".into()],
            Some(Err(why)) => vec![format!("the quorum is unknown: {why}")],
            Some(Ok(q)) if q.leader < 0 => vec!["the quorum has no leader".into()],
            Some(Ok(q)) => q
                .voters
                .iter()
                .filter(|(id, ago)| *id != q.leader && ago.is_none_or(|ms| ms > SILENT))
                .map(|(id, _)| format!("controller {id} is not in the quorum"))
                .collect(),
        }
    }
}

/// One condition that holds.
fn condition(type_: &str, reason: Option<&str>, message: Option<&str>) -> Value {
    let mut c = json!({ "type": type_, "status": "True" });
    if let Some(reason) = reason {
        c["reason"] = json!(reason);
    }
    if let Some(message) = message {
        c["message"] = json!(message);
    }
    c
}

/// `Kafka.status`. A broken cluster has the condition `NotReady` that is true, and no `Ready` at all.
pub fn kafka(kafka: &Value, seen: &Seen, ca: &str) -> Value {
    let troubles = seen.troubles();
    let old = &kafka["status"];
    let mut status = json!({
        "observedGeneration": kafka["metadata"]["generation"],
        "kafkaNodePools": [{ "name": layout::POOL }],
        "listeners": kafka["spec"]["kafka"]["listeners"]
            .as_array()
            .map(|all| all.iter().map(|l| listener(l, ca)).collect::<Vec<_>>()),
    });
    for kept in ["clusterId", "kafkaVersion", "kafkaMetadataVersion", "operatorLastSuccessfulVersion"] {
        if !old[kept].is_null() {
            status[kept] = old[kept].clone();
        }
    }
    if let Some(m) = seen.metadata() {
        status["clusterId"] = json!(m.cluster_id);
    }
    if troubles.is_empty() {
        status["kafkaVersion"] = json!(layout::KAFKA_VERSION);
        status["kafkaMetadataVersion"] = json!(metadata_version());
        status["operatorLastSuccessfulVersion"] = json!(super::OPERATOR_VERSION);
        status["conditions"] = json!([condition("Ready", None, None)]);
    } else {
        let message = troubles.join("; ");
        status["conditions"] = json!([condition("NotReady", Some("BrokersNotReady"), Some(&message))]);
    }
    status
}

/// The metadata version that belongs to the pinned Kafka version: `4.3.1` has `4.3-IV0`.
fn metadata_version() -> String {
    let short: Vec<_> = layout::KAFKA_VERSION.split('.').take(2).collect();
    format!("{}-IV0", short.join("."))
}

fn listener(spec: &Value, ca: &str) -> Value {
    let host = format!("{}.{}.svc", layout::bootstrap_service(), layout::NAMESPACE);
    let port = spec["port"].as_i64().unwrap_or_default();
    let mut out = json!({
        "name": spec["name"],
        "addresses": [{ "host": host, "port": port }],
        "bootstrapServers": format!("{host}:{port}"),
    });
    if spec["tls"] == json!(true) {
        out["certificates"] = json!([ca]);
    }
    out
}

/// `KafkaNodePool.status`.
pub fn pool(pool: &Value, seen: &Seen) -> Value {
    let ids: Vec<_> = (0..seen.brokers.len()).collect();
    let cluster = match seen.metadata() {
        Some(m) => json!(m.cluster_id),
        None => pool["status"]["clusterId"].clone(),
    };
    let mut status = json!({
        "observedGeneration": pool["metadata"]["generation"],
        "nodeIds": ids,
        "roles": pool["spec"]["roles"],
        "replicas": ids.len(),
        "labelSelector": format!(
            "strimzi.io/cluster={},strimzi.io/kind=Kafka,strimzi.io/pool-name={}",
            layout::CLUSTER, layout::POOL
        ),
    });
    if !cluster.is_null() {
        status["clusterId"] = cluster;
    }
    status
}

/// `StrimziPodSet.status` from the pods that are there: each as (is there, is ready).
pub fn pod_set(set: &Value, wanted: usize, ready: &[bool]) -> Value {
    json!({
        "observedGeneration": set["metadata"]["generation"],
        "pods": wanted,
        "readyPods": ready.iter().filter(|r| **r).count(),
        "currentPods": ready.len(),
    })
}

/// `KafkaTopic.status` of a topic that Kafka has, or of one it has not, with the reason.
pub fn topic(object: &Value, name: &str, found: Result<&Topic, (&str, String)>) -> Value {
    let mut status = json!({
        "observedGeneration": object["metadata"]["generation"],
        "topicName": name,
    });
    match found {
        Ok(t) => {
            status["topicId"] = json!(t.id);
            status["conditions"] = json!([condition("Ready", None, None)]);
        }
        Err((reason, message)) => {
            let mut c = condition("Ready", Some(reason), Some(&message));
            c["status"] = json!("False");
            status["conditions"] = json!([c]);
        }
    }
    status
}

/// `KafkaUser.status`: ready only when its secret is there.
pub fn user(object: &Value, has_secret: bool) -> Value {
    let name = &object["metadata"]["name"];
    let mut status = json!({ "observedGeneration": object["metadata"]["generation"] });
    if has_secret {
        status["username"] = json!(format!("CN={}", name.as_str().unwrap_or_default()));
        status["secret"] = name.clone();
        status["conditions"] = json!([condition("Ready", None, None)]);
    } else {
        let message = "the lab's stand-in makes no credentials for a new user";
        status["conditions"] = json!([condition("NotReady", Some("NotSupported"), Some(message))]);
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> Seen {
        let m = Metadata { cluster_id: "abc".into(), brokers: vec![0, 1, 2], topics: vec![] };
        let q = Quorum { leader: 1, voters: vec![(0, Some(300)), (1, Some(0)), (2, Some(10))] };
        Seen { brokers: vec![Ok(m.clone()), Ok(m.clone()), Ok(m)], quorum: Some(Ok(q)), unready: vec![] }
    }

    fn object() -> Value {
        json!({
            "metadata": { "generation": 3 },
            "spec": { "kafka": { "listeners": [
                { "name": "plain", "port": 9092, "tls": false },
                { "name": "tls", "port": 9093, "tls": true },
            ] } },
        })
    }

    #[test]
    fn a_working_cluster_is_ready_with_addresses_and_certificates() {
        let s = kafka(&object(), &healthy(), "PEM");
        assert_eq!(s["conditions"][0]["type"], "Ready");
        assert_eq!((&s["clusterId"], &s["observedGeneration"]), (&json!("abc"), &json!(3)));
        assert_eq!(s["kafkaMetadataVersion"], "4.3-IV0");
        assert_eq!(s["listeners"][1]["certificates"], json!(["PEM"]));
        assert!(s["listeners"][0]["certificates"].is_null());
        assert_eq!(s["listeners"][1]["bootstrapServers"], "kafka-cluster-kafka-bootstrap.kafka.svc:9093");
    }

    #[test]
    fn one_silent_broker_takes_ready_away() {
        let mut seen = healthy();
        seen.brokers[2] = Err("timed out".into());
        let mut before = object();
        before["status"] = json!({ "kafkaVersion": "4.3.1" });
        let s = kafka(&before, &seen, "PEM");
        assert_eq!(s["conditions"].as_array().unwrap().len(), 1);
        assert_eq!(s["conditions"][0]["type"], "NotReady");
        assert_eq!(s["conditions"][0]["status"], "True");
        assert!(s["conditions"][0]["message"].as_str().unwrap().contains("broker 2"));
        assert_eq!(s["kafkaVersion"], "4.3.1", "what was known stays");
    }

    #[test]
    fn a_fenced_broker_and_a_lagging_controller_are_troubles() {
        let mut seen = healthy();
        seen.brokers[0].as_mut().unwrap().brokers = vec![0, 1];
        assert_eq!(seen.troubles(), ["broker 0 does not see [2]"]);
        let mut seen = healthy();
        let q = Quorum { leader: 1, voters: vec![(0, None), (1, Some(9_999)), (2, Some(7_000))] };
        seen.quorum = Some(Ok(q));
        assert_eq!(seen.troubles().len(), 2, "{:?}", seen.troubles());
        assert!(!Seen::default().troubles().is_empty(), "nothing seen is not health");
        let mut seen = healthy();
        seen.unready = vec!["p".into()];
        assert_eq!(seen.troubles(), ["pod p is not ready"]);
    }

    #[test]
    fn topics_and_users_say_false_where_nothing_is_behind_them() {
        let o = json!({ "metadata": { "name": "u", "generation": 1 } });
        let lost = topic(&o, "t", Err(("KafkaError", "no broker".into())));
        assert_eq!(lost["conditions"][0]["status"], "False");
        assert!(lost["topicId"].is_null());
        assert_eq!(user(&o, false)["conditions"][0]["type"], "NotReady");
        assert_eq!(user(&o, true)["username"], "CN=u");
        assert_eq!(pod_set(&o, 3, &[true, false])["readyPods"], 1);
    }
}
