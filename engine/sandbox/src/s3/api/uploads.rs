//! Uploads in parts: begun, brought, put together or given up.

use std::collections::BTreeMap;

use bytes::BytesMut;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CompletedPart, CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Result, s3_error};

use super::{Api, bucket, bucket_mut};
use crate::s3::body::whole;
use crate::s3::conditions::Conditions;
use crate::s3::depot::{About, Depot, Object, Upload, hex};
use crate::s3::told::etag;

/// All parts but the last have so many bytes at least.
const LEAST_PART: usize = 5 << 20;
/// The highest number of a part.
const MOST_PARTS: i32 = 10_000;

fn no_upload() -> s3s::S3Error {
    s3_error!(NoSuchUpload, "The specified upload does not exist: it was never begun, is complete, or was given up")
}

fn upload<'d>(depot: &'d mut Depot, id: &str, name: &str, key: &str) -> S3Result<&'d mut Upload> {
    bucket(depot, name)?;
    let found = depot.uploads.get_mut(id).filter(|upload| upload.bucket == name && upload.key == key);
    found.ok_or_else(no_upload)
}

impl Api {
    pub(super) fn begin_upload(&self, asked: CreateMultipartUploadInput) -> S3Result<CreateMultipartUploadOutput> {
        let about = About {
            content_type: asked.content_type,
            cache_control: asked.cache_control,
            content_disposition: asked.content_disposition,
            content_encoding: asked.content_encoding,
            content_language: asked.content_language,
            metadata: asked.metadata.into_iter().flatten().collect(),
        };
        let id = uuid::Uuid::new_v4().simple().to_string();
        let (bucket_name, key) = (asked.bucket.clone(), asked.key.clone());
        self.0.change(|depot| {
            bucket(depot, &asked.bucket)?;
            let upload = Upload { bucket: asked.bucket, key: asked.key, about, parts: BTreeMap::new() };
            depot.uploads.insert(id.clone(), upload);
            Ok(CreateMultipartUploadOutput {
                bucket: Some(bucket_name),
                key: Some(key),
                upload_id: Some(id),
                ..CreateMultipartUploadOutput::default()
            })
        })
    }

    pub(super) async fn part(&self, asked: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let S3Request { input, headers, trailing_headers, .. } = asked;
        if !(1..=MOST_PARTS).contains(&input.part_number) {
            return Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and {MOST_PARTS}"));
        }
        let body = whole(input.body, &headers, trailing_headers.as_ref()).await?;
        let sum = Md5::checksum(&body);
        self.0.change(|depot| {
            let upload = upload(depot, &input.upload_id, &input.bucket, &input.key)?;
            upload.parts.insert(input.part_number, (body, sum));
            Ok(UploadPartOutput { e_tag: Some(ETag::Strong(hex(&sum))), ..UploadPartOutput::default() })
        })
    }

    pub(super) fn complete_upload(
        &self,
        asked: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let now = self.0.now();
        let wanted = asked.multipart_upload.as_ref().and_then(|upload| upload.parts.as_deref()).unwrap_or_default();
        self.0.change(|depot| {
            let upload = upload(depot, &asked.upload_id, &asked.bucket, &asked.key)?;
            let made = Object { modified: now, ..assembled(upload, wanted)? };
            let tag = etag(&made);
            let objects = &mut bucket_mut(depot, &asked.bucket)?.objects;
            let conditions = Conditions {
                matches: asked.if_match.as_ref(),
                differs: asked.if_none_match.as_ref(),
                ..Conditions::default()
            };
            conditions.of_writing(objects.get(&asked.key))?;
            objects.insert(asked.key.clone(), made);
            depot.uploads.remove(&asked.upload_id);
            Ok(CompleteMultipartUploadOutput {
                bucket: Some(asked.bucket.clone()),
                location: Some(format!("/{}/{}", asked.bucket, asked.key)),
                key: Some(asked.key.clone()),
                e_tag: Some(tag),
                ..CompleteMultipartUploadOutput::default()
            })
        })
    }

    pub(super) fn abort_upload(&self, asked: &AbortMultipartUploadInput) -> S3Result<AbortMultipartUploadOutput> {
        self.0.change(|depot| {
            upload(depot, &asked.upload_id, &asked.bucket, &asked.key)?;
            depot.uploads.remove(&asked.upload_id);
            Ok(AbortMultipartUploadOutput::default())
        })
    }
}

/// The object that the parts make, in the order that is wanted; its ETag as S3 makes it.
fn assembled(upload: &Upload, wanted: &[CompletedPart]) -> S3Result<Object> {
    let numbers: Vec<i32> = wanted.iter().map(|part| part.part_number.unwrap_or_default()).collect();
    if numbers.is_empty() {
        return Err(s3_error!(MalformedXML, "no parts are named"));
    }
    if numbers.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order."));
    }
    let (mut body, mut sums) = (BytesMut::new(), Vec::new());
    for (at, (number, part)) in numbers.iter().zip(wanted).enumerate() {
        let found =
            upload.parts.get(number).filter(|(_, sum)| part.e_tag.as_ref().is_none_or(|said| said.value() == hex(sum)));
        let (bytes, sum) =
            found.ok_or_else(|| s3_error!(InvalidPart, "part {number} was not brought, or is another"))?;
        if at + 1 < numbers.len() && bytes.len() < LEAST_PART {
            return Err(s3_error!(EntityTooSmall, "part {number} is smaller than 5 MiB, and is not the last"));
        }
        body.extend_from_slice(bytes);
        sums.extend_from_slice(sum);
    }
    let tag = format!("{}-{}", hex(&Md5::checksum(&sums)), numbers.len());
    let made = Object::new(body.freeze(), jiff::Timestamp::UNIX_EPOCH, upload.about.clone());
    Ok(Object { etag: tag, ..made })
}
