//! `kafka.consume`: messages of a topic from its beginning, and what their numbers tell.

use std::time::{Duration, Instant};

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Intent, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Repeats,
    Ruling, Runs, Sort, SpecError, Touch, Undone, Witness,
};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::ends::{Ends, Reading};
use super::own_group::{delete_group, must_be_ours};
use super::reader::{Reader, config, reader, unusable};
use super::sequence::Tally;
use super::topic_state::partition_count;
use super::touch::{may_write, name_errors, touch};
use super::trouble::Trouble;
use super::worker::{Clock, aside, on_thread};

/// Reads messages of a topic from its beginning until the asked number is there.
///
/// Messages of `kafka.produce` are numbered: what is missing, repeated or out of order is counted. Others count as they
/// come. Without `group` all partitions are read directly and nothing is committed. With `group` the partitions are
/// shared out by the group's coordinator and what was read is committed; the group must be the run's own
/// (`{{ run.id }}` in its name) and is deleted afterwards.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consume {
    /// The topic.
    pub topic: String,
    /// How many messages; a repeated one does not count twice.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub messages: u64,
    /// Only messages that a `kafka.produce` wrote with this token count.
    #[serde(default)]
    pub token: Option<String>,
    /// Read as this consumer group, and commit.
    #[serde(default)]
    pub group: Option<String>,
}

const EXAMPLE: &str = r#"- id: consumed
  title: All thousand messages come back, in order, and are committed
  kafka.consume: { topic: "checkrun-{{ run.id }}", messages: 1000, group: "checkrun-{{ run.id }}" }
  expect:
    - missing == 0
    - duplicates == 0
    - reordered == 0
    - lag == 0
"#;

impl Consume {
    fn consume(&self, reader: &Reader, config: ClientConfig, clock: &Clock) -> Result<Json, Broken> {
        let partitions = settled_count(reader, &self.topic, clock)?;
        let consumer: BaseConsumer<Trouble> =
            self.tuned(config).create_with_context(Trouble::default()).map_err(|why| unusable(&why))?;
        let begun = Instant::now();
        let tally = self.start(&consumer, partitions).and_then(|()| self.read(&consumer, clock));
        let seen = tally.and_then(|tally| {
            let elapsed = begun.elapsed();
            let reading = Reading { topic: &self.topic, partitions, commits: self.group.is_some() };
            let ends = Ends::of(&reading, reader, &consumer, clock)?;
            Ok(self.seen(&tally, &ends, consumer.context(), elapsed))
        });
        leave(consumer, clock);
        seen
    }

    /// The settings with which messages are read.
    fn tuned(&self, mut config: ClientConfig) -> ClientConfig {
        let nobody = format!("{}-look", config.get("client.id").unwrap_or("checkrun"));
        config.set("group.id", self.group.as_deref().unwrap_or(&nobody));
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("auto.offset.reset", "earliest").set("check.crcs", "true");
        // By default a full queue pauses fetching for a whole second.
        config.set("fetch.queue.backoff.ms", "10");
        config
    }

    fn start(&self, consumer: &BaseConsumer<Trouble>, partitions: i32) -> Result<(), Broken> {
        let broken = |why: KafkaError| consumer.context().broken(&format!("reading {}", self.topic), &why);
        if self.group.is_some() {
            return consumer.subscribe(&[&self.topic]).map_err(broken);
        }
        let mut all = TopicPartitionList::new();
        for partition in 0..partitions {
            all.add_partition_offset(&self.topic, partition, Offset::Beginning).map_err(broken)?;
        }
        consumer.assign(&all).map_err(broken)
    }

