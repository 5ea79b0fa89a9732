//! What groups have read: offsets are committed, read back and deleted.

use std::time::Duration;

use kafka_protocol::ResponseError as Code;
use kafka_protocol::messages as m;
use m::offset_commit_request::OffsetCommitRequestPartition;
use m::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use m::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use m::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};

use super::groups::must_coordinate;
use super::{Answered, Call, code, text};
use crate::kafka::state::Millis;
use crate::kafka::state::cluster::Cluster;
use crate::kafka::state::group::Committed;

/// So long a commit waits for all in sync, as Kafka's `offsets.commit.timeout.ms`.
const PATIENCE: Duration = Duration::from_secs(5);

impl Answered for m::OffsetCommitRequest {
    async fn answered(self, call: &Call<'_>) -> m::OffsetCommitResponse {
        let kept = |cluster: &Cluster| cluster.keeps_offsets(&self.group_id).then_some(());
        let kept = call.inside.shared.until(PATIENCE, kept).await.ok_or(Code::CoordinatorNotAvailable);
        let topics = call.inside.shared.touch(|cluster, now| {
            let may = may_commit(&self, call, cluster, now).and(kept);
            let topic = |topic: &m::offset_commit_request::OffsetCommitRequestTopic| {
                let one = |asked: &OffsetCommitRequestPartition| {
                    let done = may.and_then(|()| commit(&self.group_id, &topic.name, asked, cluster));
                    let answer = OffsetCommitResponsePartition::default().with_partition_index(asked.partition_index);
                    answer.with_error_code(code(&done))
                };
                let partitions = topic.partitions.iter().map(one).collect();
                OffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions)
            };
            self.topics.iter().map(topic).collect()
        });
        m::OffsetCommitResponse::default().with_topics(topics)
    }
}

fn may_commit(
    request: &m::OffsetCommitRequest,
    call: &Call<'_>,
    cluster: &mut Cluster,
    now: Millis,
) -> Result<(), Code> {
    let group = &*request.group_id;
    must_coordinate(cluster, call.node(), group)?;
    cluster.enough_for_offsets(group)?;
    cluster.groups.may_commit(group, &request.member_id, request.generation_id_or_member_epoch, now)
}

fn commit(group: &str, topic: &str, asked: &OffsetCommitRequestPartition, cluster: &mut Cluster) -> Result<(), Code> {
    cluster.topic(topic)?.partition(asked.partition_index)?;
    let note = asked.committed_metadata.as_ref().map_or_else(String::new, ToString::to_string);
    let committed = Committed { offset: asked.committed_offset, epoch: asked.committed_leader_epoch, note };
    cluster.groups.commit(group, topic, asked.partition_index, committed)
}

/// What is asked of a group: topics with their partitions; none: all that it has committed.
type Asked = Option<Vec<(String, Vec<i32>)>>;

/// Topics with their partitions and what is committed of each.
type Found = Vec<(String, Vec<(i32, Option<Committed>)>)>;

fn found(group: &str, asked: Asked, cluster: &Cluster) -> Found {
    let offsets = cluster.groups.group(group).map(|group| &group.offsets);
    let at = |topic: &str, number: i32| offsets.and_then(|all| all.get(&(topic.to_owned(), number)).cloned());
    if let Some(asked) = asked {
        let one = |(topic, numbers): (String, Vec<i32>)| {
            let partitions = numbers.into_iter().map(|number| (number, at(&topic, number))).collect();
            (topic, partitions)
        };
        return asked.into_iter().map(one).collect();
    }
    let mut all: Found = Vec::new();
    for ((topic, number), committed) in offsets.into_iter().flatten() {
        let one = (*number, Some(committed.clone()));
        match all.last_mut().filter(|(last, _)| last == topic) {
            Some((_, partitions)) => partitions.push(one),
            None => all.push((topic.clone(), vec![one])),
        }
    }
    all
}

impl Answered for m::OffsetFetchRequest {
    async fn answered(self, call: &Call<'_>) -> m::OffsetFetchResponse {
        let answer = m::OffsetFetchResponse::default();
        call.inside.shared.look(|cluster| match call.version {
            8.. => answer.with_groups(self.groups.iter().map(|group| of_group(group, call, cluster)).collect()),
            _ => of_one(&self, call, cluster),
        })
    }
}

