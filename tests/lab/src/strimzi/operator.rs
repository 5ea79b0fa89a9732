//! The stand-in's loop: looks at pods and brokers every second and writes statuses that are true right now.
//! It runs inside a pod; it never makes or mends a broker.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::status::{self, Seen};
use super::store::{KAFKA, POD, POD_SET, POOL, SECRET, Store, TOPIC, USER};
use super::telemetry::{Level, Telemetry, line};
use super::topics::{Step, Wanted};
use crate::kafka::admin::{Admin, AdminError};
use crate::kafka::layout::{self, CLUSTER, NAMESPACE};

/// How often statuses are compared with the truth.
const LOOK: Duration = Duration::from_secs(1);
/// How many looks make a full reconciliation, counted and logged. Strimzi's is two minutes.
const FULL: u64 = 10;
/// A broker that says nothing for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Kept on a topic's object until the topic is gone from Kafka.
const FINALIZER: &str = "strimzi.io/topic-operator";
/// Kafka's code for a topic that is not there.
const UNKNOWN_TOPIC: i16 = 3;

/// The running stand-in.
struct Operator {
    store: Store,
    telemetry: Arc<Mutex<Telemetry>>,
    ca: String,
    round: u64,
    number: u64,
    last: BTreeMap<String, String>,
    /// Kinds that were once as they should be: before that, trouble is only that things are still being made.
    settled: BTreeSet<&'static str>,
}

/// Runs until the process ends. `ca` is the cluster authority as PEM.
pub async fn run(client: kube::Client, port: u16, ca: String, ca_ends: Option<i64>) -> Result<()> {
    let telemetry = Arc::new(Mutex::new(Telemetry::default()));
    if let Some(at) = ca_ends {
        telemetry.lock().unwrap_or_else(PoisonError::into_inner).certificate_ends(at);
    }
    let listener = tokio::net::TcpListener::bind(("0.0.0.0", port)).await;
    let listener = listener.with_context(|| format!("listening on port {port}"))?;
    tokio::spawn(super::serve::serve(listener, Arc::clone(&telemetry)));
    let store = Store::new(client);
    let mut operator =
        Operator { store, telemetry, ca, round: 0, number: 0, last: BTreeMap::new(), settled: BTreeSet::new() };
    operator.say(Level::Info, "Main:71", "ClusterOperator is starting (a stand-in of the lab)");
    loop {
        operator.look().await;
        operator.round += 1;
        tokio::time::sleep(LOOK).await;
    }
}

impl Operator {
    fn say(&self, level: Level, class: &str, words: &str) {
        println!("{}", line(&now("%Y-%m-%d %H:%M:%S"), level, class, words));
    }

    /// One look at everything. What fails is logged and counted, and the rest goes on.
    async fn look(&mut self) {
        let started = Instant::now();
        let seen = match self.brokers().await {
            Ok(seen) => seen,
            Err(e) => {
                self.say(Level::Error, "ClusterOperator:171", &format!("{e:#}"));
                return;
            }
        };
        let kafka = self.kafka(&seen).await;
        self.finish("Kafka", CLUSTER, started, kafka);
        let started = Instant::now();
        let topics = self.topics(&seen).await;
        self.finish("KafkaTopic", "all", started, topics);
        let started = Instant::now();
        let users = self.users().await;
        self.finish("KafkaUser", "all", started, users);
    }

    /// Counts and logs a reconciliation: every full round, and whenever its outcome is new.
    fn finish(&mut self, kind: &'static str, name: &str, started: Instant, outcome: Result<Vec<String>>) {
        let troubles = match outcome {
            Ok(troubles) => troubles.join("; "),
            Err(e) => format!("{e:#}"),
        };
        let full = self.round.is_multiple_of(FULL);
        let new = self.last.insert(kind.into(), troubles.clone()).as_ref() != Some(&troubles);
        if !full && !new {
            return;
        }
        self.number += 1;
        let why = if full { "timer" } else { "watch" };
        let prefix = format!("Reconciliation #{}({why}) {kind}({NAMESPACE}/{name}):", self.number);
        if troubles.is_empty() {
            self.settled.insert(kind);
            self.say(Level::Info, "AbstractOperator:540", &format!("{prefix} reconciled"));
        } else {
            let words = format!("{prefix} Failed to reconcile: {troubles}");
            let level = if self.settled.contains(kind) { Level::Error } else { Level::Warn };
            self.say(level, "AbstractOperator:555", &words);
        }
        let mut telemetry = self.telemetry.lock().unwrap_or_else(PoisonError::into_inner);
        telemetry.reconciled(kind, full, troubles.is_empty(), started.elapsed());
    }

