//! Copies of objects.

use s3s::dto::{CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, MetadataDirective};
use s3s::{S3Result, s3_error};

use super::{Api, bucket_mut, object};
use crate::s3::conditions::Conditions;
use crate::s3::depot::{About, Object};
use crate::s3::told::{etag, timestamp};

impl Api {
    pub(super) fn copy(&self, asked: CopyObjectInput) -> S3Result<CopyObjectOutput> {
        let CopySource::Bucket { bucket: from, key, version_id: None } = &asked.copy_source else {
            return Err(s3_error!(NotImplemented, "the sandbox's S3 copies from buckets, and knows no versions"));
        };
        let now = self.0.now();
        self.0.change(|depot| {
            let found = object(depot, from, key)?;
            conditions(&asked).of_reading(found).map_err(|_| {
                s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
            })?;
            let replaces =
                asked.metadata_directive.as_ref().is_some_and(|how| how.as_str() == MetadataDirective::REPLACE);
            if !replaces && **from == *asked.bucket && **key == *asked.key {
                return Err(s3_error!(
                    InvalidRequest,
                    "This copy request is illegal: nothing of the object would change"
                ));
            }
            let about = if replaces { about(&asked) } else { found.about.clone() };
            let made = Object::new(found.body.clone(), now, about);
            let result = CopyObjectResult {
                e_tag: Some(etag(&made)),
                last_modified: Some(timestamp(now)),
                ..CopyObjectResult::default()
            };
            bucket_mut(depot, &asked.bucket)?.objects.insert(asked.key.clone(), made);
            Ok(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() })
        })
    }
}

fn conditions(asked: &CopyObjectInput) -> Conditions<'_> {
    Conditions {
        matches: asked.copy_source_if_match.as_ref(),
        differs: asked.copy_source_if_none_match.as_ref(),
        modified_since: asked.copy_source_if_modified_since.as_ref(),
        unmodified_since: asked.copy_source_if_unmodified_since.as_ref(),
    }
}

fn about(asked: &CopyObjectInput) -> About {
    About {
        content_type: asked.content_type.clone(),
        cache_control: asked.cache_control.clone(),
        content_disposition: asked.content_disposition.clone(),
        content_encoding: asked.content_encoding.clone(),
        content_language: asked.content_language.clone(),
        metadata: asked.metadata.clone().into_iter().flatten().collect(),
    }
}
