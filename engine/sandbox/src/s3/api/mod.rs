//! The operations of S3 as the `s3s` crate hands them over: read, signed and checked. Each stands beside its kin;
//! whatever is not here is answered with 501 `NotImplemented` by that crate.

mod buckets;
mod copy;
mod listings;
mod objects;
mod uploads;

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::depot::{Bucket, Depot, Object};
use super::shared::Shared;

/// The operations on what one S3 keeps.
pub(super) struct Api(pub(super) Arc<Shared>);

fn no_bucket() -> s3s::S3Error {
    s3_error!(NoSuchBucket, "The specified bucket does not exist")
}

fn bucket<'d>(depot: &'d Depot, name: &str) -> S3Result<&'d Bucket> {
    depot.bucket(name).ok_or_else(no_bucket)
}

fn bucket_mut<'d>(depot: &'d mut Depot, name: &str) -> S3Result<&'d mut Bucket> {
    depot.bucket_mut(name).ok_or_else(no_bucket)
}

fn object<'d>(depot: &'d Depot, name: &str, key: &str) -> S3Result<&'d Object> {
    let found = bucket(depot, name)?.objects.get(key);
    found.ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
}

type Asked<T> = S3Request<T>;
type Answered<T> = S3Result<S3Response<T>>;

#[async_trait::async_trait]
impl S3 for Api {
    async fn list_buckets(&self, asked: Asked<ListBucketsInput>) -> Answered<ListBucketsOutput> {
        Ok(S3Response::new(self.buckets(&asked.input)))
    }

    async fn head_bucket(&self, asked: Asked<HeadBucketInput>) -> Answered<HeadBucketOutput> {
        self.bucket_is_there(&asked.input.bucket).map(S3Response::new)
    }

    async fn get_bucket_location(&self, asked: Asked<GetBucketLocationInput>) -> Answered<GetBucketLocationOutput> {
        self.location(&asked.input.bucket).map(S3Response::new)
    }

    async fn create_bucket(&self, asked: Asked<CreateBucketInput>) -> Answered<CreateBucketOutput> {
        self.make_bucket(&asked.input).map(S3Response::new)
    }

    async fn delete_bucket(&self, asked: Asked<DeleteBucketInput>) -> Answered<DeleteBucketOutput> {
        self.unmake_bucket(&asked.input.bucket)?;
        Ok(S3Response::new(DeleteBucketOutput::default()))
    }

    async fn list_objects(&self, asked: Asked<ListObjectsInput>) -> Answered<ListObjectsOutput> {
        self.first_listing(asked.input).map(S3Response::new)
    }

    async fn list_objects_v2(&self, asked: Asked<ListObjectsV2Input>) -> Answered<ListObjectsV2Output> {
        self.second_listing(asked.input).map(S3Response::new)
    }

    async fn head_object(&self, asked: Asked<HeadObjectInput>) -> Answered<HeadObjectOutput> {
        self.head(&asked.input).map(S3Response::new)
    }

    async fn get_object(&self, asked: Asked<GetObjectInput>) -> Answered<GetObjectOutput> {
        self.get(&asked.input).map(S3Response::new)
    }

    async fn put_object(&self, asked: Asked<PutObjectInput>) -> Answered<PutObjectOutput> {
        self.put(asked).await.map(S3Response::new)
    }

    async fn copy_object(&self, asked: Asked<CopyObjectInput>) -> Answered<CopyObjectOutput> {
        self.copy(asked.input).map(S3Response::new)
    }

    async fn delete_object(&self, asked: Asked<DeleteObjectInput>) -> Answered<DeleteObjectOutput> {
        self.delete(&asked.input).map(S3Response::new)
    }

    async fn delete_objects(&self, asked: Asked<DeleteObjectsInput>) -> Answered<DeleteObjectsOutput> {
        self.delete_many(asked.input).map(S3Response::new)
    }

    /// The crate would make a Put of it.
    async fn post_object(&self, _asked: Asked<PostObjectInput>) -> Answered<PostObjectOutput> {
        Err(s3_error!(NotImplemented, "the sandbox's S3 takes no forms"))
    }

    async fn create_multipart_upload(
        &self,
        asked: Asked<CreateMultipartUploadInput>,
    ) -> Answered<CreateMultipartUploadOutput> {
        self.begin_upload(asked.input).map(S3Response::new)
    }

    async fn upload_part(&self, asked: Asked<UploadPartInput>) -> Answered<UploadPartOutput> {
        self.part(asked).await.map(S3Response::new)
    }

    async fn complete_multipart_upload(
        &self,
        asked: Asked<CompleteMultipartUploadInput>,
    ) -> Answered<CompleteMultipartUploadOutput> {
        self.complete_upload(asked.input).map(S3Response::new)
    }

    async fn abort_multipart_upload(
        &self,
        asked: Asked<AbortMultipartUploadInput>,
    ) -> Answered<AbortMultipartUploadOutput> {
        self.abort_upload(&asked.input).map(S3Response::new)
    }
}