    /// Reads until enough has come or time is over. Lost connections are got over, and counted.
    fn read(&self, consumer: &BaseConsumer<Trouble>, clock: &Clock) -> Result<Tally, Broken> {
        let mut tally = Tally::of(self.token.as_deref());
        // Where the partitions end is still to be asked.
        let reserve = (clock.left() / 5).min(Duration::from_secs(3));
        while tally.read < self.messages && clock.left() > reserve {
            match consumer.poll(clock.slice(Duration::from_millis(100))) {
                Some(Ok(message)) => tally.add(message.partition(), message.offset(), message.payload()),
                Some(Err(why)) if is_final(&why) => {
                    return Err(consumer.context().broken(&format!("reading {}", self.topic), &why));
                }
                Some(Err(_)) | None => {
                    if let Some(broken) = consumer.context().hopeless() {
                        return Err(broken);
                    }
                }
            }
        }
        Ok(tally)
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
    fn seen(&self, tally: &Tally, ends: &Ends, trouble: &Trouble, elapsed: Duration) -> Json {
        let mut seen = json!({
            "topic": self.topic,
            "read": tally.read,
            "missing": tally.missing(),
            "duplicates": tally.duplicates,
            "reordered": tally.reordered,
            "foreign": tally.foreign,
            "lag": ends.lag(),
            "partitions": ends.seen(tally),
            "transport_errors": trouble.count(),
            "elapsed": elapsed.as_secs_f64(),
            "messages_per_second": tally.read as f64 / elapsed.as_secs_f64().max(1e-9),
        });
        if let Some(group) = &self.group {
            seen["group"] = group.as_str().into();
        }
        seen
    }
}

/// Errors that end the reading: the consumer cannot go on, or may not.
fn is_final(why: &KafkaError) -> bool {
    let refused = [Code::TopicAuthorizationFailed, Code::GroupAuthorizationFailed, Code::InvalidTopic];
    matches!(why, KafkaError::MessageConsumptionFatal(_))
        || why.rdkafka_error_code().is_some_and(|code| refused.contains(&code))
}

/// How many partitions a topic has; one that was made just now may not be known everywhere yet.
fn settled_count(reader: &Reader, topic: &str, clock: &Clock) -> Result<i32, Broken> {
    loop {
        match partition_count(reader, topic, clock) {
            Err(broken) if !broken.transient || clock.left() < Duration::from_millis(500) => return Err(broken),
            Err(_) => clock.pause(Duration::from_millis(100)),
            Ok(count) => return Ok(count),
        }
    }
}

/// Leaves the group, if time allows, and closes.
fn leave(consumer: BaseConsumer<Trouble>, clock: &Clock) {
    if consumer.close_queue().is_ok() {
        while !consumer.closed() && !clock.over() {
            drop(consumer.poll(clock.slice(Duration::from_millis(50))));
        }
    }
    aside(consumer);
}

impl Kind for Consume {
    const DOC: KindDoc = KindDoc {
        name: "kafka.consume",
        summary: "Reads messages of a topic from its beginning.",
        rule: "the asked number read",
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
            Field { path: "group", sort: Sort::Plain, doc: "The consumer group; absent if none was asked for." },
            Field { path: "read", sort: Sort::Plain, doc: "Messages that count, each once." },
            Field {
                path: "missing",
                sort: Sort::Plain,
                doc: "Numbers below the highest one of a partition that never came.",
            },
            Field { path: "duplicates", sort: Sort::Plain, doc: "Numbered messages that came again." },
            Field {
                path: "reordered",
                sort: Sort::Plain,
                doc: "Numbered messages that came after one with a higher number.",
            },
            Field {
                path: "foreign",
                sort: Sort::Plain,
                doc: "Messages that do not count because they are not of the asked token.",
            },
            Field {
                path: "lag",
                sort: Sort::Plain,
                doc: "Messages from where the reading (with a group: the commit) stands to the end, over all partitions.",
            },
            Field { path: "partitions", sort: Sort::Plain, doc: "What was read, by partition." },
            Field { path: "partitions[].id", sort: Sort::Plain, doc: "The partition's number." },
            Field { path: "partitions[].read", sort: Sort::Plain, doc: "Messages of it that count." },
            Field {
                path: "partitions[].first",
                sort: Sort::Plain,
                doc: "Offset of the first message read; absent if none was.",
            },
            Field {
                path: "partitions[].last",
                sort: Sort::Plain,
                doc: "Offset of the last message read; absent if none was.",
            },
            Field {
                path: "partitions[].position",
                sort: Sort::Plain,
                doc: "The next offset to read; with a group: as committed.",
            },
            Field { path: "partitions[].end", sort: Sort::Plain, doc: "The offset that the next message will get." },
            Field { path: "partitions[].lag", sort: Sort::Plain, doc: "`end` less `position`." },
            Field {
                path: "transport_errors",
                sort: Sort::Plain,
                doc: "Lost connections and the like, which the client got over.",
            },
            Field {
                path: "elapsed",
                sort: Sort::Duration,
                doc: "From the start, joining the group included, to the last message.",
            },
            Field { path: "messages_per_second", sort: Sort::Rate, doc: "Messages that count in that time." },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &["group"],
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
        for (key, value) in [("group", &self.group), ("token", &self.token)] {
            if value.as_deref() == Some("") {
                errors.push(SpecError::new(
                    "args::empty",
                    place(key),
                    format!("`{key}` is empty"),
                    "say it, or leave the key out",
                ));
            }
        }
        errors
    }

    fn effect(&self) -> Effect {
        if self.group.is_some() { Effect::Write } else { Effect::Read }
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        let group = self.group.iter().map(|group| touch(place, format!("group {group}"), "commit"));
        std::iter::once(touch(place, format!("topic {}", self.topic), "consume")).chain(group).collect()
    }

    fn repeats(&self) -> Repeats {
        match self.group {
            Some(_) => Repeats::Refused("it waits for its messages by itself: say `timeout:`"),
            None => Repeats::Observe,
        }
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        if let Some(group) = &self.group {
            may_write(cx, &format!("group {group}"))?;
            must_be_ours(group, &cx.run.id)?;
            let identity = json!({ "group": group });
            let intent = Intent {
                kind: Self::DOC.name.into(),
                cluster: None,
                endpoint: cx.place.endpoint.as_ref().map(|endpoint| endpoint.name.clone()),
                object: format!("group {group}"),
                identity: identity.clone(),
                undo: true,
            };
            let announced = cx.ledger.intend(&cx.check, intent).await?;
            cx.ledger.made(announced, identity).await?;
        }
        let (reader, config, args) = (reader(cx)?, config(cx)?, self.clone());
        on_thread(cx, move |clock| args.consume(&reader, config, clock)).await.map(Observation::from)
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        match seen["read"].as_u64() {
            Some(read) if read >= self.messages => Ruling::Met,
            read => Ruling::NotYet(format!("{} of {} messages were read", read.unwrap_or(0), self.messages)),
        }
    }

    async fn undo(identity: &Json, cx: &Cx) -> Result<Undone, Broken> {
        may_write(cx, "the group")?;
        let group = identity["group"].as_str().ok_or_else(|| Broken::fatal("the intent names no group"))?.to_owned();
        must_be_ours(&group, &cx.run.id)?;
        let reader = reader(cx)?;
        on_thread(cx, move |clock| delete_group(&reader, &group, clock)).await
    }
}
