//! Acknowledgements of written messages, counted as they come. Knows no topic and no deadline.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use serde_json::{Value as Json, json};

use super::trouble::{Trouble, in_words};

/// What became of the messages of one producer.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    acked: BTreeMap<i32, Acked>,
    failed: BTreeMap<String, u64>,
}

/// What was acknowledged in one partition.
#[derive(Debug, Default)]
struct Acked {
    count: u64,
    first: i64,
    last: i64,
}

impl Deliveries {
    /// How many were acknowledged.
    pub(super) fn acked(&self) -> u64 {
        self.acked.values().map(|here| here.count).sum()
    }

    /// How many were given up.
    pub(super) fn failed(&self) -> u64 {
        self.failed.values().sum()
    }

    /// How many were given up for which reason.
    pub(super) fn reasons(&self) -> &BTreeMap<String, u64> {
        &self.failed
    }

    /// Each partition with its acknowledged messages.
    pub(super) fn partitions(&self) -> Vec<Json> {
        let seen = |(id, here): (&i32, &Acked)| json!({ "id": id, "acked": here.count, "first": here.first, "last": here.last });
        self.acked.iter().map(seen).collect()
    }

    fn note(&mut self, partition: i32, offset: i64) {
        let here = self.acked.entry(partition).or_default();
        here.first = if here.count == 0 { offset } else { here.first.min(offset) };
        here.last = here.last.max(offset);
        here.count += 1;
    }
}

/// Counts for one producer.
#[derive(Default)]
pub(super) struct Counting {
    /// What is reported on the side.
    pub(super) trouble: Trouble,
    deliveries: Mutex<Deliveries>,
}

impl Counting {
    /// What has become of the messages so far.
    pub(super) fn deliveries(&self) -> MutexGuard<'_, Deliveries> {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Counting {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}
    fn error(&self, error: KafkaError, reason: &str) {
        self.trouble.error(error, reason);
    }
}

impl ProducerContext for Counting {
    type DeliveryOpaque = ();
    fn delivery(&self, outcome: &DeliveryResult<'_>, (): ()) {
        match outcome {
            Ok(message) => self.deliveries().note(message.partition(), message.offset()),
            Err((why, _)) => *self.deliveries().failed.entry(in_words(why)).or_default() += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_kept_by_partition_in_whatever_order_they_come() {
        let mut deliveries = Deliveries::default();
        for (partition, offset) in [(1, 8), (0, 3), (1, 7), (1, 9)] {
            deliveries.note(partition, offset);
        }
        let partition = |id: i32, acked: u64, first: i64, last: i64| json!({ "id": id, "acked": acked, "first": first, "last": last });
        assert_eq!(deliveries.partitions(), [partition(0, 1, 3, 3), partition(1, 3, 7, 9)]);
        assert_eq!((deliveries.acked(), deliveries.failed()), (4, 0));
    }
}
