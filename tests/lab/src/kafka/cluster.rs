//! What a broker says of its cluster: brokers, topics with their partitions, the controllers' quorum.
//! Reads the answers' bytes; it opens no connection.

use super::admin::AdminError;
use super::wire::{Malformed, Reader};

/// What a broker knows of its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The cluster's own identifier.
    pub cluster_id: String,
    /// Identifiers of the brokers that are registered and not fenced.
    pub brokers: Vec<i32>,
    /// The topics asked for, or all.
    pub topics: Vec<Topic>,
}

/// One topic as the metadata has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its identifier, in Kafka's base 64 spelling.
    pub id: String,
    /// Kafka's error code, 0 when the topic is there.
    pub error: i16,
    /// Whether Kafka keeps it for itself.
    pub internal: bool,
    /// Its partitions.
    pub partitions: Vec<Partition>,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number.
    pub index: i32,
    /// The broker that leads it, -1 for none.
    pub leader: i32,
    /// The brokers that hold it.
    pub replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub isr: Vec<i32>,
}

/// The controllers' quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    /// The active controller.
    pub leader: i32,
    /// Each voter and how long ago, in milliseconds, it last asked the leader; `None` if never.
    pub voters: Vec<(i32, Option<i64>)>,
}

/// Reads the answer to a metadata request of version 12.
pub fn read_metadata(bytes: &[u8]) -> Result<Metadata, AdminError> {
    let mut r = Reader::new(bytes);
    r.i32()?;
    let brokers = r.array(|r| {
        let id = r.i32()?;
        r.string()?;
        r.i32()?;
        r.nullable()?;
        r.end()?;
        Ok(id)
    })?;
    let cluster_id = r.string()?;
    r.i32()?;
    let topics = r.array(read_topic)?;
    Ok(Metadata { cluster_id, brokers, topics })
}

fn read_topic(r: &mut Reader<'_>) -> Result<Topic, Malformed> {
    let error = r.i16()?;
    let name = r.string()?;
    let id = uuid_text(&r.uuid()?);
    let internal = r.i8()? != 0;
    let partitions = r.array(|r| {
        r.i16()?;
        let index = r.i32()?;
        let leader = r.i32()?;
        r.i32()?;
        let replicas = r.array(Reader::i32)?;
        let isr = r.array(Reader::i32)?;
        r.array(Reader::i32)?;
        r.end()?;
        Ok(Partition { index, leader, replicas, isr })
    })?;
    r.i32()?;
    r.end()?;
    Ok(Topic { name, id, error, internal, partitions })
}

/// Reads the answer to a quorum request of version 1.
pub fn read_quorum(bytes: &[u8]) -> Result<Quorum, AdminError> {
    let mut r = Reader::new(bytes);
    let error = r.i16()?;
    if error != 0 {
        return Err(AdminError::Refused("describing the quorum", error, String::new()));
    }
    let mut topics = r.array(|r| {
        r.string()?;
        let partitions = r.array(read_quorum_partition)?;
        r.end()?;
        Ok(partitions)
    })?;
    let Some((error, quorum)) = topics.pop().and_then(|mut p| p.pop()) else {
        return Err(Malformed("a quorum without a partition".into()).into());
    };
    match error {
        0 => Ok(quorum),
        code => Err(AdminError::Refused("describing the quorum", code, String::new())),
    }
}

fn read_quorum_partition(r: &mut Reader<'_>) -> Result<(i16, Quorum), Malformed> {
    r.i32()?;
    let error = r.i16()?;
    let leader = r.i32()?;
    r.i32()?;
    r.i64()?;
    let voters = r.array(read_replica)?;
    let newest = voters.iter().map(|v| v.1).max().unwrap_or(-1);
    r.array(read_replica)?;
    r.end()?;
    // the leader's own time is its clock now, so the newest one is the reference
    let ago = |(id, at): &(i32, i64)| (*id, (*at >= 0).then(|| newest - at));
    Ok((error, Quorum { leader, voters: voters.iter().map(ago).collect() }))
}

/// A replica and when it last fetched, in milliseconds since 1970 or -1.
fn read_replica(r: &mut Reader<'_>) -> Result<(i32, i64), Malformed> {
    let id = r.i32()?;
    r.i64()?;
    let fetched = r.i64()?;
    r.i64()?;
    r.end()?;
    Ok((id, fetched))
}

/// Kafka's spelling of an identifier: base 64 for URLs, without padding.
pub fn uuid_text(bytes: &[u8; 16]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::wire::Writer;
    use super::*;

    #[test]
    fn metadata_is_read_with_leader_and_isr() {
        let mut w = Writer::default();
        w.i32(0);
        w.array(&[0, 2], |w, id| {
            w.i32(*id).string("host").i32(9092).nullable(None).end();
        });
        w.nullable(Some("cluster-x")).i32(2);
        w.array(&["t"], |w, name| {
            w.i16(0).nullable(Some(name)).raw(&[0xfb; 16]).bool(false);
            w.array(&[()], |w, ()| {
                w.i16(0).i32(1).i32(2).i32(5);
                w.array(&[0, 1, 2], |w, v| {
                    w.i32(*v);
                });
                w.array(&[0, 2], |w, v| {
                    w.i32(*v);
                });
                w.array(&[1], |w, v| {
                    w.i32(*v);
                });
                w.end();
            });
            w.i32(0).end();
        });
        let m = read_metadata(&w.into_bytes()).unwrap();
        assert_eq!(m.brokers, vec![0, 2]);
        assert_eq!(m.cluster_id, "cluster-x");
        assert_eq!(m.topics[0].id, "-_v7-_v7-_v7-_v7-_v7-w");
        let p = &m.topics[0].partitions[0];
        assert_eq!((p.index, p.leader, p.isr.clone()), (1, 2, vec![0, 2]));
    }

    fn quorum_bytes(error: i16) -> Vec<u8> {
        let mut w = Writer::default();
        w.i16(0);
        w.array(&["__cluster_metadata"], |w, name| {
            w.string(name);
            w.array(&[()], |w, ()| {
                w.i32(0).i16(error).i32(1).i32(4).i64(99);
                w.array(&[(0, 900), (1, 1000), (2, -1)], |w, (id, at)| {
                    w.i32(*id).i64(99).i64(*at).i64(*at).end();
                });
                w.array(&[(); 0], |_, ()| {}).end();
            });
            w.end();
        });
        w.end();
        w.into_bytes()
    }

    #[test]
    fn a_voter_that_never_fetched_has_no_age() {
        let q = read_quorum(&quorum_bytes(0)).unwrap();
        assert_eq!(q.leader, 1);
        assert_eq!(q.voters, vec![(0, Some(100)), (1, Some(0)), (2, None)]);
        assert!(matches!(read_quorum(&quorum_bytes(6)), Err(AdminError::Refused(_, 6, _))));
    }
}
