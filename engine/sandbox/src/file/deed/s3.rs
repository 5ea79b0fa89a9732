//! Deeds: what is done to an S3 and its objects. Types only.

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::file::shape::ObjectShape;

/// An object of a bucket.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InS3 {
    /// The S3.
    pub s3: String,
    /// The bucket.
    pub bucket: String,
    /// The object.
    pub object: ObjectShape,
}

/// Objects of a bucket.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// The S3.
    pub s3: String,
    /// The bucket.
    pub bucket: String,
    /// The key of one; or `prefix`.
    pub key: Option<String>,
    /// How the keys of all begin; or `key`.
    pub prefix: Option<String>,
}

/// What happens to a bucket.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketDeed {
    /// The S3.
    pub s3: String,
    /// The bucket.
    pub bucket: String,
    /// What becomes of it.
    pub is: BucketState,
}

/// What a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BucketState {
    /// It is there, and empty unless it was there before.
    There,
    /// It is gone with all that was in it.
    Gone,
}

/// What happens to an S3; what is not said stays as it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Deed {
    /// The S3.
    pub s3: String,
    /// What becomes of it.
    pub is: Option<S3State>,
    /// Answers take so much longer, by the wall's clock.
    pub slow: Option<args::Duration>,
}

/// What an S3 is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum S3State {
    /// It works.
    Up,
    /// Connections are refused.
    Down,
    /// Requests are never answered.
    Hangs,
    /// It answers 500 `InternalError`.
    Broken,
    /// It knows none of its credentials any more: 403 `InvalidAccessKeyId`.
    RefusesKeys,
    /// It knows who asks, and lets nobody do anything: 403 `AccessDenied`.
    Denies,
}
