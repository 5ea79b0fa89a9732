//! Objects: read, written, taken away.

use bytes::Bytes;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error,
    GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, PutObjectInput, PutObjectOutput, Range,
    StreamingBlob,
};
use s3s::{Body, S3Request, S3Result, s3_error};

use super::{Api, bucket, bucket_mut, object};
use crate::s3::body::whole;
use crate::s3::conditions::Conditions;
use crate::s3::depot::{About, Object};
use crate::s3::told::{etag, length, metadata, timestamp};

/// The most objects that one request may take away.
const MOST_DELETED: usize = 1000;

impl Api {
    pub(super) fn head(&self, asked: &HeadObjectInput) -> S3Result<HeadObjectOutput> {
        let found = self.0.look(|depot| object(depot, &asked.bucket, &asked.key).cloned())?;
        let conditions = Conditions {
            matches: asked.if_match.as_ref(),
            differs: asked.if_none_match.as_ref(),
            modified_since: asked.if_modified_since.as_ref(),
            unmodified_since: asked.if_unmodified_since.as_ref(),
        };
        conditions.of_reading(&found)?;
        let (part, content_range) = ranged(&found.body, asked.range)?;
        Ok(HeadObjectOutput {
            accept_ranges: Some("bytes".into()),
            content_length: Some(length(part.len())),
            content_range,
            e_tag: Some(etag(&found)),
            last_modified: Some(timestamp(found.modified)),
            metadata: metadata(&found.about),
            content_type: found.about.content_type,
            cache_control: found.about.cache_control,
            content_disposition: found.about.content_disposition,
            content_encoding: found.about.content_encoding,
            content_language: found.about.content_language,
            ..HeadObjectOutput::default()
        })
    }

    pub(super) fn get(&self, asked: &GetObjectInput) -> S3Result<GetObjectOutput> {
        let found = self.0.look(|depot| object(depot, &asked.bucket, &asked.key).cloned())?;
        let conditions = Conditions {
            matches: asked.if_match.as_ref(),
            differs: asked.if_none_match.as_ref(),
            modified_since: asked.if_modified_since.as_ref(),
            unmodified_since: asked.if_unmodified_since.as_ref(),
        };
        conditions.of_reading(&found)?;
        let (part, content_range) = ranged(&found.body, asked.range)?;
        Ok(GetObjectOutput {
            accept_ranges: Some("bytes".into()),
            content_length: Some(length(part.len())),
            body: Some(StreamingBlob::from(Body::from(part))),
            content_range,
            e_tag: Some(etag(&found)),
            last_modified: Some(timestamp(found.modified)),
            metadata: metadata(&found.about),
            content_type: found.about.content_type,
            cache_control: found.about.cache_control,
            content_disposition: found.about.content_disposition,
            content_encoding: found.about.content_encoding,
            content_language: found.about.content_language,
            ..GetObjectOutput::default()
        })
    }

    pub(super) async fn put(&self, asked: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
        let S3Request { input, headers, trailing_headers, .. } = asked;
        self.0.look(|depot| bucket(depot, &input.bucket).map(drop))?;
        let body = whole(input.body, &headers, trailing_headers.as_ref()).await?;
        let about = About {
            content_type: input.content_type,
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            metadata: input.metadata.into_iter().flatten().collect(),
        };
        let made = Object::new(body, self.0.now(), about);
        let tag = etag(&made);
        self.0.change(|depot| {
            let objects = &mut bucket_mut(depot, &input.bucket)?.objects;
            let conditions = Conditions {
                matches: input.if_match.as_ref(),
                differs: input.if_none_match.as_ref(),
                ..Conditions::default()
            };
            conditions.of_writing(objects.get(&input.key))?;
            objects.insert(input.key, made);
            Ok(PutObjectOutput { e_tag: Some(tag), ..PutObjectOutput::default() })
        })
    }

    pub(super) fn delete(&self, asked: &DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
        self.0.change(|depot| {
            let objects = &mut bucket_mut(depot, &asked.bucket)?.objects;
            if asked.if_match.is_some() {
                let conditions = Conditions { matches: asked.if_match.as_ref(), ..Conditions::default() };
                conditions.of_writing(objects.get(&asked.key))?;
            }
            // One that is not there is as good as taken away.
            objects.remove(&asked.key);
            Ok(DeleteObjectOutput::default())
        })
    }

    pub(super) fn delete_many(&self, asked: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
        let wanted = asked.delete.objects;
        if wanted.is_empty() || wanted.len() > MOST_DELETED {
            return Err(s3_error!(MalformedXML, "1 to {MOST_DELETED} objects are taken away at once"));
        }
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        self.0.change(|depot| {
            let objects = &mut bucket_mut(depot, &asked.bucket)?.objects;
            for one in wanted {
                if one.version_id.as_deref().is_some_and(|version| version != "null") || one.e_tag.is_some() {
                    errors.push(Error {
                        code: Some("NotImplemented".into()),
                        message: Some("the sandbox's S3 does not support versions and conditions here".into()),
                        key: Some(one.key),
                        version_id: one.version_id,
                    });
                    continue;
                }
                objects.remove(&one.key);
                deleted.push(DeletedObject { key: Some(one.key), ..DeletedObject::default() });
            }
            Ok::<_, s3s::S3Error>(())
        })?;
        // Who asks for quiet hears of errors alone.
        let deleted = Some(deleted).filter(|_| !asked.delete.quiet.unwrap_or(false));
        Ok(DeleteObjectsOutput { deleted, errors: Some(errors), ..DeleteObjectsOutput::default() })
    }
}

/// The part of a body that is asked for, and what is said of it.
fn ranged(body: &Bytes, range: Option<Range>) -> S3Result<(Bytes, Option<String>)> {
    let Some(range) = range else { return Ok((body.clone(), None)) };
    let unfit = || s3_error!(InvalidRange, "The requested range is not satisfiable");
    let all = body.len();
    let part = range.check(u64::try_from(all).unwrap_or(u64::MAX)).map_err(|_| unfit())?;
    let (Ok(start), Ok(end)) = (usize::try_from(part.start), usize::try_from(part.end)) else { return Err(unfit()) };
    Ok((body.slice(start..end), Some(format!("bytes {start}-{}/{all}", end.saturating_sub(1)))))
}
