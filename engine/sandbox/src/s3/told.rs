//! What is kept, in the words of the protocol: times, headers, keys as they are asked for. Pure.

use std::time::SystemTime;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{self, ETag, EncodingType};

use super::depot::{About, Object};

/// What stays as it is in a key that is encoded as in a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// A time; whole seconds, as headers tell it, so that listings and headers agree.
pub(super) fn timestamp(time: jiff::Timestamp) -> dto::Timestamp {
    let whole = jiff::Timestamp::from_second(time.as_second()).unwrap_or(time);
    SystemTime::from(whole).into()
}

/// The ETag of an object.
pub(super) fn etag(object: &Object) -> ETag {
    ETag::Strong(object.etag.clone())
}

/// How long it is.
pub(super) fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Metadata of its own, if there is any.
pub(super) fn metadata(about: &About) -> Option<dto::Metadata> {
    let metadata = about.metadata.iter().map(|(name, value)| (name.clone(), value.clone()));
    (!about.metadata.is_empty()).then(|| metadata.collect())
}

/// Keys in the encoding that a listing was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names(bool);

impl Names {
    /// The encoding that is asked for, `url` or none.
    pub(super) fn new(asked: Option<&EncodingType>) -> Self {
        Self(asked.is_some_and(|asked| asked.as_str() == EncodingType::URL))
    }

    /// A key, a prefix, a delimiter.
    pub(super) fn told(self, name: &str) -> String {
        if self.0 { utf8_percent_encode(name, ENCODED).to_string() } else { name.to_owned() }
    }

    /// An object of a listing.
    pub(super) fn object(self, key: &str, object: &Object) -> dto::Object {
        dto::Object {
            key: Some(self.told(key)),
            e_tag: Some(etag(object)),
            last_modified: Some(timestamp(object.modified)),
            size: Some(length(object.body.len())),
            storage_class: Some(dto::ObjectStorageClass::from_static(dto::ObjectStorageClass::STANDARD)),
            ..dto::Object::default()
        }
    }

    /// What keys have in common.
    pub(super) fn prefix(self, prefix: &str) -> dto::CommonPrefix {
        dto::CommonPrefix { prefix: Some(self.told(prefix)) }
    }
}
