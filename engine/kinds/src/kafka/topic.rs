//! `kafka.topic`: a topic of the run's own, made only if there is none of that name, and deleted afterwards.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use checkrun_model::{
    Asked, Broken, Cx, Effect, Intent, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Repeats, Ruling,
    Runs, SpecError, Touch, Undone, Witness,
};
use rdkafka::admin::{NewTopic, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::describe::TOPIC;
use super::native;
use super::reader::{Reader, reader};
use super::topic_state::{describe, partitions, rule};
use super::touch::{may_write, name_errors, touch};
use super::worker::{Clock, located, on_thread};
use crate::unconfirmed;

/// Creates a topic of the run's own and waits until the brokers know it.
///
/// A topic of that name that is already there is an error, never taken over: put `{{ run.id }}` into the name.
/// When the last check that needs it has ended, the topic is deleted, by its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// The topic's name.
    pub name: String,
    /// How many partitions. Default: what the brokers are set to.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10_000))]
    pub partitions: Option<i32>,
    /// How many brokers hold each partition. Default: what the brokers are set to.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    pub replication_factor: Option<i32>,
    /// Settings of the topic by name: `min.insync.replicas`, `cleanup.policy`, …
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// `true`: it stays when the run has ended.
    #[serde(default)]
    pub keep: bool,
}

const EXAMPLE: &str = r#"- id: test-topic
  title: A topic with three replicas can be made
  kafka.topic: { name: "checkrun-{{ run.id }}", partitions: 3, replication_factor: 3, config: { min.insync.replicas: 2 } }
  expect:
    - partitions.all(|p| p.isr.len() == 3)
  within: 30s
"#;

/// What became of the request to create.
enum Created {
    /// The brokers said yes.
    Yes,
    /// They said no: nothing was made.
    No(Broken),
    /// No answer: it may be there.
    Unknown(Broken),
}

impl Topic {
    fn create(&self, reader: &Reader, clock: &Clock) -> Result<Created, Broken> {
        let (admin, options) = reader.admin(clock)?;
        let replication = TopicReplication::Fixed(self.replication_factor.unwrap_or(-1));
        let mut wanted = NewTopic::new(&self.name, self.partitions.unwrap_or(-1), replication);
        for (key, value) in &self.config {
            wanted = wanted.set(key, value);
        }
        let doing = format!("creating topic {}", self.name);
        let broken = |code| reader.trouble().broken(&doing, &KafkaError::AdminOp(code));
        Ok(
            match futures::executor::block_on(admin.create_topics([&wanted], &options)).map(|mut results| results.pop())
            {
                Ok(Some(Ok(_))) => Created::Yes,
                // It was absent just now: a request that was sent twice by the client looks like this.
                Ok(Some(Err((_, code @ Code::TopicAlreadyExists)))) => Created::Unknown(broken(code)),
                Ok(Some(Err((_, code)))) => Created::No(broken(code)),
                Ok(None) => {
                    let broken = Broken::transient(format!("{doing}: no answer"));
                    Created::Unknown(broken.outage("", "no answer"))
                }
                Err(why) => Created::Unknown(reader.trouble().broken(&doing, &why)),
            },
        )
    }

    /// Refuses a topic that is there already.
    async fn must_be_absent(&self, cx: &Cx) -> Result<(), Broken> {
        let (reader, name) = (reader(cx)?, self.name.clone());
        match on_thread(cx, move |clock| partitions(&reader, &name, clock)).await? {
            None => Ok(()),
            Some(_) => {
                Err(Broken::fatal(format!("topic {} is already there, and this run did not make it", self.name))
                    .hint("put `{{ run.id }}` into the name; what is there is read with `kafka.describe`"))
            }
        }
    }
}

/// Waits until the brokers know a new topic whole; what was seen last if they do not in time.
fn settled(reader: &Reader, topic: &str, clock: &Clock) -> Result<(Json, Vec<String>), Broken> {
    loop {
        let seen = describe(reader, topic, clock)?;
        if rule(&seen.0) == Ruling::Met || clock.left() < Duration::from_millis(200) {
            return Ok(seen);
        }
        clock.pause(Duration::from_millis(50));
    }
}

/// How a topic that is there now stands to the one that an intent names.
fn is_ours(identity: &Json, id_now: Option<&str>, run: &str) -> Result<(), String> {
    let name = identity["name"].as_str().unwrap_or_default();
    match (identity["id"].as_str(), id_now) {
        (Some(ours), Some(now)) if ours == now => Ok(()),
        (Some(ours), Some(now)) => Err(format!("topic {name} has the id {now} now, the run's had {ours}")),
        _ if name.contains(run) => Ok(()),
        _ => Err(format!("topic {name} cannot be told from one of somebody else: no id, and no run id in its name")),
    }
}

/// A broker may not know yet of a topic that another has made.
const LAG: Duration = Duration::from_secs(1);

/// Looks until it is there; whether it was within `patience`.
fn appears(patience: Duration, clock: &Clock, mut there: impl FnMut() -> Result<bool, Broken>) -> Result<bool, Broken> {
    let end = Instant::now() + patience;
    while !there()? {
        if Instant::now() >= end || clock.over() {
            return Ok(false);
        }
        clock.pause(unconfirmed::PAUSE);
    }
    Ok(true)
}

