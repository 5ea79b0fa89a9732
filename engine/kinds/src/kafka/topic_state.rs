//! A topic as brokers describe it: its partitions, who leads them, who is in sync. Changes nothing.

use std::time::Duration;

use checkrun_model::{Broken, Ruling};
use rdkafka::admin::{ConfigResource, ResourceSpecifier};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::metadata::MetadataTopic;
use serde_json::{Map, Value as Json, json};

use super::native;
use super::reader::Reader;
use super::trouble::in_words;
use super::worker::Clock;

/// The partitions of a topic, by number; none if there is no such topic.
///
/// # Errors
/// No broker answered, or the topic may not be looked at.
pub(super) fn partitions(reader: &Reader, topic: &str, clock: &Clock) -> Result<Option<Vec<Json>>, Broken> {
    let metadata = reader.metadata(Some(topic), clock)?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
        return Ok(None);
    };
    match found.error().map(Code::from) {
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => Ok(None),
        None | Some(Code::LeaderNotAvailable) => Ok(Some(listed(found))),
        Some(code) => Err(reader.trouble().broken(&format!("reading topic {topic}"), &KafkaError::MetadataFetch(code))),
    }
}

fn listed(topic: &MetadataTopic) -> Vec<Json> {
    let mut partitions: Vec<_> = topic.partitions().iter().collect();
    partitions.sort_by_key(|partition| partition.id());
    let leader = |id: i32| if id < 0 { Json::Null } else { id.into() };
    let shown = partitions.into_iter().map(|partition| {
        json!({
            "id": partition.id(),
            "leader": leader(partition.leader()),
            "replicas": partition.replicas(),
            "isr": partition.isr(),
        })
    });
    shown.collect()
}

/// How many partitions a topic has.
///
/// # Errors
/// It is not there (waiting may help), or no broker answered.
pub(super) fn partition_count(reader: &Reader, topic: &str, clock: &Clock) -> Result<i32, Broken> {
    let found = partitions(reader, topic, clock)?.map_or(0, |partitions| partitions.len());
    match i32::try_from(found) {
        Ok(count @ 1..) => Ok(count),
        _ => Err(Broken::transient(format!("topic {topic} does not exist"))),
    }
}

/// Everything that is seen of a topic, and remarks on what could not be seen.
///
/// # Errors
/// No broker answered, or the topic may not be looked at.
pub(super) fn describe(reader: &Reader, topic: &str, clock: &Clock) -> Result<(Json, Vec<String>), Broken> {
    let Some(partitions) = partitions(reader, topic, clock)? else {
        return Ok((json!({ "name": topic, "partitions": [] }), Vec::new()));
    };
    let mut seen = json!({ "name": topic, "partitions": partitions });
    let mut notes = Vec::new();
    match native::topic_id(reader.client(), topic, extra(clock)) {
        Ok(id) => id.into_iter().for_each(|id| seen["id"] = id.into()),
        Err(why) => notes.push(format!("the topic's id could not be read: {}", in_words(&why))),
    }
    match config(reader, topic, clock) {
        Ok(config) => seen["config"] = config.into(),
        Err(why) => notes.push(format!("the topic's configuration could not be read: {why}")),
    }
    Ok((seen, notes))
}

/// Time for what may be missing in the end: a part of what is left.
fn extra(clock: &Clock) -> Duration {
    clock.slice((clock.left() / 4).min(Duration::from_secs(5)))
}

/// The topic's settings, defaults among them, every value text.
fn config(reader: &Reader, topic: &str, clock: &Clock) -> Result<Map<String, Json>, String> {
    let (admin, options) = reader.admin(clock).map_err(|broken| broken.cause)?;
    let options = options.request_timeout(Some(extra(clock)));
    let answer = futures::executor::block_on(admin.describe_configs(&[ResourceSpecifier::Topic(topic)], &options));
    let mut resources = answer.map_err(|why| in_words(&why))?;
    let ConfigResource { entries, .. } =
        resources.pop().ok_or("no answer for the topic")?.map_err(|code| code.to_string())?;
    let known = entries.into_iter().filter_map(|entry| Some((entry.name, Json::from(entry.value?))));
    Ok(known.collect())
}

/// The rule of kinds that describe a topic: it is there, and every partition has a leader.
pub(super) fn rule(seen: &Json) -> Ruling {
    let partitions = seen["partitions"].as_array().map_or(&[][..], Vec::as_slice);
    if partitions.is_empty() {
        return Ruling::NotYet(format!("topic {} does not exist", seen["name"].as_str().unwrap_or_default()));
    }
    match partitions.iter().find(|partition| partition["leader"].is_null()) {
        Some(headless) => Ruling::NotYet(format!("partition {} has no leader", headless["id"])),
        None => Ruling::Met,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_must_be_there_and_led() {
        let led = json!({ "id": 0, "leader": 1 });
        let headless = json!({ "id": 1, "leader": null });
        assert_eq!(rule(&json!({ "name": "a", "partitions": [led] })), Ruling::Met);
        let why = |seen: Json| match rule(&seen) {
            Ruling::NotYet(why) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(json!({ "name": "a", "partitions": [led, headless] })), "partition 1 has no leader");
        assert_eq!(why(json!({ "name": "a", "partitions": [] })), "topic a does not exist");
    }
}
