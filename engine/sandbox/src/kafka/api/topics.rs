//! Topics are made, grown and deleted. Without a controller each request waits for one as long as it may.

use std::time::Duration;

use kafka_protocol::messages as m;
use kafka_protocol::protocol::StrBytes;
use m::create_partitions_response::CreatePartitionsTopicResult;
use m::create_topics_request::CreatableTopic;
use m::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use m::delete_topics_response::DeletableTopicResult;
use uuid::Uuid;

use super::configs::{Shown, shown};
use super::{Answered, Call, text};
use crate::kafka::state::Node;
use crate::kafka::state::refused::Refused;
use crate::kafka::state::topics::Wanted;

/// Waits for a controller as long as the client does.
pub(super) async fn controller(call: &Call<'_>, millis: i32) {
    let time = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    // If there is none then, the cluster says so itself.
    let _there = call.inside.shared.until(time, |cluster| cluster.brokers.controller()).await;
}

/// Code and words of a refusal; nothing went wrong: 0 and none.
pub(super) fn outcome<T>(outcome: &Result<T, Refused>) -> (i16, Option<StrBytes>) {
    outcome.as_ref().err().map_or((0, None), |refused| (refused.code.code(), Some(text(&refused.why))))
}

fn nodes(ids: &[m::BrokerId]) -> Vec<Node> {
    ids.iter().map(|id| id.0).collect()
}

fn wanted(topic: &CreatableTopic) -> Wanted {
    let mut assignment: Vec<_> = topic.assignments.iter().map(|one| (one.partition_index, &one.broker_ids)).collect();
    assignment.sort_by_key(|(number, _)| *number);
    let config = topic.configs.iter().filter_map(|one| Some((one.name.to_string(), one.value.as_ref()?.to_string())));
    Wanted {
        name: topic.name.to_string(),
        partitions: (topic.num_partitions != -1).then_some(topic.num_partitions),
        replicas: (topic.replication_factor != -1).then_some(topic.replication_factor),
        assignment: assignment.into_iter().map(|(_, ids)| nodes(ids)).collect(),
        config: config.collect(),
    }
}

impl Answered for m::CreateTopicsRequest {
    async fn answered(self, call: &Call<'_>) -> m::CreateTopicsResponse {
        controller(call, self.timeout_ms).await;
        let one = |topic: &CreatableTopic| {
            let wanted = wanted(topic);
            let made = call.inside.shared.change(|cluster, _| cluster.create(&wanted, self.validate_only));
            let (code, why) = outcome(&made);
            let answer = CreatableTopicResult::default().with_name(topic.name.clone()).with_error_code(code);
            let answer = answer.with_error_message(why);
            match made {
                Ok(placed) => with_details(answer, &wanted.name, &placed, call),
                Err(_) => answer.with_num_partitions(-1).with_replication_factor(-1).with_configs(None),
            }
        };
        m::CreateTopicsResponse::default().with_topics(self.topics.iter().map(one).collect())
    }
}

/// What later versions tell of a new topic.
fn with_details(
    answer: CreatableTopicResult,
    name: &str,
    placed: &[Vec<Node>],
    call: &Call<'_>,
) -> CreatableTopicResult {
    let size = |size: usize| i32::try_from(size).unwrap_or(i32::MAX);
    let factor = placed.first().map_or(1, Vec::len);
    let seen = call.inside.shared.look(|cluster| {
        let topic = cluster.topic(name).ok()?;
        Some((topic.id, shown(&topic.config, &cluster.settings)))
    });
    let (id, config) = seen.unwrap_or_default();
    let one = |Shown { name, value, source, .. }: Shown| {
        let config = CreatableTopicConfigs::default().with_name(text(name)).with_value(Some(text(value)));
        config.with_config_source(source)
    };
    let answer = if call.version >= 7 { answer.with_topic_id(id) } else { answer };
    answer
        .with_num_partitions(size(placed.len()))
        .with_replication_factor(i16::try_from(factor).unwrap_or(i16::MAX))
        .with_configs(Some(config.into_iter().map(one).collect()))
}

impl Answered for m::DeleteTopicsRequest {
    async fn answered(self, call: &Call<'_>) -> m::DeleteTopicsResponse {
        controller(call, self.timeout_ms).await;
        let by_name = self.topic_names.iter().map(|name| (Some(name.to_string()), Uuid::nil()));
        let listed = self.topics.iter().map(|one| (one.name.as_ref().map(|name| name.to_string()), one.topic_id));
        let answers = by_name.chain(listed).map(|(name, id)| deleted(name, id, call)).collect();
        m::DeleteTopicsResponse::default().with_responses(answers)
    }
}

fn deleted(name: Option<String>, id: Uuid, call: &Call<'_>) -> DeletableTopicResult {
    let shared = &call.inside.shared;
    let known = name.clone().or_else(|| shared.look(|cluster| cluster.name_of(id).map(str::to_owned)));
    let gone = match &known {
        Some(name) => shared.change(|cluster, _| cluster.delete(name)),
        None => {
            let why = "This server does not host this topic ID.";
            Err(Refused::new(kafka_protocol::ResponseError::UnknownTopicId, why))
        }
    };
    let (code, why) = outcome(&gone);
    let answer = DeletableTopicResult::default().with_error_code(code).with_topic_id(id);
    let answer = if call.version >= 5 { answer.with_error_message(why) } else { answer };
    answer.with_name(known.map(|name| text(name).into()))
}

impl Answered for m::CreatePartitionsRequest {
    async fn answered(self, call: &Call<'_>) -> m::CreatePartitionsResponse {
        controller(call, self.timeout_ms).await;
        let one = |topic: &m::create_partitions_request::CreatePartitionsTopic| {
            let given = topic.assignments.as_ref();
            let given: Option<Vec<_>> = given.map(|all| all.iter().map(|one| nodes(&one.broker_ids)).collect());
            let (count, only_ask) = (topic.count, self.validate_only);
            let shared = &call.inside.shared;
            let grown = shared.change(|cluster, _| cluster.grow(&topic.name, count, given.as_deref(), only_ask));
            let (code, why) = outcome(&grown);
            let answer = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
            answer.with_error_code(code).with_error_message(why)
        };
        m::CreatePartitionsResponse::default().with_results(self.topics.iter().map(one).collect())
    }
}