    fn count(&self, kind: &'static str, n: usize) {
        self.telemetry.lock().unwrap_or_else(PoisonError::into_inner).resources(kind, n);
    }

    /// Asks each broker that should be there, by the address of its pod, all at the same time.
    async fn brokers(&self) -> Result<Seen> {
        let pods = self.store.list(POD, &format!("strimzi.io/cluster={CLUSTER},strimzi.io/broker-role=true")).await?;
        let pools = self.store.list(POOL, &format!("strimzi.io/cluster={CLUSTER}")).await?;
        let wanted = pools.iter().filter_map(|p| p["spec"]["replicas"].as_u64()).sum::<u64>() as usize;
        let addresses: Vec<_> = (0..wanted).map(|id| address(&pods, id)).collect();
        let begin = |address: &Result<String, String>| {
            let address = address.clone();
            tokio::task::spawn_blocking(move || ask(address))
        };
        let asked: Vec<_> = addresses.iter().map(begin).collect();
        let mut seen = Seen { unready: unready(&pods, wanted), ..Seen::default() };
        for answer in asked {
            seen.brokers.push(answer.await.context("asking a broker")?);
        }
        let answering = seen.brokers.iter().position(Result::is_ok);
        if let Some(Ok(a)) = answering.and_then(|at| addresses.into_iter().nth(at)) {
            let quorum = tokio::task::spawn_blocking(move || {
                Admin::new(a).patience(PATIENCE).quorum().map_err(|e| e.to_string())
            });
            seen.quorum = Some(quorum.await.context("asking for the quorum")?);
        }
        Ok(seen)
    }

    /// The `Kafka`, its pool and its pod set; what is wrong with the cluster.
    async fn kafka(&self, seen: &Seen) -> Result<Vec<String>> {
        let now = now("%Y-%m-%dT%H:%M:%S.%9fZ");
        let objects = self.store.list(KAFKA, "").await?;
        self.count("Kafka", objects.len());
        for object in objects.iter().filter(|o| o["metadata"]["name"] == CLUSTER) {
            let status = paused(object).unwrap_or_else(|| status::kafka(object, seen, &self.ca));
            self.store.write_status(KAFKA, object, status, &now).await?;
        }
        for object in self.store.list(POOL, &format!("strimzi.io/cluster={CLUSTER}")).await? {
            self.store.write_status(POOL, &object, status::pool(&object, seen), &now).await?;
        }
        let pods = self.store.list(POD, &format!("strimzi.io/cluster={CLUSTER},strimzi.io/kind=Kafka")).await?;
        let ready: Vec<_> = pods.iter().map(is_ready).collect();
        for object in self.store.list(POD_SET, "").await? {
            let wanted = object["spec"]["pods"].as_array().map_or(0, Vec::len);
            let status = status::pod_set(&object, wanted, &ready);
            self.store.write_status(POD_SET, &object, status, &now).await?;
        }
        Ok(seen.troubles())
    }

    /// Every topic's object; what could not be done.
    async fn topics(&self, seen: &Seen) -> Result<Vec<String>> {
        let objects = self.store.list(TOPIC, &format!("strimzi.io/cluster={CLUSTER}")).await?;
        self.count("KafkaTopic", objects.len());
        let mut troubles = Vec::new();
        for object in &objects {
            if let Err(e) = self.topic(object, seen).await {
                troubles.push(format!("{}: {e:#}", object["metadata"]["name"]));
            }
        }
        Ok(troubles)
    }

