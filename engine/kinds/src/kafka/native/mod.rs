//! The admin calls of librdkafka that its Rust wrapper does not offer: topic ids, groups, their offsets.
//! The only unsafe code of this crate; everything that leaves this folder is owned.
#![expect(unsafe_code, reason = "calls into librdkafka; each says why it is sound")]

mod groups;
mod topics;

use std::ffi::{CStr, c_char};
use std::ptr::{NonNull, null_mut};
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka_sys as sys;
use sys::rd_kafka_admin_op_t as Op;

#[cfg(test)]
pub(super) use groups::Member;
pub(super) use groups::{GroupState, committed, group};
pub(super) use topics::{controller, topic_id};

/// An answer of the brokers; freed with it, and all that points into it.
struct Event(NonNull<sys::rd_kafka_event_t>);

impl Event {
    fn ptr(&self) -> *mut sys::rd_kafka_event_t {
        self.0.as_ptr()
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: the event came from `rd_kafka_queue_poll`, is owned by us and freed once.
        unsafe { sys::rd_kafka_event_destroy(self.ptr()) }
    }
}

struct Queue(*mut sys::rd_kafka_queue_t);

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_queue_new`, freed once.
        unsafe { sys::rd_kafka_queue_destroy(self.0) }
    }
}

struct Options(*mut sys::rd_kafka_AdminOptions_t);

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_AdminOptions_new`, freed once, after the request has been sent.
        unsafe { sys::rd_kafka_AdminOptions_destroy(self.0) }
    }
}

/// Sends what `ask` asks with these options to this queue, and waits for its event.
fn call<C: ClientContext>(
    client: &Client<C>,
    op: Op,
    time: Duration,
    ask: impl FnOnce(*const sys::rd_kafka_AdminOptions_t, *mut sys::rd_kafka_queue_t),
) -> Result<Event, KafkaError> {
    let millis = i32::try_from(time.as_millis()).unwrap_or(i32::MAX).max(1);
    // SAFETY: the client outlives this call; queue and options are freed by their own `Drop`, the queue last.
    let (queue, options) = unsafe {
        let queue = Queue(sys::rd_kafka_queue_new(client.native_ptr()));
        let options = Options(sys::rd_kafka_AdminOptions_new(client.native_ptr(), op));
        let mut error: [c_char; 256] = [0; 256];
        sys::rd_kafka_AdminOptions_set_request_timeout(options.0, millis, error.as_mut_ptr(), error.len());
        (queue, options)
    };
    ask(options.0, queue.0);
    // SAFETY: the queue is alive; what it gives is ours to free.
    let event = unsafe { sys::rd_kafka_queue_poll(queue.0, millis.saturating_add(100)) };
    let event = Event(NonNull::new(event).ok_or(KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut))?);
    // SAFETY: the event is alive.
    checked(unsafe { sys::rd_kafka_event_error(event.ptr()) })?;
    Ok(event)
}

fn checked(error: sys::rd_kafka_resp_err_t) -> Result<(), KafkaError> {
    match error {
        sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        other => Err(KafkaError::AdminOp(other.into())),
    }
}

/// The error of one item of an answer; none is null.
fn item_error(error: *const sys::rd_kafka_error_t) -> Result<(), KafkaError> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: it is not null and lives as long as the event that the caller holds.
    checked(unsafe { sys::rd_kafka_error_code(error) })
}

/// An owned copy of a text; null is empty.
fn owned(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: librdkafka's texts end with a zero and live as long as the event that the caller holds.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// Topic, partition and offset of each element of a list; null is none.
fn partitions(list: *const sys::rd_kafka_topic_partition_list_t) -> Vec<(String, i32, i64)> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: the list lives as long as the event that the caller holds; `cnt` elements are there.
    let elements = unsafe {
        let count = usize::try_from((*list).cnt).unwrap_or(0);
        if count == 0 { &[] } else { std::slice::from_raw_parts((*list).elems, count) }
    };
    elements.iter().map(|element| (owned(element.topic), element.partition, element.offset)).collect()
}

/// The first of an array of pointers that an answer holds.
fn first<T>(items: *mut *const T, count: usize) -> Option<NonNull<T>> {
    if items.is_null() || count == 0 {
        return None;
    }
    // SAFETY: there is at least one element.
    NonNull::new(unsafe { *items }.cast_mut())
}

/// The answer was of another sort than what was asked: cannot happen, and is no observation.
fn strange() -> KafkaError {
    KafkaError::AdminOp(RDKafkaErrorCode::Inconsistent)
}

/// A result that may be null.
fn there<T>(result: *const T) -> Result<*const T, KafkaError> {
    if result.is_null() { Err(strange()) } else { Ok(result) }
}

/// Nothing to hand over.
const NOTHING: *mut sys::rd_kafka_topic_partition_list_t = null_mut();
