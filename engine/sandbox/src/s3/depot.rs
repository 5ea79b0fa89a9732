//! Buckets and what they hold, in memory. Knows no protocol.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use s3s::crypto::{Checksum as _, Md5};

/// Everything that is kept.
#[derive(Debug, Default)]
pub(super) struct Depot {
    buckets: BTreeMap<String, Bucket>,
    /// Uploads in parts that are under way, by id.
    pub(super) uploads: BTreeMap<String, Upload>,
    /// Names of all buckets that were ever there.
    known: BTreeSet<String>,
}

/// A bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    /// When it was made.
    pub(super) made: Timestamp,
    /// Its objects, by key.
    pub(super) objects: BTreeMap<String, Object>,
}

/// An object.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) body: Bytes,
    /// The MD5 of its body in hex; of an upload in parts, that of theirs and their number.
    pub(super) etag: String,
    pub(super) modified: Timestamp,
    pub(super) about: About,
}

/// What is known of an object beside its body: what came in headers, and goes out in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) content_type: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// An upload in parts.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) about: About,
    /// Parts by number: body and its MD5.
    pub(super) parts: BTreeMap<i32, (Bytes, [u8; 16])>,
}

impl Object {
    /// An object whose ETag is the MD5 of its body.
    pub(super) fn new(body: Bytes, modified: Timestamp, about: About) -> Self {
        let etag = hex(&Md5::checksum(&body));
        Self { body, etag, modified, about }
    }
}

impl Depot {
    pub(super) fn bucket(&self, name: &str) -> Option<&Bucket> {
        self.buckets.get(name)
    }

    pub(super) fn bucket_mut(&mut self, name: &str) -> Option<&mut Bucket> {
        self.buckets.get_mut(name)
    }

    pub(super) fn buckets(&self) -> impl Iterator<Item = (&String, &Bucket)> {
        self.buckets.iter()
    }

    /// Makes a bucket; whether it was not there.
    pub(super) fn make(&mut self, name: &str, now: Timestamp) -> bool {
        self.known.insert(name.to_owned());
        let missing = !self.buckets.contains_key(name);
        if missing {
            self.buckets.insert(name.to_owned(), Bucket { made: now, objects: BTreeMap::new() });
        }
        missing
    }

    /// Takes a bucket away with all that is in it, uploads that are under way among that; whether it was there.
    pub(super) fn unmake(&mut self, name: &str) -> bool {
        self.uploads.retain(|_, upload| upload.bucket != name);
        self.buckets.remove(name).is_some()
    }

    /// Whether there was ever a bucket of this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.known.contains(name)
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
