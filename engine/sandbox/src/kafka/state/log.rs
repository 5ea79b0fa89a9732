//! The log of a partition: batches by offset. Knows neither brokers nor who may read how far.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::batch::Batch;

/// A batch at its place.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The offset of its first record.
    pub base: i64,
    /// The offset after its last one.
    pub next: i64,
    /// The leader's epoch when it was written.
    pub epoch: i32,
    /// The batch, its offset and epoch filled in.
    pub batch: Batch,
}

/// A log. Offsets that no batch holds are gaps: readers pass over them.
#[derive(Debug, Default)]
pub struct Log {
    start: i64,
    end: i64,
    batches: VecDeque<Stored>,
}

impl Log {
    /// The first offset that may be read.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The offset that the next record will get.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.end
    }

    /// All batches, the oldest first.
    pub fn batches(&self) -> impl Iterator<Item = &Stored> {
        self.batches.iter()
    }

    /// Writes a batch at the end; gives the offset of its first record.
    pub fn append(&mut self, batch: &Batch, epoch: i32) -> i64 {
        let base = self.skip(batch.count);
        self.batches.push_back(Stored { base, next: self.end, epoch, batch: batch.placed(base, epoch) });
        base
    }

    /// Leaves a gap of so many offsets at the end; gives the first of them.
    pub fn skip(&mut self, count: i32) -> i64 {
        let base = self.end;
        self.end += i64::from(count);
        base
    }

    /// Whole batches from the one that holds `from` to those that end at `upto`, as long as they fit into `most`
    /// bytes; the first in any case.
    #[must_use]
    pub fn read(&self, from: i64, upto: i64, most: usize) -> Bytes {
        let first = self.batches.partition_point(|stored| stored.next <= from);
        let mut found = self.batches.range(first..).take_while(|stored| stored.next <= upto);
        let Some(one) = found.next() else { return Bytes::new() };
        let mut size = one.batch.bytes.len();
        let more: Vec<&Stored> = found
            .take_while(|stored| {
                size += stored.batch.bytes.len();
                size <= most
            })
            .collect();
        if more.is_empty() {
            return one.batch.bytes.clone();
        }
        let mut bytes = BytesMut::from(&one.batch.bytes[..]);
        more.into_iter().for_each(|stored| bytes.extend_from_slice(&stored.batch.bytes));
        bytes.freeze()
    }

    /// Forgets everything from this offset on.
    pub fn truncate(&mut self, end: i64) {
        self.batches.truncate(self.batches.partition_point(|stored| stored.next <= end));
        self.end = self.end.min(end);
        self.start = self.start.min(self.end);
    }

    /// Forgets everything before this offset.
    pub fn delete_before(&mut self, offset: i64) {
        self.start = self.start.max(offset.min(self.end));
        self.batches.drain(..self.batches.partition_point(|stored| stored.next <= self.start));
    }

    /// Time, offset and epoch of the first record below `upto` that is not older than `timestamp`.
    #[must_use]
    pub fn since(&self, timestamp: i64, upto: i64) -> Option<(i64, i64, i32)> {
        let below = self.batches.iter().take_while(|stored| stored.next <= upto);
        below.into_iter().find_map(|stored| {
            let (offset, time) = stored.batch.since(timestamp)?;
            Some((time, offset.max(self.start), stored.epoch))
        })
    }

    /// The latest time of a record below `upto`.
    #[must_use]
    pub fn latest(&self, upto: i64) -> Option<i64> {
        let below = self.batches.iter().take_while(|stored| stored.next <= upto);
        below.map(|stored| stored.batch.max_timestamp).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(timestamp: i64) -> Batch {
        Batch::of(None, Some("value".into()), timestamp).unwrap()
    }

    fn filled(count: i64) -> Log {
        let mut log = Log::default();
        (0..count).for_each(|at| {
            log.append(&one(at * 10), 0);
        });
        log
    }

    fn bases(mut bytes: Bytes) -> Vec<i64> {
        let heads = kafka_protocol::records::RecordBatchDecoder::decode_batch_info(&mut bytes).unwrap();
        heads.into_iter().map(|head| head.min_offset).collect()
    }

    #[test]
    fn what_is_read_begins_where_asked_and_ends_where_allowed() {
        let log = filled(5);
        assert_eq!(bases(log.read(1, 4, usize::MAX)), [1, 2, 3]);
        assert_eq!(bases(log.read(1, 4, 1)), [1]);
        assert!(log.read(4, 4, 1000).is_empty());
        assert!(log.read(5, 5, 1000).is_empty());
    }

    #[test]
    fn a_gap_is_passed_over() {
        let mut log = filled(2);
        assert_eq!((log.skip(3), log.end()), (2, 5));
        assert_eq!(log.append(&one(0), 0), 5);
        assert_eq!(bases(log.read(2, 6, usize::MAX)), [5]);
    }

    #[test]
    fn ends_can_be_cut() {
        let mut log = filled(5);
        log.truncate(3);
        log.delete_before(1);
        assert_eq!((log.start(), log.end(), bases(log.read(0, 9, usize::MAX))), (1, 3, vec![1, 2]));
        log.delete_before(99);
        assert_eq!((log.start(), log.end(), log.read(0, 9, 9).len()), (3, 3, 0));
    }

    #[test]
    fn records_are_found_by_time() {
        let log = filled(5);
        assert_eq!(log.since(11, 5), Some((20, 2, 0)));
        assert_eq!(log.since(11, 2), None);
        assert_eq!((log.since(41, 5), log.latest(5), log.latest(0)), (None, Some(40), None));
    }
}
