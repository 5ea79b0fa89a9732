//! Where a topic's partitions end, and how far a consumer has come. Commits only what it is handed.

use std::time::Duration;

use checkrun_model::Broken;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use serde_json::{Value as Json, json};

use super::reader::Reader;
use super::sequence::Tally;
use super::trouble::Trouble;
use super::worker::Clock;

/// Where a partition ends, and how far it was read.
struct End {
    /// The next offset that a message would get.
    end: i64,
    /// The next offset that would be read; with a group: that is committed.
    position: i64,
}

impl End {
    fn lag(&self) -> i64 {
        (self.end - self.position).max(0)
    }

    fn seen(&self, id: usize, tally: &Tally) -> Json {
        let here = i32::try_from(id).ok().and_then(|id| tally.partitions.get(&id)).cloned().unwrap_or_default();
        let mut seen =
            json!({ "id": id, "read": here.read, "end": self.end, "position": self.position, "lag": self.lag() });
        if let (Some(first), Some(last)) = (here.first, here.last) {
            seen["first"] = first.into();
            seen["last"] = last.into();
        }
        seen
    }
}

/// The topic that is read, and whether what was read is committed.
pub(super) struct Reading<'a> {
    /// The topic.
    pub(super) topic: &'a str,
    /// How many partitions it has.
    pub(super) partitions: i32,
    /// Whether it is read as a group.
    pub(super) commits: bool,
}

/// The ends of all partitions.
pub(super) struct Ends(Vec<End>);

impl Ends {
    /// Commits if that is asked for, and then asks where everything stands.
    ///
    /// # Errors
    /// The brokers did not answer, or did not take the commit.
    pub(super) fn of(
        reading: &Reading<'_>,
        reader: &Reader,
        consumer: &BaseConsumer<Trouble>,
        clock: &Clock,
    ) -> Result<Self, Broken> {
        let broken =
            |what: &str, why: &KafkaError| consumer.context().broken(&format!("{what} of {}", reading.topic), why);
        let position = consumer.position().map_err(|why| broken("position", &why))?;
        let reached = match reading.commits {
            true => committed(consumer, reading, &position, clock).map_err(|why| broken("committing offsets", &why))?,
            false => position,
        };
        let ends = (0..reading.partitions).map(|partition| {
            let (low, end) = reader.watermarks(reading.topic, partition, clock)?;
            let at = reached.find_partition(reading.topic, partition).and_then(|found| found.offset().to_raw());
            Ok(End { end, position: at.filter(|at| *at >= 0).unwrap_or(low) })
        });
        ends.collect::<Result<_, Broken>>().map(Self)
    }

    /// What is left to read, over all partitions.
    pub(super) fn lag(&self) -> i64 {
        self.0.iter().map(End::lag).sum()
    }

    /// Each partition, with what was read of it.
    pub(super) fn seen(&self, tally: &Tally) -> Vec<Json> {
        self.0.iter().enumerate().map(|(id, end)| end.seen(id, tally)).collect()
    }
}

/// Commits what was read, and asks the group what it has committed.
fn committed(
    consumer: &BaseConsumer<Trouble>,
    reading: &Reading<'_>,
    position: &TopicPartitionList,
    clock: &Clock,
) -> Result<TopicPartitionList, KafkaError> {
    let mut read = TopicPartitionList::new();
    for element in position.elements() {
        if element.offset().to_raw().is_some_and(|offset| offset >= 0) {
            read.add_partition_offset(reading.topic, element.partition(), element.offset())?;
        }
    }
    if read.count() > 0 {
        consumer.commit(&read, CommitMode::Sync)?;
    }
    let mut all = TopicPartitionList::new();
    all.add_partition_range(reading.topic, 0, reading.partitions - 1);
    consumer.committed_offsets(all, clock.slice(Duration::from_secs(10)))
}
