//! The S3 services of a world: started, filled, changed by deeds, seen by behaviours.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::play::Play;
use super::stage::Stage;
use crate::file::deed::{BucketDeed, BucketState, Erased, InS3, S3Deed, S3State};
use crate::file::shape::{MayShape, ObjectShape, S3Shape};
use crate::s3::{Config, Credential, Given, May, NoBucket, S3, Trouble};

impl Stage {
    /// Starts an S3 with its buckets; what stands under its endpoint in the target.
    pub(super) async fn s3(&mut self, name: &str, shape: &S3Shape) -> Result<Json, String> {
        let credentials = shape.credentials.iter().map(|own| Credential {
            access_key: own.access_key.clone(),
            secret_key: own.secret_key.clone(),
            may: match own.may {
                MayShape::Read => May::Read,
                MayShape::Write => May::Write,
            },
        });
        let mut config = Config { credentials: credentials.collect(), ..Config::default() };
        if let Some(region) = &shape.region {
            config.region.clone_from(region);
        }
        if shape.tls {
            config.tls = Some(self.tls_config()?);
        }
        let s3 = S3::start(config, self.clock).await.map_err(|why| why.to_string())?;
        for (bucket, shape) in &shape.buckets {
            s3.make(bucket);
            for object in &shape.objects {
                let given = self.given(object)?;
                s3.put(bucket, &object.key, given).map_err(|why| why.to_string())?;
            }
        }
        let mut http = json!({ "url": format!("{}/", s3.url()) });
        if shape.tls {
            http["ca"] = json!({ "pem": self.authority.pem() });
        }
        self.s3.insert(name.to_owned(), s3);
        Ok(json!({ "http": http }))
    }

    /// An object as it is put.
    fn given(&self, object: &ObjectShape) -> Result<Given, String> {
        let body = match (&object.text, &object.base64) {
            (Some(text), _) => Bytes::from(text.clone()),
            (None, Some(text)) => BASE64_STANDARD.decode(text).map_err(|why| why.to_string())?.into(),
            (None, None) => Bytes::new(),
        };
        let age = object.age.map(|age| self.clock.now().checked_sub(age.0)).transpose();
        Ok(Given {
            body,
            content_type: object.content_type.clone(),
            metadata: object.metadata.clone(),
            modified: age.map_err(|why| why.to_string())?,
        })
    }
}

impl Play {
    fn s3(&self, name: &str) -> Result<&S3, String> {
        self.stage.s3.get(name).ok_or_else(|| format!("there is no S3 `{name}`"))
    }

    pub(super) fn store(&self, deed: &InS3) -> Result<(), String> {
        let s3 = self.s3(&deed.s3)?;
        let given = self.stage.given(&deed.object)?;
        done(s3, s3.put(&deed.bucket, &deed.object.key, given))
    }

    pub(super) fn erase(&self, deed: &Erased) -> Result<(), String> {
        let s3 = self.s3(&deed.s3)?;
        let erased = match (&deed.key, &deed.prefix) {
            (Some(key), None) => s3.erase(&deed.bucket, |known| known == key),
            (None, Some(prefix)) => s3.erase(&deed.bucket, |known| known.starts_with(prefix.as_str())),
            _ => return Err("`erase` needs one of `key` and `prefix`".into()),
        };
        done(s3, erased)
    }

    pub(super) fn bucket(&self, deed: &BucketDeed) -> Result<(), String> {
        let s3 = self.s3(&deed.s3)?;
        match deed.is {
            BucketState::There => s3.make(&deed.bucket),
            BucketState::Gone => s3.unmake(&deed.bucket),
        }
        Ok(())
    }

    pub(super) fn s3_changes(&self, deed: &S3Deed) -> Result<(), String> {
        let s3 = self.s3(&deed.s3)?;
        if let Some(state) = deed.is {
            s3.set(match state {
                S3State::Up => None,
                S3State::Down => Some(Trouble::Down),
                S3State::Hangs => Some(Trouble::Hangs),
                S3State::Broken => Some(Trouble::Broken),
                S3State::RefusesKeys => Some(Trouble::RefusesKeys),
                S3State::Denies => Some(Trouble::Denies),
            });
        }
        if let Some(time) = deed.slow {
            s3.slow(time.0);
        }
        Ok(())
    }
}

/// What came of a change. Clients act as well: a bucket that went meanwhile takes nothing any more.
fn done<T>(s3: &S3, outcome: Result<T, NoBucket>) -> Result<(), String> {
    match outcome {
        Err(NoBucket(bucket)) if s3.knows(&bucket) => Ok(()),
        other => other.map(drop).map_err(|why| why.to_string()),
    }
}

/// An S3 as behaviours see it.
pub(super) fn seen(s3: &S3) -> Json {
    let state = match s3.trouble() {
        None => "up",
        Some(Trouble::Down) => "down",
        Some(Trouble::Hangs) => "hangs",
        Some(Trouble::Broken) => "broken",
        Some(Trouble::RefusesKeys) => "refuses-keys",
        Some(Trouble::Denies) => "denies",
    };
    let buckets = s3.buckets().into_iter().map(|(name, objects)| {
        let objects = objects
            .into_iter()
            .map(|seen| json!({ "key": seen.key, "size": seen.size, "modified": seen.modified.to_string() }));
        (name, objects.collect::<Json>())
    });
    json!({ "state": state, "buckets": buckets.collect::<serde_json::Map<_, _>>() })
}
