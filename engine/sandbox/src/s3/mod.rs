//! An S3 in memory on the loopback interface, plain or with TLS. The protocol is the `s3s` crate's, signatures among it;
//! what buckets hold and what can be wrong with them is the sandbox's own.
//!
//! What it can do and what not stands in `docs/sandbox/s3.md`. It stops when [`S3`] is dropped.

mod api;
mod body;
mod conditions;
mod depot;
mod front;
mod keys;
mod listing;
mod refuse;
mod shared;
mod told;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use s3s::validation::{AwsNameValidation, NameValidation as _};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::web::{Fate, Server};
use depot::{About, Object};
use front::Front;
use shared::Shared;
pub use words::{Config, Credential, Given, May, NoBucket, Seen, Trouble};

/// An S3 that runs.
pub struct S3 {
    shared: Arc<Shared>,
    server: Server,
    scheme: &'static str,
}

/// Whether a bucket can be called so, by the rules of AWS.
#[must_use]
pub fn names_a_bucket(name: &str) -> bool {
    AwsNameValidation::new().validate_bucket_name(name)
}

impl S3 {
    /// Starts an S3 without buckets on a free port of the loopback interface.
    ///
    /// # Errors
    /// There is no socket to be had.
    pub async fn start(config: Config, clock: Clock) -> std::io::Result<Self> {
        let tls = config.tls.clone();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared::new(config, clock));
        let server = Server::serve(Arc::new(Front::new(Arc::clone(&shared))), tls).await?;
        Ok(Self { shared, server, scheme })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where it listens, as clients are told.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address())
    }

    /// Makes a bucket, unless it is there.
    pub fn make(&self, bucket: &str) {
        if self.shared.look(|depot| depot.bucket(bucket).is_none()) {
            let now = self.shared.now();
            self.shared.change(|depot| depot.make(bucket, now));
        }
    }

    /// Takes a bucket away with all that is in it.
    pub fn unmake(&self, bucket: &str) {
        if self.shared.look(|depot| depot.bucket(bucket).is_some()) {
            self.shared.change(|depot| depot.unmake(bucket));
        }
    }

    /// Whether there was ever a bucket of this name.
    #[must_use]
    pub fn knows(&self, bucket: &str) -> bool {
        self.shared.look(|depot| depot.knows(bucket))
    }

    /// Puts an object, unless it is there as it should be.
    ///
    /// # Errors
    /// There is no such bucket.
    pub fn put(&self, bucket: &str, key: &str, given: Given) -> Result<(), NoBucket> {
        let none = || NoBucket(bucket.to_owned());
        let about = About { content_type: given.content_type, metadata: given.metadata, ..About::default() };
        let made = Object::new(given.body, given.modified.unwrap_or_else(|| self.shared.now()), about);
        let there = |object: &Object| object.etag == made.etag && object.about == made.about;
        let same = self.shared.look(|depot| {
            let objects = &depot.bucket(bucket).ok_or_else(none)?.objects;
            Ok(objects.get(key).is_some_and(there))
        })?;
        if same {
            return Ok(());
        }
        self.shared.change(|depot| {
            depot.bucket_mut(bucket).ok_or_else(none)?.objects.insert(key.to_owned(), made);
            Ok(())
        })
    }

    /// Takes away all objects of a bucket whose keys are wanted; how many there were.
    ///
    /// # Errors
    /// There is no such bucket.
    pub fn erase(&self, bucket: &str, wanted: impl Fn(&str) -> bool) -> Result<usize, NoBucket> {
        let none = || NoBucket(bucket.to_owned());
        let found = self.shared.look(|depot| {
            let objects = &depot.bucket(bucket).ok_or_else(none)?.objects;
            Ok(objects.keys().any(|key| wanted(key)))
        })?;
        if !found {
            return Ok(0);
        }
        self.shared.change(|depot| {
            let objects = &mut depot.bucket_mut(bucket).ok_or_else(none)?.objects;
            let before = objects.len();
            objects.retain(|key, _| !wanted(key));
            Ok(before - objects.len())
        })
    }

    /// Its buckets and their objects.
    #[must_use]
    pub fn buckets(&self) -> Vec<(String, Vec<Seen>)> {
        let seen = |(key, object): (&String, &Object)| Seen {
            key: key.clone(),
            size: object.body.len(),
            modified: object.modified,
        };
        self.shared.look(|depot| {
            let all = depot.buckets();
            all.map(|(name, bucket)| (name.clone(), bucket.objects.iter().map(seen).collect())).collect()
        })
    }

    /// What is wrong with it.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.trouble()
    }

    /// Lets something be wrong with it, or nothing any more: then it is not slow either.
    pub fn set(&self, trouble: Option<Trouble>) {
        self.shared.set(|(now, slow)| {
            *now = trouble;
            if trouble.is_none() {
                *slow = Duration::ZERO;
            }
        });
        self.server.set(match trouble {
            Some(Trouble::Down) => Fate::Down,
            Some(Trouble::Hangs) => Fate::Frozen,
            _ => Fate::Up,
        });
    }

    /// Answers take so much longer from now on, by the wall's clock.
    pub fn slow(&self, time: Duration) {
        self.shared.set(|(_, slow)| *slow = time);
    }

    /// Hears whenever anything has changed: what it keeps, or what is wrong with it.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }
}

#[cfg(test)]
mod tests;