/// As older versions ask it.
fn of_one(request: &m::OffsetFetchRequest, call: &Call<'_>, cluster: &Cluster) -> m::OffsetFetchResponse {
    let may = must_coordinate(cluster, call.node(), &request.group_id);
    let asked = request
        .topics
        .as_ref()
        .map(|all| all.iter().map(|topic| (topic.name.to_string(), topic.partition_indexes.clone())).collect());
    let shown = |(number, committed): (i32, Option<Committed>)| {
        let one = OffsetFetchResponsePartition::default().with_partition_index(number).with_error_code(code(&may));
        let (offset, epoch, note) = told(committed);
        let one = one.with_committed_offset(offset).with_metadata(Some(text(note)));
        if call.version >= 5 { one.with_committed_leader_epoch(epoch) } else { one }
    };
    let topic = |(name, partitions): (String, Vec<_>)| {
        let answer = OffsetFetchResponseTopic::default().with_name(text(name).into());
        answer.with_partitions(partitions.into_iter().map(shown).collect())
    };
    let topics = found(&request.group_id, asked, cluster).into_iter().map(topic).collect();
    let answer = m::OffsetFetchResponse::default().with_topics(topics);
    if call.version >= 2 { answer.with_error_code(code(&may)) } else { answer }
}

fn of_group(
    asked: &m::offset_fetch_request::OffsetFetchRequestGroup,
    call: &Call<'_>,
    cluster: &Cluster,
) -> OffsetFetchResponseGroup {
    let answer = OffsetFetchResponseGroup::default().with_group_id(asked.group_id.clone());
    if let Err(why) = must_coordinate(cluster, call.node(), &asked.group_id) {
        return answer.with_error_code(why.code());
    }
    let wanted = asked.topics.as_ref();
    let wanted =
        wanted.map(|all| all.iter().map(|topic| (topic.name.to_string(), topic.partition_indexes.clone())).collect());
    let shown = |(number, committed): (i32, Option<Committed>)| {
        let (offset, epoch, note) = told(committed);
        let one = OffsetFetchResponsePartitions::default().with_partition_index(number).with_committed_offset(offset);
        one.with_committed_leader_epoch(epoch).with_metadata(Some(text(note)))
    };
    let topic = |(name, partitions): (String, Vec<_>)| {
        let answer = OffsetFetchResponseTopics::default().with_name(text(name).into());
        answer.with_partitions(partitions.into_iter().map(shown).collect())
    };
    answer.with_topics(found(&asked.group_id, wanted, cluster).into_iter().map(topic).collect())
}

/// Offset, epoch and note of what was committed; -1 if nothing was.
fn told(committed: Option<Committed>) -> (i64, i32, String) {
    committed.map_or((-1, -1, String::new()), |committed| (committed.offset, committed.epoch, committed.note))
}

impl Answered for m::OffsetDeleteRequest {
    async fn answered(self, call: &Call<'_>) -> m::OffsetDeleteResponse {
        let group = &*self.group_id;
        call.inside.shared.touch(|cluster, _| {
            let may = must_coordinate(cluster, call.node(), group);
            let may = may.and_then(|()| cluster.groups.group(group).map(|_| ()).ok_or(Code::GroupIdNotFound));
            let answer = m::OffsetDeleteResponse::default().with_error_code(code(&may));
            if may.is_err() {
                return answer;
            }
            let topic = |topic: &m::offset_delete_request::OffsetDeleteRequestTopic| {
                let one = |asked: &m::offset_delete_request::OffsetDeleteRequestPartition| {
                    let done = cluster.groups.delete_offset(group, &topic.name, asked.partition_index);
                    let answer = OffsetDeleteResponsePartition::default().with_partition_index(asked.partition_index);
                    answer.with_error_code(code(&done))
                };
                let partitions = topic.partitions.iter().map(one).collect();
                OffsetDeleteResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions)
            };
            answer.with_topics(self.topics.iter().map(topic).collect())
        })
    }
}
