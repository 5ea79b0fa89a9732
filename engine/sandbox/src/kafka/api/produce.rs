//! Records come in.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages as m;
use kafka_protocol::protocol::Decodable;
use m::RequestHeader;
use m::produce_request::{PartitionProduceData, TopicProduceData};
use m::produce_response::{PartitionProduceResponse, TopicProduceResponse};

use super::{Answer, Answered, Call, written};
use crate::kafka::state::batch::Batch;
use crate::kafka::state::partition::Appended;

/// Answers a request to write; who does not want acknowledgements hears nothing, or the connection ends.
pub(super) async fn produced(call: &Call<'_>, header: &RequestHeader, mut frame: Bytes) -> Option<Answer> {
    let request = m::ProduceRequest::decode(&mut frame, call.version).ok()?;
    let silent = request.acks == 0;
    let answer = request.answered(call).await;
    if !silent {
        return written(header, call.version, &answer).map(Answer::Reply);
    }
    let failed = answer.responses.iter().flat_map(|topic| &topic.partition_responses).any(|one| one.error_code != 0);
    Some(if failed { Answer::Close } else { Answer::Silence })
}

/// What became of one partition's batch.
struct Outcome {
    topic: String,
    number: i32,
    appended: Result<Appended, ResponseError>,
}

impl Answered for m::ProduceRequest {
    async fn answered(self, call: &Call<'_>) -> m::ProduceResponse {
        let (all, time) = (self.acks == -1, Duration::from_millis(u64::try_from(self.timeout_ms).unwrap_or(0)));
        let refused = match self.acks {
            -1..=1 => self.transactional_id.as_ref().map(|_| ResponseError::UnsupportedVersion),
            _ => Some(ResponseError::InvalidRequiredAcks),
        };
        let mut outcomes: Vec<Outcome> = Vec::new();
        for TopicProduceData { name, partition_data, .. } in self.topic_data {
            for PartitionProduceData { index, records, .. } in partition_data {
                let appended = match refused {
                    Some(why) => Err(why),
                    None => append(call, &name, index, records.unwrap_or_default(), all),
                };
                outcomes.push(Outcome { topic: name.to_string(), number: index, appended });
            }
        }
        if all {
            wait(call, &mut outcomes, time).await;
        }
        m::ProduceResponse::default().with_responses(listed(call, outcomes))
    }
}

fn append(call: &Call<'_>, topic: &str, number: i32, records: Bytes, all: bool) -> Result<Appended, ResponseError> {
    let batch = Batch::read(records)?;
    call.inside.shared.touch(|cluster, _| cluster.append(call.node(), topic, number, &batch, all))
}

/// Waits until all that are in sync have what was written.
async fn wait(call: &Call<'_>, outcomes: &mut [Outcome], time: Duration) {
    let node = call.node();
    let (shared, end) = (&call.inside.shared, tokio::time::Instant::now() + time);
    for Outcome { topic, number, appended } in outcomes {
        let Ok(written) = *appended else { continue };
        let left = end.saturating_duration_since(tokio::time::Instant::now());
        let seen = shared.until(left, |cluster| cluster.acknowledged(node, topic, *number, written)).await;
        if let Err(why) = seen.unwrap_or(Err(ResponseError::RequestTimedOut)) {
            *appended = Err(why);
        }
    }
}

fn listed(call: &Call<'_>, outcomes: Vec<Outcome>) -> Vec<TopicProduceResponse> {
    let mut topics: Vec<TopicProduceResponse> = Vec::new();
    for Outcome { topic, number, appended } in outcomes {
        let one = PartitionProduceResponse::default().with_index(number).with_error_code(super::code(&appended));
        let start = call.inside.shared.look(|cluster| {
            cluster.topic(&topic).and_then(|topic| Ok(topic.partition(number)?.log().start())).unwrap_or(-1)
        });
        let one = match appended {
            Ok(written) => one.with_base_offset(written.base).with_log_start_offset(start),
            Err(_) => one.with_base_offset(-1),
        };
        match topics.last_mut().filter(|last| *last.name == *topic) {
            Some(last) => last.partition_responses.push(one),
            None => topics.push(
                TopicProduceResponse::default()
                    .with_name(super::text(topic).into())
                    .with_partition_responses(vec![one]),
            ),
        }
    }
    topics
}

impl Answered for m::InitProducerIdRequest {
    async fn answered(self, call: &Call<'_>) -> m::InitProducerIdResponse {
        if self.transactional_id.is_some() {
            let no = ResponseError::UnsupportedVersion.code();
            return m::InitProducerIdResponse::default().with_error_code(no).with_producer_id((-1).into());
        }
        let id = call.inside.shared.touch(|cluster, _| cluster.next_producer());
        m::InitProducerIdResponse::default().with_producer_id(id.into()).with_producer_epoch(0)
    }
}