/// Deletes the topic if it is the run's, and waits until the brokers do not know it any more.
fn delete(reader: &Reader, identity: &Json, run: &str, clock: &Clock) -> Result<Undone, Broken> {
    let name = identity["name"].as_str().ok_or_else(|| Broken::fatal("the intent names no topic"))?;
    let confirmed = identity["id"].is_string();
    let patience = if confirmed { LAG.min(clock.left() / 2) } else { unconfirmed::patience(clock.left()) };
    if !appears(patience, clock, || Ok(partitions(reader, name, clock)?.is_some()))? {
        let object = format!("topic {name}");
        return Ok(if confirmed { Undone::AlreadyGone } else { unconfirmed::not_seen(&object, patience) });
    }
    let id_now = native::topic_id(reader.client(), name, clock.slice(Duration::from_secs(5))).ok().flatten();
    if let Err(why) = is_ours(identity, id_now.as_deref(), run) {
        return Ok(Undone::NotOurs(why));
    }
    let (admin, options) = reader.admin(clock)?;
    let deleted = futures::executor::block_on(admin.delete_topics(&[name], &options));
    let refused = |why: &KafkaError| reader.trouble().broken(&format!("deleting topic {name}"), why);
    if let Some(Err((_, code))) = deleted.map_err(|why| refused(&why))?.pop() {
        return Err(refused(&KafkaError::AdminOp(code)));
    }
    while partitions(reader, name, clock)?.is_some() {
        if clock.over() {
            return Err(Broken::transient(format!("topic {name} was deleted, but the brokers still know it")));
        }
        clock.pause(Duration::from_millis(50));
    }
    Ok(Undone::Done)
}

impl Kind for Topic {
    const DOC: KindDoc = KindDoc {
        name: "kafka.topic",
        summary: "Creates a topic of the run's own; it is deleted afterwards.",
        rule: "it exists, and every partition has a leader",
        rule_proves: true,
        runs: Runs::Endpoint("kafka"),
        lock: Some(LockMode::Shared),
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Write,
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
        let mut errors = name_errors(node, "name", &self.name);
        for (key, value, most) in
            [("partitions", self.partitions, 10_000), ("replication_factor", self.replication_factor, 100)]
        {
            if let Some(value) = value.filter(|value| !(1..=most).contains(value)) {
                let span = node.get(key).unwrap_or(node).span;
                errors.push(SpecError::new("args::value", span, format!("`{key}` is {value}"), format!("1 to {most}")));
            }
        }
        errors
    }

    fn effect(&self) -> Effect {
        Effect::Write
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, format!("topic {}", self.name), "create")]
    }

    fn repeats(&self) -> Repeats {
        Repeats::Reread
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        may_write(cx, &format!("topic {}", self.name))?;
        self.must_be_absent(cx).await?;
        let identity = json!({ "name": self.name });
        let intent = Intent {
            kind: Self::DOC.name.into(),
            cluster: None,
            endpoint: cx.place.endpoint.as_ref().map(|endpoint| endpoint.name.clone()),
            object: format!("topic {}", self.name),
            identity: identity.clone(),
            undo: !self.keep,
        };
        let announced = cx.ledger.intend(&cx.check, intent).await?;
        let (client, wanted, begun) = (reader(cx)?, self.clone(), Instant::now());
        match on_thread(cx, move |clock| wanted.create(&client, clock)).await? {
            Created::Yes => {}
            Created::No(why) => {
                cx.ledger.void(announced).await?;
                return Err(located(why, cx, begun.elapsed()));
            }
            Created::Unknown(why) => return Err(located(why, cx, begun.elapsed())),
        }
        let (client, name) = (reader(cx)?, self.name.clone());
        let settled = on_thread(cx, move |clock| settled(&client, &name, clock)).await;
        let id = settled.as_ref().ok().and_then(|(value, _)| value.get("id").cloned());
        cx.ledger.made(announced, id.map_or(identity, |id| json!({ "name": self.name, "id": id }))).await?;
        let (value, notes) = settled?;
        Ok(Observation { value, notes, ..Observation::default() })
    }

    async fn reread(&self, cx: &Cx, _: &Observation) -> Result<Observation, Broken> {
        let (reader, topic) = (reader(cx)?, self.name.clone());
        let (value, notes) = on_thread(cx, move |clock| describe(&reader, &topic, clock)).await?;
        Ok(Observation { value, notes, ..Observation::default() })
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        rule(seen)
    }

    async fn undo(identity: &Json, cx: &Cx) -> Result<Undone, Broken> {
        may_write(cx, "the topic")?;
        let (reader, identity, run) = (reader(cx)?, identity.clone(), cx.run.id.clone());
        on_thread(cx, move |clock| delete(&reader, &identity, &run, clock)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_run_made_is_deleted() {
        let ours = |identity: Json, now: Option<&str>| is_ours(&identity, now, "1a2b3c4d").is_ok();
        assert!(ours(json!({ "name": "orders", "id": "a" }), Some("a")));
        assert!(!ours(json!({ "name": "orders", "id": "a" }), Some("b")));
        assert!(!ours(json!({ "name": "orders-1a2b3c4d", "id": "a" }), Some("b")));
        assert!(ours(json!({ "name": "orders-1a2b3c4d" }), Some("b")));
        assert!(!ours(json!({ "name": "orders" }), Some("b")));
        assert!(!ours(json!({ "name": "orders", "id": "a" }), None));
    }
}
