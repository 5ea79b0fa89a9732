//! Where records stand: offsets by place or time, and the deletion of old ones.

use kafka_protocol::ResponseError;
use kafka_protocol::messages as m;
use m::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use m::list_offsets_request::ListOffsetsPartition;
use m::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};

use super::fetch::same_epoch;
use super::{Answered, Call, code};
use crate::kafka::state::cluster::Cluster;

impl Answered for m::ListOffsetsRequest {
    async fn answered(self, call: &Call<'_>) -> m::ListOffsetsResponse {
        let topics = call.inside.shared.look(|cluster| {
            let topic = |topic: &m::list_offsets_request::ListOffsetsTopic| {
                let partitions = topic.partitions.iter().map(|asked| offset(&topic.name, asked, call, cluster));
                let answer = ListOffsetsTopicResponse::default().with_name(topic.name.clone());
                answer.with_partitions(partitions.collect())
            };
            self.topics.iter().map(topic).collect()
        });
        m::ListOffsetsResponse::default().with_topics(topics)
    }
}

fn offset(
    topic: &str,
    asked: &ListOffsetsPartition,
    call: &Call<'_>,
    cluster: &Cluster,
) -> ListOffsetsPartitionResponse {
    let (node, number) = (call.node(), asked.partition_index);
    let found = cluster.led(node, topic, number).and_then(|partition| {
        same_epoch(asked.current_leader_epoch, partition.epoch())?;
        cluster.offset(node, topic, number, asked.timestamp)
    });
    let shown = ListOffsetsPartitionResponse::default().with_partition_index(number).with_error_code(code(&found));
    match found {
        Ok(Some((time, offset, epoch))) => {
            let shown = shown.with_timestamp(time).with_offset(offset);
            if call.version >= 4 { shown.with_leader_epoch(epoch) } else { shown }
        }
        _ => shown.with_timestamp(-1).with_offset(-1),
    }
}

impl Answered for m::DeleteRecordsRequest {
    async fn answered(self, call: &Call<'_>) -> m::DeleteRecordsResponse {
        let topic = |topic: m::delete_records_request::DeleteRecordsTopic| {
            let one = |asked: &m::delete_records_request::DeleteRecordsPartition| {
                let (number, offset) = (asked.partition_index, asked.offset);
                let shared = &call.inside.shared;
                let deleted: Result<i64, ResponseError> =
                    shared.touch(|cluster, _| cluster.delete_before(call.node(), &topic.name, number, offset));
                let shown = DeleteRecordsPartitionResult::default().with_partition_index(number);
                shown.with_error_code(code(&deleted)).with_low_watermark(deleted.unwrap_or(-1))
            };
            let partitions = topic.partitions.iter().map(one).collect();
            DeleteRecordsTopicResult::default().with_name(topic.name.clone()).with_partitions(partitions)
        };
        m::DeleteRecordsResponse::default().with_topics(self.topics.into_iter().map(topic).collect())
    }
}
