//! Records go out. Fetch sessions are declined: every request says all that it wants.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages as m;
use m::fetch_request::{FetchPartition, FetchTopic};
use m::fetch_response::{FetchableTopicResponse, PartitionData};

use super::{Answered, Call};
use crate::kafka::state::cluster::Cluster;
use crate::kafka::state::records::Read;

impl Answered for m::FetchRequest {
    async fn answered(self, call: &Call<'_>) -> m::FetchResponse {
        if self.session_id != 0 {
            let unknown = ResponseError::FetchSessionIdNotFound.code();
            return m::FetchResponse::default().with_error_code(unknown);
        }
        let least = usize::try_from(self.min_bytes).unwrap_or(0);
        let look = |cluster: &Cluster| {
            let found = Found::all(&self, call, cluster);
            (found.size >= least || found.troubled).then_some(found.topics)
        };
        let time = Duration::from_millis(u64::try_from(self.max_wait_ms).unwrap_or(0));
        let found = call.inside.shared.until(time, look).await;
        let found = found.unwrap_or_else(|| call.inside.shared.look(|it| Found::all(&self, call, it).topics));
        m::FetchResponse::default().with_responses(found)
    }
}

/// What there is for a client now.
#[derive(Default)]
struct Found {
    topics: Vec<FetchableTopicResponse>,
    size: usize,
    troubled: bool,
}

impl Found {
    fn all(asked: &m::FetchRequest, call: &Call<'_>, cluster: &Cluster) -> Self {
        let mut found = Self::default();
        let most = usize::try_from(asked.max_bytes).unwrap_or(0);
        for topic in &asked.topics {
            let name = name(topic, call.version, cluster);
            let partitions = topic.partitions.iter().map(|one| found.one(name, one, most, call, cluster)).collect();
            let answer = FetchableTopicResponse::default().with_partitions(partitions);
            found.topics.push(match call.version {
                13.. => answer.with_topic_id(topic.topic_id),
                _ => answer.with_topic(topic.topic.clone()),
            });
        }
        found
    }

    fn one(
        &mut self,
        name: Option<&str>,
        asked: &FetchPartition,
        most: usize,
        call: &Call<'_>,
        cluster: &Cluster,
    ) -> PartitionData {
        let left = most.saturating_sub(self.size).min(usize::try_from(asked.partition_max_bytes).unwrap_or(0));
        let read = read(name, asked, left, call, cluster);
        let shown = PartitionData::default().with_partition_index(asked.partition).with_error_code(super::code(&read));
        match read {
            Err(_) => {
                self.troubled = true;
                shown.with_high_watermark(-1).with_records(Some(Bytes::new()))
            }
            Ok(read) => {
                // Only the first batch of an answer may be larger than what was asked for.
                let fits = self.size == 0 || read.records.len() <= left;
                let records = if fits { read.records } else { Bytes::new() };
                self.size += records.len();
                let shown = shown.with_high_watermark(read.watermark).with_last_stable_offset(read.watermark);
                shown.with_log_start_offset(read.start).with_records(Some(records))
            }
        }
    }
}

/// The topic's name; none if nothing has this id.
fn name<'a>(topic: &'a FetchTopic, version: i16, cluster: &'a Cluster) -> Option<&'a str> {
    if version >= 13 { cluster.name_of(topic.topic_id) } else { Some(&topic.topic) }
}

fn read(
    name: Option<&str>,
    asked: &FetchPartition,
    most: usize,
    call: &Call<'_>,
    cluster: &Cluster,
) -> Result<Read, ResponseError> {
    let name = name.ok_or(ResponseError::UnknownTopicId)?;
    let epoch = cluster.led(call.node(), name, asked.partition)?.epoch();
    same_epoch(asked.current_leader_epoch, epoch)?;
    cluster.read(call.node(), name, asked.partition, asked.fetch_offset, most)
}

/// Whether a client knows the present leader; -1 does not say.
pub(super) fn same_epoch(asked: i32, epoch: i32) -> Result<(), ResponseError> {
    match asked {
        ..0 => Ok(()),
        _ if asked < epoch => Err(ResponseError::FencedLeaderEpoch),
        _ if asked > epoch => Err(ResponseError::UnknownLeaderEpoch),
        _ => Ok(()),
    }
}
