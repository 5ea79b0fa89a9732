//! `kafka.produce`: numbered messages, every one acknowledged by all in-sync replicas.

use std::time::{Duration, Instant};

use checkrun_model::args::Size;
use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Repeats, Ruling, Runs,
    Sort, SpecError, Touch, Witness,
};
use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::deliveries::Counting;
use super::reader::{Reader, config, reader, unusable};
use super::sequence::{shortest, write};
use super::topic_state::partition_count;
use super::touch::{may_write, name_errors, touch};
use super::worker::{Clock, aside, on_thread};

/// Writes numbered, keyed messages evenly to all partitions of a topic, with `acks=all` and idempotence.
///
/// Each message holds the check's token, its partition and its number there, so that `kafka.consume` sees what is
/// missing, repeated or out of order. What was written stays in the topic: write to a topic of the run's own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Produce {
    /// The topic; it must exist.
    pub topic: String,
    /// How many messages.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub messages: u64,
    /// Bytes of each message's value. Default: what its numbers need.
    #[serde(default)]
    pub size: Option<Size>,
}

const EXAMPLE: &str = r#"- id: produced
  title: A thousand messages are acknowledged
  kafka.produce: { topic: "checkrun-{{ run.id }}", messages: 1000, size: 1KiB }
  save: { token: token }
"#;

/// The most bytes of one message: what brokers take by default.
const MOST_BYTES: u64 = 1_000_000;

impl Produce {
    fn token(&self, cx: &Cx) -> String {
        let check: String = cx.check.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
        format!("{}-{check}", cx.run.id)
    }

    fn produce(&self, reader: &Reader, config: ClientConfig, token: &str, clock: &Clock) -> Result<Json, Broken> {
        let partitions = partition_count(reader, &self.topic, clock)?;
        let producer: BaseProducer<Counting> =
            tuned(config, clock).create_with_context(Counting::default()).map_err(|why| unusable(&why))?;
        let begun = Instant::now();
        let sent = self.send(&producer, partitions, token, clock)?;
        while producer.in_flight_count() > 0 && !clock.over() {
            producer.poll(clock.slice(Duration::from_millis(20)));
        }
        let elapsed = begun.elapsed();
        let seen = self.seen(producer.context(), sent, token, elapsed);
        let hopeless = producer.context().trouble.hopeless();
        aside(producer);
        match hopeless {
            Some(broken) if seen["acked"] == 0 => Err(broken),
            _ => Ok(seen),
        }
    }

