//! Consumer groups: state, members, committed offsets.

use std::ffi::{CStr, CString};
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::error::KafkaError;
use rdkafka_sys as sys;

use super::{NOTHING, Op, call, first, item_error, owned, partitions, strange, there};

/// A consumer group as its coordinator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct GroupState {
    /// `Stable`, `Empty`, `PreparingRebalance`, …; `Dead` is a group that is not there.
    pub(in super::super) state: String,
    /// How partitions are shared out: `range`, `cooperative-sticky`, …
    pub(in super::super) assignor: String,
    /// Its members.
    pub(in super::super) members: Vec<Member>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Member {
    /// The id that the coordinator gave it.
    pub(in super::super) id: String,
    /// The id that it gave itself.
    pub(in super::super) client: String,
    /// Where it connects from.
    pub(in super::super) host: String,
    /// Topic and partition of what it reads.
    pub(in super::super) partitions: Vec<(String, i32)>,
}

/// Describes a group.
///
/// # Errors
/// The coordinator did not answer, or refused.
pub(in super::super) fn group<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    time: Duration,
) -> Result<GroupState, KafkaError> {
    let name = CString::new(group)?;
    let event = call(client, Op::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, time, |options, queue| {
        let mut names = [name.as_ptr()];
        // SAFETY: names, options and queue are alive; the call copies the names before it returns.
        unsafe {
            let client = client.native_ptr();
            sys::rd_kafka_DescribeConsumerGroups(client, names.as_mut_ptr(), names.len(), options, queue);
        }
    })?;
    // SAFETY: what is read lives as long as the event, which ends after this; all of it is copied.
    unsafe {
        let result = there(sys::rd_kafka_event_DescribeConsumerGroups_result(event.ptr()))?;
        let mut count = 0;
        let groups = sys::rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count);
        let group = first(groups, count).ok_or_else(strange)?.as_ptr();
        item_error(sys::rd_kafka_ConsumerGroupDescription_error(group))?;
        let state = sys::rd_kafka_ConsumerGroupDescription_state(group);
        let members = sys::rd_kafka_ConsumerGroupDescription_member_count(group);
        Ok(GroupState {
            state: owned(sys::rd_kafka_consumer_group_state_name(state)),
            assignor: owned(sys::rd_kafka_ConsumerGroupDescription_partition_assignor(group)),
            members: (0..members).map(|at| member(sys::rd_kafka_ConsumerGroupDescription_member(group, at))).collect(),
        })
    }
}

/// A copy of a member that the caller's event holds.
fn member(member: *const sys::rd_kafka_MemberDescription_t) -> Member {
    // SAFETY: the caller holds the event that the member lives in; null has no assignment to read.
    unsafe {
        let assignment = sys::rd_kafka_MemberDescription_assignment(member);
        let read = if assignment.is_null() {
            NOTHING
        } else {
            sys::rd_kafka_MemberAssignment_partitions(assignment).cast_mut()
        };
        Member {
            id: owned(sys::rd_kafka_MemberDescription_consumer_id(member)),
            client: owned(sys::rd_kafka_MemberDescription_client_id(member)),
            host: owned(sys::rd_kafka_MemberDescription_host(member)),
            partitions: partitions(read).into_iter().map(|(topic, partition, _)| (topic, partition)).collect(),
        }
    }
}

/// Topic, partition and offset of everything that the group has committed.
///
/// # Errors
/// The coordinator did not answer, or refused.
pub(in super::super) fn committed<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    time: Duration,
) -> Result<Vec<(String, i32, i64)>, KafkaError> {
    let name = CString::new(group)?;
    let event = call(client, Op::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, time, |options, queue| {
        ask_committed(client, &name, options, queue);
    })?;
    // SAFETY: what is read lives as long as the event; all of it is copied.
    let committed = unsafe {
        let result = there(sys::rd_kafka_event_ListConsumerGroupOffsets_result(event.ptr()))?;
        let mut count = 0;
        let groups = sys::rd_kafka_ListConsumerGroupOffsets_result_groups(result, &raw mut count);
        let group = first(groups, count).ok_or_else(strange)?.as_ptr();
        item_error(sys::rd_kafka_group_result_error(group))?;
        partitions(sys::rd_kafka_group_result_partitions(group))
    };
    Ok(committed.into_iter().filter(|(_, _, offset)| *offset >= 0).collect())
}

fn ask_committed<C: ClientContext>(
    client: &Client<C>,
    group: &CStr,
    options: *const sys::rd_kafka_AdminOptions_t,
    queue: *mut sys::rd_kafka_queue_t,
) {
    // SAFETY: name, options and queue are alive; the call copies what it is handed; no list means all partitions.
    unsafe {
        let mut asked = [sys::rd_kafka_ListConsumerGroupOffsets_new(group.as_ptr(), NOTHING)];
        sys::rd_kafka_ListConsumerGroupOffsets(client.native_ptr(), asked.as_mut_ptr(), asked.len(), options, queue);
        sys::rd_kafka_ListConsumerGroupOffsets_destroy(asked[0]);
    }
}
