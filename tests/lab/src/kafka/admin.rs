//! The few admin requests the lab needs, over an unencrypted listener: metadata, quorum, topics, records.
//! Each call opens one connection and blocks at most `TIMEOUT`; run it off the async threads.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::wire::{Malformed, Reader, Writer};

/// How long a connect, a read or a write may take.
const TIMEOUT: Duration = Duration::from_secs(4);
/// An answer longer than this is not one of ours.
const LONGEST: usize = 16 << 20;

/// Why a request was not answered or not obeyed.
#[derive(Debug)]
pub enum AdminError {
    /// The broker could not be reached or fell silent.
    Io(String, std::io::Error),
    /// The answer is not what the format promises.
    Malformed(Malformed),
    /// The broker said no: its error code and its words, if any.
    Refused(&'static str, i16, String),
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(addr, e) => write!(f, "kafka at {addr}: {e}"),
            Self::Malformed(e) => e.fmt(f),
            Self::Refused(what, code, words) => write!(f, "{what}: Kafka error {code} {words}"),
        }
    }
}

impl std::error::Error for AdminError {}

impl From<Malformed> for AdminError {
    fn from(e: Malformed) -> Self {
        Self::Malformed(e)
    }
}

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

/// One broker's listener.
#[derive(Debug, Clone)]
pub struct Admin {
    addr: String,
}

impl Admin {
    /// Speaks to the listener at `addr` (`host:port`); nothing is opened yet.
    pub fn new(addr: impl Into<String>) -> Self {
        Self { addr: addr.into() }
    }

    fn io(&self, e: std::io::Error) -> AdminError {
        AdminError::Io(self.addr.clone(), e)
    }