    async fn topic(&self, object: &Value, seen: &Seen) -> Result<()> {
        let now = now("%Y-%m-%dT%H:%M:%S.%9fZ");
        let wanted = Wanted::of(object);
        if !object["metadata"]["deletionTimestamp"].is_null() {
            return self.forget(object, wanted).await;
        }
        if let Some(status) = paused(object) {
            self.store.write_status(TOPIC, object, status, &now).await?;
            return Ok(());
        }
        self.hold(object).await?;
        let Some(metadata) = seen.metadata() else {
            let why = ("KafkaError", "no broker answers".to_owned());
            self.store.write_status(TOPIC, object, status::topic(object, &wanted.name, Err(why)), &now).await?;
            anyhow::bail!("no broker answers");
        };
        let found = metadata.topics.iter().find(|t| t.name == wanted.name && t.error == 0);
        let step = wanted.step(found);
        let changed = object["status"]["observedGeneration"] != object["metadata"]["generation"];
        let outcome = match (&step, found) {
            (Step::Impossible(reason, words), _) => Err((*reason, words.clone())),
            (Step::Nothing, Some(t)) if !changed => Ok(t.clone()),
            _ => self.change(&wanted, step, changed).await,
        };
        let failed = outcome.as_ref().err().map(|(_, words)| words.clone());
        let status = status::topic(object, &wanted.name, outcome.as_ref().map_err(Clone::clone));
        if self.store.write_status(TOPIC, object, status, &now).await? && failed.is_none() {
            let words = format!("Topic {} is as its KafkaTopic asks", wanted.name);
            self.say(Level::Info, "BatchingTopicController:866", &words);
        }
        failed.map_or(Ok(()), |words| Err(anyhow::anyhow!(words)))
    }

    /// Takes a step in Kafka and reads the topic back.
    async fn change(
        &self,
        wanted: &Wanted,
        step: Step,
        changed: bool,
    ) -> Result<crate::kafka::cluster::Topic, (&'static str, String)> {
        let admin = self.admin().await.map_err(|e| ("KafkaError", format!("{e:#}")))?;
        let wanted = wanted.clone();
        let work = tokio::task::spawn_blocking(move || {
            wanted.take(&step, changed, &admin).map_err(|e| e.to_string())?;
            let all = admin.metadata().map_err(|e| e.to_string())?.topics;
            let found = all.into_iter().find(|t| t.name == wanted.name && t.error == 0);
            found.ok_or_else(|| format!("topic {} is not in the metadata yet", wanted.name))
        });
        let done = work.await.map_err(|e| ("InternalError", e.to_string()))?;
        done.map_err(|words| ("KafkaError", words))
    }

    /// Marks a topic's object so that it cannot go before its topic.
    async fn hold(&self, object: &Value) -> Result<()> {
        let mut all = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        if all.iter().any(|f| f == FINALIZER) {
            return Ok(());
        }
        all.push(json!(FINALIZER));
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.store.merge(TOPIC, name, &json!({ "metadata": { "finalizers": all } })).await
    }

    /// Deletes the topic of an object that is being deleted, then lets the object go.
    async fn forget(&self, object: &Value, wanted: Wanted) -> Result<()> {
        let admin = self.admin().await?;
        let gone = tokio::task::spawn_blocking(move || admin.delete_topic(&wanted.name)).await?;
        match gone {
            Ok(()) | Err(AdminError::Refused(_, UNKNOWN_TOPIC, _)) => {}
            Err(e) => return Err(e.into()),
        }
        let mut all = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        all.retain(|f| f != FINALIZER);
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.store.merge(TOPIC, name, &json!({ "metadata": { "finalizers": all } })).await
    }

    /// A broker that answers right now.
    async fn admin(&self) -> Result<Admin> {
        let pods = self.store.list(POD, &format!("strimzi.io/cluster={CLUSTER},strimzi.io/broker-role=true")).await?;
        for id in 0..layout::BROKERS {
            let Ok(a) = address(&pods, id) else { continue };
            let asked = a.clone();
            if tokio::task::spawn_blocking(|| ask(Ok(asked))).await?.is_ok() {
                return Ok(Admin::new(a));
            }
        }
        anyhow::bail!("no broker answers")
    }

