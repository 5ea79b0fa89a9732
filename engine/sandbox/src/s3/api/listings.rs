//! Listings of a bucket's objects, in both versions.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use s3s::dto::{ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output};
use s3s::{S3Result, s3_error};

use super::{Api, bucket};
use crate::s3::listing::{Wanted, page};
use crate::s3::told::{Names, length};

/// The most entries of a page.
const MOST: i32 = 1000;

fn most(asked: Option<i32>) -> S3Result<usize> {
    let most = asked.unwrap_or(MOST).min(MOST);
    usize::try_from(most).map_err(|_| s3_error!(InvalidArgument, "max-keys is {most}, and must not be negative"))
}

/// A place in a listing, as clients carry it around.
fn token(entry: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(entry)
}

fn entry(token: &str) -> S3Result<String> {
    let entry = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    entry.ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

impl Api {
    /// ListObjects.
    pub(super) fn first_listing(&self, asked: ListObjectsInput) -> S3Result<ListObjectsOutput> {
        let names = Names::new(asked.encoding_type.as_ref());
        let wanted = Wanted {
            prefix: asked.prefix.as_deref().unwrap_or_default(),
            delimiter: asked.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
            after: asked.marker.as_deref(),
            resumes: true,
            most: most(asked.max_keys)?,
        };
        self.0.look(|depot| {
            let page = page(&bucket(depot, &asked.bucket)?.objects, &wanted);
            Ok(ListObjectsOutput {
                name: Some(asked.bucket.clone()),
                prefix: Some(names.told(wanted.prefix)),
                marker: Some(names.told(wanted.after.unwrap_or_default())),
                max_keys: i32::try_from(wanted.most).ok(),
                is_truncated: Some(page.next.is_some()),
                contents: Some(page.objects.iter().map(|(key, object)| names.object(key, object)).collect()),
                common_prefixes: Some(page.prefixes.iter().map(|prefix| names.prefix(prefix)).collect()),
                // Without a delimiter clients go by the last key.
                next_marker: page.next.filter(|_| wanted.delimiter.is_some()).map(|next| names.told(&next)),
                delimiter: wanted.delimiter.map(|delimiter| names.told(delimiter)),
                encoding_type: asked.encoding_type.clone(),
                ..ListObjectsOutput::default()
            })
        })
    }

    /// ListObjectsV2.
    pub(super) fn second_listing(&self, asked: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let names = Names::new(asked.encoding_type.as_ref());
        let resumed = asked.continuation_token.as_deref().map(entry).transpose()?;
        let wanted = Wanted {
            prefix: asked.prefix.as_deref().unwrap_or_default(),
            delimiter: asked.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
            after: resumed.as_deref().or(asked.start_after.as_deref()),
            resumes: resumed.is_some(),
            most: most(asked.max_keys)?,
        };
        self.0.look(|depot| {
            let page = page(&bucket(depot, &asked.bucket)?.objects, &wanted);
            let count = page.objects.len() + page.prefixes.len();
            Ok(ListObjectsV2Output {
                name: Some(asked.bucket.clone()),
                prefix: Some(names.told(wanted.prefix)),
                max_keys: i32::try_from(wanted.most).ok(),
                key_count: i32::try_from(length(count)).ok(),
                is_truncated: Some(page.next.is_some()),
                contents: Some(page.objects.iter().map(|(key, object)| names.object(key, object)).collect()),
                common_prefixes: Some(page.prefixes.iter().map(|prefix| names.prefix(prefix)).collect()),
                next_continuation_token: page.next.as_deref().map(token),
                continuation_token: asked.continuation_token.clone(),
                start_after: asked.start_after.as_deref().map(|after| names.told(after)),
                delimiter: wanted.delimiter.map(|delimiter| names.told(delimiter)),
                encoding_type: asked.encoding_type.clone(),
                ..ListObjectsV2Output::default()
            })
        })
    }
}
