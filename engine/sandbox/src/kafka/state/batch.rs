//! A batch of records as a producer sends it: what its head says, and whether it is whole. What is compressed stays so.

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, Record, RecordBatchDecoder,
    RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};

/// Where things stand in a batch of version 2, and how long its head is.
const EPOCH: usize = 12;
const LAST_DELTA: usize = 23;
const MAX_TIMESTAMP: usize = 35;
const HEAD: usize = 61;

/// Who wrote a batch, and the number of its first record; only of idempotent producers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The producer's id.
    pub producer: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The number of the first record.
    pub sequence: i32,
}

/// A whole batch.
#[derive(Debug, Clone)]
pub struct Batch {
    /// How many records; at least one.
    pub count: i32,
    /// Who wrote it, if they said so.
    pub stamp: Option<Stamp>,
    /// The first record's time, in milliseconds since 1970.
    pub first_timestamp: i64,
    /// The latest record's.
    pub max_timestamp: i64,
    /// Whether the records can be read without a codec.
    pub plain: bool,
    /// All of it.
    pub bytes: Bytes,
}

impl Batch {
    /// Reads what a producer sent: exactly one batch, its checksum right.
    ///
    /// # Errors
    /// The protocol's code for what is wrong with it.
    pub fn read(bytes: Bytes) -> Result<Self, ResponseError> {
        if bytes.len() < HEAD {
            return Err(ResponseError::CorruptMessage);
        }
        let heads = RecordBatchDecoder::decode_batch_info(&mut bytes.clone());
        let [head] = &heads.map_err(|_| ResponseError::CorruptMessage)?[..] else {
            return Err(ResponseError::InvalidRecord);
        };
        if head.transactional {
            return Err(ResponseError::InvalidTxnState);
        }
        let numbered = int(&bytes, LAST_DELTA).checked_add(1) == Some(head.record_count);
        if head.control || head.record_count < 1 || !numbered {
            return Err(ResponseError::InvalidRecord);
        }
        let (producer, epoch, sequence) = (head.producer_id, head.producer_epoch, head.base_sequence);
        Ok(Self {
            count: head.record_count,
            stamp: (producer >= 0).then_some(Stamp { producer, epoch, sequence }),
            first_timestamp: head.min_timestamp,
            max_timestamp: long(&bytes, MAX_TIMESTAMP),
            plain: head.compression == Compression::None,
            bytes,
        })
    }

    /// A batch of one record, as a producer without idempotence would send it.
    ///
    /// # Errors
    /// It cannot be encoded.
    pub fn of(key: Option<Bytes>, value: Option<Bytes>, timestamp: i64) -> Result<Self, ResponseError> {
        let record = Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            timestamp_type: TimestampType::Creation,
            offset: 0,
            sequence: NO_SEQUENCE,
            timestamp,
            key,
            value,
            headers: IndexMap::new(),
        };
        let (mut bytes, options) =
            (BytesMut::new(), RecordEncodeOptions { version: 2, compression: Compression::None });
        RecordBatchEncoder::encode(&mut bytes, [&record], &options).map_err(|_| ResponseError::InvalidRecord)?;
        Self::read(bytes.freeze())
    }

    /// The same batch at its place in the log. Offset and epoch stand outside what the checksum covers.
    #[must_use]
    pub fn placed(&self, base: i64, epoch: i32) -> Self {
        let mut bytes = BytesMut::from(&self.bytes[..]);
        bytes[..8].copy_from_slice(&base.to_be_bytes());
        bytes[EPOCH..EPOCH + 4].copy_from_slice(&epoch.to_be_bytes());
        Self { bytes: bytes.freeze(), ..self.clone() }
    }

    /// Offset and time of the first record that is not older than `timestamp`; of compressed batches the first record.
    #[must_use]
    pub fn since(&self, timestamp: i64) -> Option<(i64, i64)> {
        if timestamp > self.max_timestamp {
            return None;
        }
        let first = (i64::from_be_bytes(array(&self.bytes, 0)), self.first_timestamp);
        if !self.plain || timestamp <= self.first_timestamp {
            return Some(first);
        }
        let records = RecordBatchDecoder::decode(&mut self.bytes.clone()).ok()?.records;
        let found = records.into_iter().find(|record| record.timestamp >= timestamp);
        found.map(|record| (record.offset, record.timestamp))
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..at + N).and_then(|piece| piece.try_into().ok()).unwrap_or([0; N])
}

fn int(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(array(bytes, at))
}

fn long(bytes: &[u8], at: usize) -> i64 {
    i64::from_be_bytes(array(bytes, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Batch {
        Batch::of(Some("k".into()), Some("v".into()), 7).unwrap()
    }

    #[test]
    fn a_batch_is_read_and_placed() {
        let batch = sample();
        assert_eq!((batch.count, batch.stamp, batch.max_timestamp, batch.plain), (1, None, 7, true));
        let placed = batch.placed(41, 3);
        let again = Batch::read(placed.bytes.clone()).unwrap();
        assert_eq!((again.count, placed.since(7), placed.since(8)), (1, Some((41, 7)), None));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let mut bytes = BytesMut::from(&sample().bytes[..]);
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert_eq!(Batch::read(bytes.freeze()).unwrap_err(), ResponseError::CorruptMessage);
        let cut = sample().bytes.slice(..40);
        assert_eq!(Batch::read(cut).unwrap_err(), ResponseError::CorruptMessage);
        let two = [&sample().bytes[..], &sample().bytes[..]].concat();
        assert_eq!(Batch::read(two.into()).unwrap_err(), ResponseError::InvalidRecord);
    }
}