    /// Sends one request with a flexible header and returns the answer's body behind its header.
    fn call(&self, key: i16, version: i16, body: Writer) -> Result<Vec<u8>, AdminError> {
        let request = frame(key, version, &body.into_bytes());
        let mut stream = self.connect().map_err(|e| self.io(e))?;
        let mut answer = || -> std::io::Result<Vec<u8>> {
            stream.write_all(&request)?;
            let mut size = [0; 4];
            stream.read_exact(&mut size)?;
            let size = u32::from_be_bytes(size) as usize;
            if size > LONGEST {
                return Err(std::io::Error::other(format!("an answer of {size} bytes")));
            }
            let mut bytes = vec![0; size];
            stream.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = answer().map_err(|e| self.io(e))?;
        let mut r = Reader::new(&bytes);
        r.i32()?; // the correlation, of the only request on this connection
        r.end()?;
        Ok(r.rest().to_vec())
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let addr = self
            .addr
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| std::io::Error::other("no address"))?;
        let stream = TcpStream::connect_timeout(&addr, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// The brokers and all topics.
    pub fn metadata(&self) -> Result<Metadata, AdminError> {
        let mut w = Writer::default();
        w.uvarint(0).bool(false).bool(false).end();
        read_metadata(&self.call(3, 12, w)?)
    }

    /// The controllers, as the active one sees them.
    pub fn quorum(&self) -> Result<Quorum, AdminError> {
        let mut w = Writer::default();
        w.array(&["__cluster_metadata"], |w, name| {
            w.string(name).array(&[0], |w, p| {
                w.i32(*p).end();
            });
            w.end();
        });
        w.end();
        read_quorum(&self.call(55, 1, w)?)
    }

    /// Makes a topic; `Refused` with code 36 if it is there already.
    pub fn create_topic(
        &self,
        name: &str,
        partitions: i32,
        replicas: i16,
        config: &[(String, String)],
    ) -> Result<(), AdminError> {
        let mut w = Writer::default();
        w.array(&[name], |w, name| {
            w.string(name).i32(partitions).i16(replicas);
            w.array(&[(); 0], |_, ()| {});
            w.array(config, |w, (key, value)| {
                w.string(key).nullable(Some(value)).end();
            });
            w.end();
        });
        w.i32(TIMEOUT.as_millis() as i32).bool(false).end();
        let bytes = self.call(19, 7, w)?;
        let mut r = Reader::new(&bytes);
        r.i32()?;
        refused(&mut r, "creating the topic", |r| {
            r.string()?;
            r.uuid()?;
            Ok((r.i16()?, r.string()?))
        })
    }

    /// Raises a topic's number of partitions to `count`.
    pub fn create_partitions(&self, name: &str, count: i32) -> Result<(), AdminError> {
        let mut w = Writer::default();
        w.array(&[name], |w, name| {
            w.string(name).i32(count).uvarint(0).end();
        });
        w.i32(TIMEOUT.as_millis() as i32).bool(false).end();
        let bytes = self.call(37, 3, w)?;
        let mut r = Reader::new(&bytes);
        r.i32()?;
        refused(&mut r, "adding partitions", |r| {
            r.string()?;
            Ok((r.i16()?, r.string()?))
        })
    }

    /// Sets a topic's settings, leaving the others as they are.
    pub fn set_config(&self, name: &str, config: &[(String, String)]) -> Result<(), AdminError> {
        const TOPIC: i8 = 2;
        let mut w = Writer::default();
        w.array(&[name], |w, name| {
            w.i8(TOPIC).string(name);
            w.array(config, |w, (key, value)| {
                w.string(key).i8(0).nullable(Some(value)).end();
            });
            w.end();
        });
        w.bool(false).end();
        let bytes = self.call(44, 1, w)?;
        let mut r = Reader::new(&bytes);
        r.i32()?;
        refused(&mut r, "setting the topic's config", |r| Ok((r.i16()?, r.string()?)))
    }

    /// Deletes a topic; `Refused` with code 3 if there is none.
    pub fn delete_topic(&self, name: &str) -> Result<(), AdminError> {
        let mut w = Writer::default();
        w.array(&[name], |w, name| {
            w.nullable(Some(name)).raw(&[0; 16]).end();
        });
        w.i32(TIMEOUT.as_millis() as i32).end();
        let bytes = self.call(20, 6, w)?;
        let mut r = Reader::new(&bytes);
        r.i32()?;
        refused(&mut r, "deleting the topic", |r| {
            r.string()?;
            r.uuid()?;
            Ok((r.i16()?, r.string()?))
        })
    }

    /// Deletes every record that these partitions hold now. Ask the broker that leads them.
    pub fn delete_records(&self, topic: &str, partitions: &[i32]) -> Result<(), AdminError> {
        const HIGH_WATERMARK: i64 = -1;
        let mut w = Writer::default();
        w.array(&[topic], |w, name| {
            w.string(name).array(partitions, |w, p| {
                w.i32(*p).i64(HIGH_WATERMARK).end();
            });
            w.end();
        });
        w.i32(TIMEOUT.as_millis() as i32).end();
        let bytes = self.call(21, 2, w)?;
        let mut r = Reader::new(&bytes);
        r.i32()?;
        r.array(|r| {
            r.string()?;
            r.array(|r| {
                r.i32()?;
                r.i64()?;
                let code = r.i16()?;
                r.end()?;
                Ok(code)
            })
        })?
        .into_iter()
        .flatten()
        .find(|code| *code != 0)
        .map_or(Ok(()), |code| Err(AdminError::Refused("deleting records", code, String::new())))
    }
}

/// Reads the one result of an array and returns its error.
fn refused(
    r: &mut Reader<'_>,
    what: &'static str,
    each: impl FnOnce(&mut Reader<'_>) -> Result<(i16, String), Malformed>,
) -> Result<(), AdminError> {
    let count = r.uvarint()?.saturating_sub(1);
    // the first is all there is: every request here names one topic
    match if count > 0 { each(r)? } else { (0, String::new()) } {
        (0, _) => Ok(()),
        (code, words) => Err(AdminError::Refused(what, code, words)),
    }
}

/// A request as it goes out: its size, the header with correlation 1, the body.
fn frame(key: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let client = b"lab";
    let mut head = Writer::default();
    head.i16(key).i16(version).i32(1).i16(client.len() as i16).raw(client).end();
    let head = head.into_bytes();
    let mut out = ((head.len() + body.len()) as u32).to_be_bytes().to_vec();
    out.extend(head);
    out.extend(body);
    out
}

fn read_metadata(bytes: &[u8]) -> Result<Metadata, AdminError> {
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

fn read_quorum(bytes: &[u8]) -> Result<Quorum, AdminError> {
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_size_header_and_body() {
        let bytes = frame(3, 12, &[7, 8]);
        assert_eq!(bytes[..4], [0, 0, 0, 16]);
        assert_eq!(bytes[4..8], [0, 3, 0, 12]);
        assert_eq!(&bytes[12..17], b"\0\x03lab");
        assert_eq!(bytes[17..], [0, 7, 8]);
    }

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

    #[test]
    fn a_silent_port_is_an_error_with_its_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        drop(listener);
        let e = Admin::new(&addr).metadata().unwrap_err();
        assert!(e.to_string().contains(&addr), "{e}");
    }
}
