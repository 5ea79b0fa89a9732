//! The few admin requests the lab needs, over an unencrypted listener: metadata, quorum, topics, records.
//! Each call opens one connection and blocks; run it off the async threads.

use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::cluster::{Metadata, Quorum, read_metadata, read_quorum};
use super::wire::{Malformed, Reader, Writer};

/// How long a connect, a read or a write may take, unless said otherwise.
const PATIENCE: Duration = Duration::from_secs(4);
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
            Self::Io(addr, e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                write!(f, "kafka at {addr} does not answer in time")
            }
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

/// One broker's listener.
#[derive(Debug, Clone)]
pub struct Admin {
    addr: String,
    patience: Duration,
}

impl Admin {
    /// Speaks to the listener at `addr` (`host:port`); nothing is opened yet.
    pub fn new(addr: impl Into<String>) -> Self {
        Self { addr: addr.into(), patience: PATIENCE }
    }

    /// Gives up on a connect, a read or a write after `patience`.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
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
        let addr = self.addr.to_socket_addrs()?.next().ok_or_else(|| std::io::Error::other("no address"))?;
        let stream = TcpStream::connect_timeout(&addr, self.patience)?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
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
        w.i32(PATIENCE.as_millis() as i32).bool(false).end();
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
        w.i32(PATIENCE.as_millis() as i32).bool(false).end();
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
        let all: Vec<_> = config.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect();
        self.alter(TOPIC, name, &all)
    }

    /// Sets settings of the broker asked, whose number is `id`; those without a value are again what its file says.
    pub fn set_broker_config(&self, id: usize, config: &[(&str, Option<&str>)]) -> Result<(), AdminError> {
        const BROKER: i8 = 4;
        self.alter(BROKER, &id.to_string(), config)
    }

    fn alter(&self, resource: i8, name: &str, config: &[(&str, Option<&str>)]) -> Result<(), AdminError> {
        const SET: i8 = 0;
        const DELETE: i8 = 1;
        let mut w = Writer::default();
        w.array(&[name], |w, name| {
            w.i8(resource).string(name);
            w.array(config, |w, (key, value)| {
                w.string(key).i8(if value.is_some() { SET } else { DELETE }).nullable(*value).end();
            });
            w.end();
        });
        w.bool(false).end();
        let bytes = self.call(44, 1, w)?;
        let mut r = Reader::new(&bytes);
        r.i32()?;
        refused(&mut r, "changing settings", |r| Ok((r.i16()?, r.string()?)))
    }

    /// Deletes a topic; `Refused` with code 3 if there is none.
    pub fn delete_topic(&self, name: &str) -> Result<(), AdminError> {
        let mut w = Writer::default();
        w.array(&[name], |w, name| {
            w.nullable(Some(name)).raw(&[0; 16]).end();
        });
        w.i32(PATIENCE.as_millis() as i32).end();
        let bytes = self.call(20, 6, w)?;
        let mut r = Reader::new(&bytes);
        r.i32()?;
        refused(&mut r, "deleting the topic", |r| {
            r.string()?;
            r.uuid()?;
            Ok((r.i16()?, r.string()?))
        })
    }

    /// Deletes every record that these partitions of topics hold now. Ask the broker that leads them.
    pub fn delete_records(&self, topics: &[(&str, Vec<i32>)]) -> Result<(), AdminError> {
        const HIGH_WATERMARK: i64 = -1;
        let mut w = Writer::default();
        w.array(topics, |w, (name, partitions)| {
            w.string(name).array(partitions, |w, p| {
                w.i32(*p).i64(HIGH_WATERMARK).end();
            });
            w.end();
        });
        w.i32(PATIENCE.as_millis() as i32).end();
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

#[cfg(test)]
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
    fn a_silent_port_is_an_error_with_its_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        drop(listener);
        let e = Admin::new(&addr).metadata().unwrap_err();
        assert!(e.to_string().contains(&addr), "{e}");
    }

    #[test]
    fn a_broker_that_only_accepts_runs_out_of_time() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let e = Admin::new(&addr).patience(Duration::from_millis(30)).metadata().unwrap_err();
        assert!(e.to_string().ends_with("does not answer in time"), "{e}");
    }
}
