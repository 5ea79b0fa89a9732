//! What an S3 is started with, what the world does to it, and what is seen of it. Types only.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

/// An S3 to start.
#[derive(Clone)]
pub struct Config {
    /// The region that buckets say they are in.
    pub region: String,
    /// Who may use it.
    pub credentials: Vec<Credential>,
    /// What it shows who comes over TLS; none: it speaks plain HTTP.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl Default for Config {
    /// Plain HTTP in `us-east-1`, for nobody.
    fn default() -> Self {
        Self { region: "us-east-1".into(), credentials: Vec::new(), tls: None }
    }
}

/// A pair of keys.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The access key.
    pub access_key: String,
    /// The secret key.
    pub secret_key: String,
    /// What may be done with it.
    pub may: May,
}

/// What may be done with a pair of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Reading alone.
    Read,
    /// Everything.
    Write,
}

/// What can be wrong with an S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Connections are closed.
    Down,
    /// Connections are taken and never answered.
    Hangs,
    /// It answers 500.
    Broken,
    /// It knows none of its credentials any more.
    RefusesKeys,
    /// It lets nobody do anything.
    Denies,
}

/// An object that is put by the world.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// What it holds.
    pub body: Bytes,
    /// Its type.
    pub content_type: Option<String>,
    /// Metadata of its own.
    pub metadata: BTreeMap<String, String>,
    /// When it was written; none: now.
    pub modified: Option<Timestamp>,
}

/// An object as it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its key.
    pub key: String,
    /// How many bytes it holds.
    pub size: usize,
    /// When it was written, in the time of the world.
    pub modified: Timestamp,
}

/// There is no such bucket.
#[derive(Debug, thiserror::Error)]
#[error("there is no bucket `{0}`")]
pub struct NoBucket(pub String);
