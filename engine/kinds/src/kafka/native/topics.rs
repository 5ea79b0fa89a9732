//! What only these calls tell of topics and cluster: a topic's id, the controller.

use std::ffi::CString;
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka_sys as sys;

use super::{Op, call, first, item_error, owned, strange, there};

/// How brokers without topic ids write one.
const NO_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// The id of a topic; none if the brokers know no ids.
///
/// # Errors
/// The topic is not there, or the brokers did not answer.
pub(in super::super) fn topic_id<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    time: Duration,
) -> Result<Option<String>, KafkaError> {
    let name = CString::new(topic)?;
    let event = call(client, Op::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, time, |options, queue| {
        let mut names = [name.as_ptr()];
        // SAFETY: names, options and queue are alive; the call copies the collection before it returns.
        unsafe {
            let topics = sys::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
            sys::rd_kafka_DescribeTopics(client.native_ptr(), topics, options, queue);
            sys::rd_kafka_TopicCollection_destroy(topics);
        }
    })?;
    // SAFETY: what is read lives as long as the event; texts are copied.
    let id = unsafe {
        let result = there(sys::rd_kafka_event_DescribeTopics_result(event.ptr()))?;
        let mut count = 0;
        let topics = sys::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        let topic = first(topics, count).ok_or_else(strange)?.as_ptr();
        item_error(sys::rd_kafka_TopicDescription_error(topic))?;
        let id = sys::rd_kafka_TopicDescription_topic_id(topic);
        if id.is_null() { String::new() } else { owned(sys::rd_kafka_Uuid_base64str(id)) }
    };
    Ok(Some(id).filter(|id| !id.is_empty() && id != NO_ID))
}

/// The id of the broker that answers for the controller.
///
/// # Errors
/// No broker said so in time.
pub(in super::super) fn controller<C: ClientContext>(client: &Client<C>, time: Duration) -> Result<i32, KafkaError> {
    let millis = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the client is alive.
    match unsafe { sys::rd_kafka_controllerid(client.native_ptr(), millis) } {
        ..0 => Err(KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut)),
        id => Ok(id),
    }
}