    /// Hands all messages to the client; how many it took within the time.
    fn send(
        &self,
        producer: &BaseProducer<Counting>,
        partitions: i32,
        token: &str,
        clock: &Clock,
    ) -> Result<u64, Broken> {
        let size = self.size.map_or(0, |size| usize::try_from(size.0).unwrap_or(usize::MAX));
        let spread = u64::try_from(partitions).unwrap_or(1);
        let (mut payload, mut key) = (String::new(), String::new());
        for at in 0..self.messages {
            let (partition, number) = (i32::try_from(at % spread).unwrap_or(0), at / spread);
            write(&mut payload, token, partition, number, size);
            key.clear();
            key.push_str(&at.to_string());
            let mut record = BaseRecord::to(&self.topic).partition(partition).key(&key).payload(&payload);
            while let Err((why, back)) = producer.send(record) {
                match why.rdkafka_error_code() {
                    Some(Code::QueueFull) if !clock.over() => producer.poll(Duration::from_millis(5)),
                    Some(Code::QueueFull) => return Ok(at),
                    _ => return Err(producer.context().trouble.broken(&format!("writing to {}", self.topic), &why)),
                }
                record = back;
            }
            if at % 1024 == 0 {
                producer.poll(Duration::ZERO);
            }
        }
        Ok(self.messages)
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
    fn seen(&self, context: &Counting, sent: u64, token: &str, elapsed: Duration) -> Json {
        let deliveries = context.deliveries();
        let (acked, failed) = (deliveries.acked(), deliveries.failed());
        json!({
            "topic": self.topic,
            "token": token,
            "sent": sent,
            "acked": acked,
            "failed": failed,
            "pending": sent.saturating_sub(acked + failed),
            "errors": deliveries.reasons(),
            "partitions": deliveries.partitions(),
            "transport_errors": context.trouble.count(),
            "elapsed": elapsed.as_secs_f64(),
            "messages_per_second": acked as f64 / elapsed.as_secs_f64().max(1e-9),
        })
    }
}

/// The settings with which messages are written; they stand in the docs, because figures depend on them.
fn tuned(mut config: ClientConfig, clock: &Clock) -> ClientConfig {
    config.set("acks", "all").set("enable.idempotence", "true").set("linger.ms", "5");
    config.set("batch.size", "1000000").set("batch.num.messages", "10000");
    config.set("queue.buffering.max.kbytes", "32768").set("queue.buffering.max.messages", "1000000");
    config.set("message.timeout.ms", clock.left().as_millis().max(1000).to_string());
    config
}

impl Kind for Produce {
    const DOC: KindDoc = KindDoc {
        name: "kafka.produce",
        summary: "Writes numbered messages to a topic.",
        rule: "all acknowledged",
        rule_proves: true,
        runs: Runs::Endpoint("kafka"),
        lock: Some(LockMode::Shared),
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Write,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "topic", sort: Sort::Plain, doc: "The topic." },
            Field {
                path: "token",
                sort: Sort::Plain,
                doc: "What marks the messages of this check; `kafka.consume` can ask for it.",
            },
            Field { path: "sent", sort: Sort::Plain, doc: "Messages handed to the client." },
            Field { path: "acked", sort: Sort::Plain, doc: "Messages that all in-sync replicas have." },
            Field { path: "failed", sort: Sort::Plain, doc: "Messages that certainly or possibly were not written." },
            Field { path: "pending", sort: Sort::Plain, doc: "Messages of which nothing was heard within the time." },
            Field { path: "errors", sort: Sort::Plain, doc: "How many failed for which reason." },
            Field { path: "partitions", sort: Sort::Plain, doc: "What was acknowledged, by partition." },
            Field { path: "partitions[].id", sort: Sort::Plain, doc: "The partition's number." },
            Field { path: "partitions[].acked", sort: Sort::Plain, doc: "Messages acknowledged there." },
            Field { path: "partitions[].first", sort: Sort::Plain, doc: "Offset of the first of them." },
            Field { path: "partitions[].last", sort: Sort::Plain, doc: "Offset of the last of them." },
            Field {
                path: "transport_errors",
                sort: Sort::Plain,
                doc: "Lost connections and the like, which the client got over.",
            },
            Field { path: "elapsed", sort: Sort::Duration, doc: "From the first message to the last acknowledgement." },
            Field { path: "messages_per_second", sort: Sort::Rate, doc: "Messages acknowledged in that time." },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: Some(Duration::from_secs(60)),
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        let mut errors = name_errors(node, "topic", &self.topic);
        let place = |key: &str| node.get(key).unwrap_or(node).span;
        if !(1..=10_000_000).contains(&self.messages) {
            let message = format!("`messages` is {}", self.messages);
            errors.push(SpecError::new("args::value", place("messages"), message, "1 to 10000000"));
        }
        if self.size.is_some_and(|size| size.0 > MOST_BYTES) {
            let message = "`size` is larger than a message may be";
            errors.push(SpecError::new("args::value", place("size"), message, format!("at most {MOST_BYTES} bytes")));
        }
        errors
    }

    fn effect(&self) -> Effect {
        Effect::Write
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, format!("topic {}", self.topic), "produce")]
    }

    fn repeats(&self) -> Repeats {
        Repeats::Refused("it writes once; wait with a `kafka.describe` before it, or with a `kafka.consume` after it")
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        may_write(cx, &format!("topic {}", self.topic))?;
        let token = self.token(cx);
        if let Some(size) = self.size.filter(|size| size.0 < shortest(&token) as u64) {
            let why = format!("`size` is {} bytes, but the numbers of a message need {}", size.0, shortest(&token));
            return Err(Broken::fatal(why).hint("make it larger, or leave it out"));
        }
        let (reader, config, args) = (reader(cx)?, config(cx)?, self.clone());
        on_thread(cx, move |clock| args.produce(&reader, config, &token, clock)).await.map(Observation::from)
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        match seen["acked"].as_u64() {
            Some(acked) if acked == self.messages && seen["failed"] == 0 => Ruling::Met,
            acked => Ruling::NotYet(format!(
                "{} of {} messages were acknowledged; errors: {}",
                acked.unwrap_or(0),
                self.messages,
                seen["errors"]
            )),
        }
    }
}
