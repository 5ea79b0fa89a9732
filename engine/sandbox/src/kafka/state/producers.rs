//! What is known of the idempotent producers of a partition: which number comes next, and what was a repetition.

use std::collections::{BTreeMap, VecDeque};

use kafka_protocol::ResponseError;

use super::batch::Stamp;

/// So many batches of a producer can be recognised when they come again, as on real brokers.
const KEPT: usize = 5;

/// A batch that was written.
#[derive(Debug, Clone, Copy)]
struct Written {
    sequence: i32,
    last: i32,
    base: i64,
}

#[derive(Debug, Clone)]
struct Producer {
    epoch: i16,
    written: VecDeque<Written>,
}

/// The producers of one partition.
#[derive(Debug, Default, Clone)]
pub struct Producers(BTreeMap<i64, Producer>);

/// The number that comes so many after this one; after the highest comes 0.
fn after(sequence: i32, count: i32) -> i32 {
    let sum = i64::from(sequence) + i64::from(count);
    i32::try_from(sum % (i64::from(i32::MAX) + 1)).unwrap_or(0)
}

impl Producers {
    /// Whether a batch may be written; if it was written already, the offset that it has.
    ///
    /// # Errors
    /// Its epoch is over, or numbers before it are missing.
    pub fn check(&self, stamp: Stamp, count: i32) -> Result<Option<i64>, ResponseError> {
        // Who is not known may begin anywhere: it may be that all it wrote was deleted.
        let Some(known) = self.0.get(&stamp.producer) else { return Ok(None) };
        if stamp.epoch < known.epoch {
            return Err(ResponseError::InvalidProducerEpoch);
        }
        let expected = match known.written.back() {
            Some(last) if stamp.epoch == known.epoch => after(last.last, 1),
            _ => 0,
        };
        let last = after(stamp.sequence, count - 1);
        let again = known.written.iter().find(|one| (one.sequence, one.last) == (stamp.sequence, last));
        match again.filter(|_| stamp.epoch == known.epoch) {
            Some(again) => Ok(Some(again.base)),
            None if stamp.sequence == expected => Ok(None),
            None => Err(ResponseError::OutOfOrderSequenceNumber),
        }
    }

    /// Notes what was written.
    pub fn note(&mut self, stamp: Stamp, count: i32, base: i64) {
        let producer =
            self.0.entry(stamp.producer).or_insert_with(|| Producer { epoch: stamp.epoch, written: VecDeque::new() });
        if producer.epoch != stamp.epoch {
            *producer = Producer { epoch: stamp.epoch, written: VecDeque::new() };
        }
        producer.written.push_back(Written { sequence: stamp.sequence, last: after(stamp.sequence, count - 1), base });
        if producer.written.len() > KEPT {
            producer.written.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(epoch: i16, sequence: i32) -> Stamp {
        Stamp { producer: 1, epoch, sequence }
    }

    fn known(batches: i32) -> Producers {
        let mut producers = Producers::default();
        (0..batches).for_each(|at| producers.note(stamp(0, at * 10), 10, i64::from(at) * 100));
        producers
    }

    #[test]
    fn numbers_follow_one_another() {
        let producers = known(2);
        assert_eq!(producers.check(stamp(0, 20), 5), Ok(None));
        assert_eq!(producers.check(stamp(0, 25), 5), Err(ResponseError::OutOfOrderSequenceNumber));
        assert_eq!(producers.check(Stamp { producer: 2, ..stamp(0, 77) }, 1), Ok(None));
    }

    #[test]
    fn a_repetition_is_recognised_as_long_as_it_is_kept() {
        let producers = known(6);
        assert_eq!(producers.check(stamp(0, 10), 10), Ok(Some(100)));
        assert_eq!(producers.check(stamp(0, 0), 10), Err(ResponseError::OutOfOrderSequenceNumber));
        assert_eq!(producers.check(stamp(0, 10), 9), Err(ResponseError::OutOfOrderSequenceNumber));
    }

    #[test]
    fn an_epoch_begins_at_zero_and_ends_those_before() {
        let mut producers = known(1);
        assert_eq!(producers.check(stamp(1, 3), 1), Err(ResponseError::OutOfOrderSequenceNumber));
        assert_eq!(producers.check(stamp(1, 0), 1), Ok(None));
        producers.note(stamp(1, 0), 1, 10);
        assert_eq!(producers.check(stamp(0, 10), 1), Err(ResponseError::InvalidProducerEpoch));
        assert_eq!(producers.check(stamp(1, 1), 1), Ok(None));
    }

    #[test]
    fn numbers_begin_again_behind_the_highest() {
        assert_eq!((after(i32::MAX, 1), after(i32::MAX - 1, 3), after(0, 0)), (0, 1, 0));
    }
}
