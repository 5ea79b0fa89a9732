//! `kafka.group`: a consumer group as it is, and how far behind it is.

use std::collections::BTreeSet;

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Ruling, Runs, Sort,
    SpecError, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::native::{self, GroupState};
use super::reader::{Reader, reader};
use super::touch::touch;
use super::worker::{Clock, on_thread};

/// Reads a consumer group: its state, its members and what they read, and its lag in every partition.
///
/// Partitions are those that the group has committed to or that its members are given. One that was never committed
/// to has no `committed`, and its lag counts from the partition's first message.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The group's name.
    pub group: String,
    /// Only partitions of this topic.
    #[serde(default)]
    pub topic: Option<String>,
}

const EXAMPLE: &str = r#"- id: billing-keeps-up
  title: The billing consumers are not behind
  kafka.group: { group: billing }
  expect:
    - state == "Stable"
    - lag < 1000
  within: 5m
"#;

impl Group {
    fn look(&self, reader: &Reader, clock: &Clock) -> Result<Json, Broken> {
        let doing = format!("reading group {}", self.group);
        let state = reader.ask(clock, &doing, |client, time| native::group(client, &self.group, time))?;
        let committed = reader.ask(clock, &doing, |client, time| native::committed(client, &self.group, time))?;
        let partitions = self.partitions(&state, &committed);
        let partitions: Vec<Json> = partitions
            .into_iter()
            .map(|(topic, partition)| lag(reader, &committed, &topic, partition, clock))
            .collect::<Result<_, _>>()?;
        Ok(seen(&self.group, &state, &partitions))
    }

    /// What the group reads or has read, each partition once, in order.
    fn partitions(&self, state: &GroupState, committed: &[(String, i32, i64)]) -> BTreeSet<(String, i32)> {
        let given = state.members.iter().flat_map(|member| member.partitions.iter().cloned());
        let known = committed.iter().map(|(topic, partition, _)| (topic.clone(), *partition));
        given.chain(known).filter(|(topic, _)| self.topic.as_ref().is_none_or(|wanted| wanted == topic)).collect()
    }
}

fn lag(
    reader: &Reader,
    committed: &[(String, i32, i64)],
    topic: &str,
    partition: i32,
    clock: &Clock,
) -> Result<Json, Broken> {
    let (low, end) = reader.watermarks(topic, partition, clock)?;
    let at = committed.iter().find(|(of, number, _)| of == topic && *number == partition).map(|(_, _, offset)| *offset);
    let mut seen =
        json!({ "topic": topic, "partition": partition, "end": end, "lag": (end - at.unwrap_or(low)).max(0) });
    if let Some(at) = at {
        seen["committed"] = at.into();
    }
    Ok(seen)
}

fn seen(group: &str, state: &GroupState, partitions: &[Json]) -> Json {
    let members: Vec<Json> = state
        .members
        .iter()
        .map(|member| {
            let given: Vec<Json> = member
                .partitions
                .iter()
                .map(|(topic, partition)| json!({ "topic": topic, "partition": partition }))
                .collect();
            json!({ "id": member.id, "client": member.client, "host": member.host, "partitions": given })
        })
        .collect();
    let lag: i64 = partitions.iter().filter_map(|partition| partition["lag"].as_i64()).sum();
    json!({
        "group": group,
        "state": state.state,
        "assignor": state.assignor,
        "members": members,
        "partitions": partitions,
        "lag": lag,
    })
}

impl Kind for Group {
    const DOC: KindDoc = KindDoc {
        name: "kafka.group",
        summary: "Reads a consumer group: state, members, lag.",
        rule: "it exists",
        rule_proves: true,
        runs: Runs::Endpoint("kafka"),
        lock: Some(LockMode::Shared),
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "group", sort: Sort::Plain, doc: "The group's name." },
            Field {
                path: "state",
                sort: Sort::Plain,
                doc: "`Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance`, …; `Dead` if it does not exist.",
            },
            Field { path: "assignor", sort: Sort::Plain, doc: "How partitions are shared out; empty without members." },
            Field { path: "members", sort: Sort::Plain, doc: "Who is in it." },
            Field { path: "members[].id", sort: Sort::Plain, doc: "The id that the coordinator gave." },
            Field { path: "members[].client", sort: Sort::Plain, doc: "The id that the client gave itself." },
            Field { path: "members[].host", sort: Sort::Plain, doc: "Where it connects from." },
            Field {
                path: "members[].partitions",
                sort: Sort::Plain,
                doc: "What it reads: `topic` and `partition` of each.",
            },
            Field {
                path: "partitions",
                sort: Sort::Plain,
                doc: "What the group reads or has committed to, by topic and number.",
            },
            Field { path: "partitions[].topic", sort: Sort::Plain, doc: "The topic." },
            Field { path: "partitions[].partition", sort: Sort::Plain, doc: "The partition's number." },
            Field {
                path: "partitions[].committed",
                sort: Sort::Plain,
                doc: "The committed offset; absent if there is none.",
            },
            Field { path: "partitions[].end", sort: Sort::Plain, doc: "The offset that the next message will get." },
            Field { path: "partitions[].lag", sort: Sort::Plain, doc: "Messages from the commit to the end." },
            Field { path: "lag", sort: Sort::Plain, doc: "The sum over all partitions listed." },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        if !self.group.is_empty() {
            return Vec::new();
        }
        let span = node.get("group").unwrap_or(node).span;
        vec![SpecError::new("args::empty", span, "`group` is empty", "a group's name is wanted")]
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, format!("group {}", self.group), "describe")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let (reader, args) = (reader(cx)?, self.clone());
        on_thread(cx, move |clock| args.look(&reader, clock)).await.map(Observation::from)
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        let empty = |key: &str| seen[key].as_array().is_none_or(Vec::is_empty);
        match seen["state"].as_str() {
            Some("Dead" | "") | None if empty("members") && empty("partitions") => {
                Ruling::NotYet(format!("group {} does not exist", self.group))
            }
            _ => Ruling::Met,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::native::Member;

    #[test]
    fn partitions_are_those_given_and_those_committed() {
        let member = Member {
            id: "m-1".into(),
            client: "c".into(),
            host: "/10.0.0.1".into(),
            partitions: vec![("orders".into(), 1), ("orders".into(), 0)],
        };
        let state = GroupState { state: "Stable".into(), assignor: "range".into(), members: vec![member] };
        let committed = [("orders".into(), 0, 7), ("returns".into(), 0, 1)];
        let all = |topic: Option<&str>| {
            let group = Group { group: "g".into(), topic: topic.map(str::to_owned) };
            group
                .partitions(&state, &committed)
                .into_iter()
                .map(|(topic, at)| format!("{topic}/{at}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(None), ["orders/0", "orders/1", "returns/0"]);
        assert_eq!(all(Some("returns")), ["returns/0"]);
    }

    #[test]
    fn a_group_that_is_not_there_does_not_meet_the_rule() {
        let group = Group { group: "g".into(), topic: None };
        let gone = json!({ "state": "Dead", "members": [], "partitions": [] });
        assert!(matches!(group.rule(&gone, Asked::default()), Ruling::NotYet(_)));
        let empty = json!({ "state": "Empty", "members": [], "partitions": [] });
        assert_eq!(group.rule(&empty, Asked::default()), Ruling::Met);
    }
}
