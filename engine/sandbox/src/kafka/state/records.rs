//! Records go in and come out: what a broker does with a batch, and how far it lets read.

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::Node;
use super::batch::Batch;
use super::cluster::Cluster;
use super::partition::{Appended, Partition};

/// Where a partition stands, and records of it.
#[derive(Debug, Clone)]
pub struct Read {
    /// The first offset that is there.
    pub start: i64,
    /// Records below this may be read.
    pub watermark: i64,
    /// Whole batches; the first may begin before the asked offset.
    pub records: Bytes,
}

impl Cluster {
    /// Writes a batch at its leader. `all`: enough replicas must be in sync.
    ///
    /// # Errors
    /// The protocol's code for why not.
    pub fn append(
        &mut self,
        node: Node,
        topic: &str,
        number: i32,
        batch: &Batch,
        all: bool,
    ) -> Result<Appended, ResponseError> {
        let in_sync = self.led(node, topic, number)?.isr().len();
        let found = self.topic(topic)?;
        if found.internal {
            return Err(ResponseError::InvalidTopicException);
        }
        if all && in_sync < self.min_insync(topic) {
            return Err(ResponseError::NotEnoughReplicas);
        }
        let most = found.number("max.message.bytes", &self.settings);
        if i64::try_from(batch.bytes.len()).is_ok_and(|size| size > most) {
            return Err(ResponseError::MessageTooLarge);
        }
        if self.brokers.disk_full(node) {
            return Err(ResponseError::KafkaStorageError);
        }
        let (active, lost) = (self.active(), self.losing.iter().any(|pattern| fits(pattern, topic)));
        let topic = self.topics.get_mut(topic).ok_or(ResponseError::UnknownTopicOrPartition)?;
        topic.partition_mut(number)?.append(batch, lost, &active)
    }

    /// So many replicas must be in sync to write to this topic with `acks=all`.
    fn min_insync(&self, topic: &str) -> usize {
        let least = self.topics.get(topic).map_or(1, |topic| topic.number("min.insync.replicas", &self.settings));
        usize::try_from(least).unwrap_or(1)
    }

    /// Whether all replicas in sync have what was appended; none while that is still to be seen.
    pub fn acknowledged(
        &self,
        node: Node,
        topic: &str,
        number: i32,
        appended: Appended,
    ) -> Option<Result<(), ResponseError>> {
        let partition = match self.led(node, topic, number) {
            Ok(partition) if partition.epoch() == appended.epoch => partition,
            Ok(_) => return Some(Err(ResponseError::NotLeaderOrFollower)),
            Err(why) => return Some(Err(why)),
        };
        match (partition.watermark() >= appended.end, partition.isr().len() >= self.min_insync(topic)) {
            (true, true) => Some(Ok(())),
            (true, false) => Some(Err(ResponseError::NotEnoughReplicasAfterAppend)),
            (false, _) => None,
        }
    }

    /// Reads from an offset, at most so many bytes or one batch.
    ///
    /// # Errors
    /// The protocol's code for why not.
    pub fn read(&self, node: Node, topic: &str, number: i32, from: i64, most: usize) -> Result<Read, ResponseError> {
        let partition = self.led(node, topic, number)?;
        let log = partition.log();
        if from < log.start() || from > log.end() {
            return Err(ResponseError::OffsetOutOfRange);
        }
        let watermark = partition.watermark();
        Ok(Read { start: log.start(), watermark, records: log.read(from, watermark, most) })
    }

    /// Time, offset and epoch of what is asked: -1 the end, -2 the start, -3 the latest record, else the first record
    /// that is not older than this time. None: there is no such record.
    ///
    /// # Errors
    /// The protocol's code for why not.
    pub fn offset(
        &self,
        node: Node,
        topic: &str,
        number: i32,
        time: i64,
    ) -> Result<Option<(i64, i64, i32)>, ResponseError> {
        let partition = self.led(node, topic, number)?;
        let (log, watermark) = (partition.log(), partition.watermark());
        Ok(match time {
            -1 => Some((-1, watermark, partition.epoch())),
            -2 => Some((-1, log.start(), partition.epoch())),
            -3 => log.latest(watermark).and_then(|latest| log.since(latest, watermark)),
            ..-3 => return Err(ResponseError::UnsupportedVersion),
            _ => log.since(time, watermark),
        })
    }

    /// Deletes what is before an offset (-1: everything that can be read); gives the offset that is first now.
    ///
    /// # Errors
    /// The protocol's code for why not.
    pub fn delete_before(&mut self, node: Node, topic: &str, number: i32, offset: i64) -> Result<i64, ResponseError> {
        let watermark = self.led(node, topic, number).map(Partition::watermark)?;
        let upto = if offset == -1 { watermark } else { offset };
        if upto < 0 || upto > watermark {
            return Err(ResponseError::OffsetOutOfRange);
        }
        let found = self.topics.get_mut(topic).ok_or(ResponseError::UnknownTopicOrPartition)?;
        let partition = found.partition_mut(number)?;
        partition.delete_before(upto);
        Ok(partition.log().start())
    }
}

/// Whether a topic is the one of this pattern: its name, or its beginning and `*`.
fn fits(pattern: &str, topic: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => topic.starts_with(beginning),
        None => pattern == topic,
    }
}