    /// Users: true only where the secret is.
    async fn users(&self) -> Result<Vec<String>> {
        let now = now("%Y-%m-%dT%H:%M:%S.%9fZ");
        let objects = self.store.list(USER, &format!("strimzi.io/cluster={CLUSTER}")).await?;
        self.count("KafkaUser", objects.len());
        let secrets = self.store.list(SECRET, &format!("strimzi.io/cluster={CLUSTER}")).await?;
        for object in &objects {
            let has = secrets.iter().any(|s| s["metadata"]["name"] == object["metadata"]["name"]);
            self.store.write_status(USER, object, status::user(object, has), &now).await?;
        }
        Ok(Vec::new())
    }
}

/// The status of an object whose reconciliation is paused by Strimzi's annotation.
fn paused(object: &Value) -> Option<Value> {
    let on = &object["metadata"]["annotations"]["strimzi.io/pause-reconciliation"];
    (on == "true").then(|| {
        let mut status = object["status"].as_object().cloned().unwrap_or_default();
        let condition = json!([{ "type": "ReconciliationPaused", "status": "True" }]);
        status.insert("conditions".into(), condition);
        Value::Object(status)
    })
}

/// Where broker `id` listens in the clear, or why that cannot be told.
fn address(pods: &[Value], id: usize) -> Result<String, String> {
    let name = layout::pod(id);
    let pod = pods.iter().find(|p| p["metadata"]["name"] == name.as_str());
    let pod = pod.ok_or_else(|| format!("there is no pod {name}"))?;
    let ip = pod["status"]["podIP"].as_str().ok_or_else(|| format!("pod {name} has no address"))?;
    Ok(format!("{ip}:9092"))
}

fn ask(address: Result<String, String>) -> Result<crate::kafka::cluster::Metadata, String> {
    Admin::new(address?).patience(PATIENCE).metadata().map_err(|e| e.to_string())
}

/// The brokers' pods that are there and not ready.
fn unready(pods: &[Value], wanted: usize) -> Vec<String> {
    let names: Vec<_> = (0..wanted).map(layout::pod).collect();
    let theirs = pods.iter().filter(|p| !is_ready(p)).filter_map(|p| p["metadata"]["name"].as_str());
    theirs.filter(|n| names.iter().any(|name| name == n)).map(str::to_owned).collect()
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
}

fn now(format: &str) -> String {
    jiff::Timestamp::now().strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_found_by_its_pods_address() {
        let pods = [json!({ "metadata": { "name": layout::pod(1) }, "status": { "podIP": "10.1.2.3" } })];
        assert_eq!(address(&pods, 1), Ok("10.1.2.3:9092".into()));
        assert_eq!(address(&pods, 0), Err("there is no pod kafka-cluster-dual-role-0".into()));
    }

    #[test]
    fn pausing_keeps_the_rest_of_the_status() {
        let mut o = json!({ "metadata": { "annotations": {} }, "status": { "clusterId": "c" } });
        assert!(paused(&o).is_none());
        o["metadata"]["annotations"]["strimzi.io/pause-reconciliation"] = json!("true");
        let status = paused(&o).unwrap_or_default();
        assert_eq!(status["clusterId"], "c");
        assert_eq!(status["conditions"][0]["type"], "ReconciliationPaused");
    }

    #[test]
    fn only_the_ready_condition_counts() {
        let pod = |s: &str| json!({ "status": { "conditions": [{ "type": "Ready", "status": s }] } });
        assert!(is_ready(&pod("True")) && !is_ready(&pod("False")) && !is_ready(&json!({})));
        let mut waiting = pod("False");
        waiting["metadata"] = json!({ "name": layout::pod(2) });
        assert_eq!(unready(&[waiting.clone()], 3), [layout::pod(2)]);
        assert!(unready(&[waiting], 2).is_empty(), "a pod that nobody wants any more");
    }
}
