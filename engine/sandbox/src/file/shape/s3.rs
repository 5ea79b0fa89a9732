//! S3 services as a world file writes them. Types only.

use std::collections::BTreeMap;

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;

/// An S3 service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Shape {
    /// It speaks TLS, with a certificate of the sandbox's own authority.
    #[serde(default)]
    pub tls: bool,
    /// The region that its buckets say they are in. Default: us-east-1.
    pub region: Option<String>,
    /// Who may use it: requests are signed with one of these pairs of keys.
    pub credentials: Vec<CredentialShape>,
    /// Buckets that are there from the start, by name.
    #[serde(default)]
    pub buckets: BTreeMap<String, BucketShape>,
}

/// A pair of keys. It stands in the file as it is: it is good for nothing but this sandbox.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialShape {
    /// The access key.
    pub access_key: String,
    /// The secret key.
    pub secret_key: String,
    /// What may be done with it. Default: write.
    #[serde(default)]
    pub may: MayShape,
}

/// What may be done with a pair of keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MayShape {
    /// Reading alone.
    Read,
    /// Everything.
    #[default]
    Write,
}

/// A bucket.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketShape {
    /// Objects that are there from the start.
    #[serde(default)]
    pub objects: Vec<ObjectShape>,
}

/// An object of a bucket. Without `text` and `base64` it is empty.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectShape {
    /// Its key.
    pub key: String,
    /// What it holds, as text; or `base64`.
    pub text: Option<String>,
    /// What it holds, in base64; or `text`.
    pub base64: Option<String>,
    /// Its type. Default: application/octet-stream.
    pub content_type: Option<String>,
    /// Metadata of its own, as `x-amz-meta-…` shows it.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// How long ago it was written, in the time of the world. Default: now.
    pub age: Option<args::Duration>,
}
