//! Buckets: listed, looked for, made, taken away.

use s3s::dto::{
    self, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, GetBucketLocationOutput, HeadBucketOutput,
    ListBucketsInput, ListBucketsOutput, Owner,
};
use s3s::{S3Result, s3_error};

use super::{Api, bucket};
use crate::s3::told::timestamp;

/// The region that buckets name by naming none.
const UNNAMED: &str = "us-east-1";

impl Api {
    pub(super) fn buckets(&self, asked: &ListBucketsInput) -> ListBucketsOutput {
        let prefix = asked.prefix.as_deref().unwrap_or_default();
        let most = asked.max_buckets.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let after = asked.continuation_token.as_deref();
        self.0.look(|depot| {
            let fits = |name: &str| name.starts_with(prefix) && after.is_none_or(|after| name > after);
            let mut names = depot.buckets().filter(|(name, _)| fits(name)).peekable();
            let mut buckets = Vec::new();
            while buckets.len() < most
                && let Some((name, bucket)) = names.next()
            {
                buckets.push(dto::Bucket {
                    name: Some(name.clone()),
                    creation_date: Some(timestamp(bucket.made)),
                    ..dto::Bucket::default()
                });
            }
            let more = names.peek().is_some();
            ListBucketsOutput {
                continuation_token: buckets.last().filter(|_| more).and_then(|bucket| bucket.name.clone()),
                buckets: Some(buckets),
                owner: Some(Owner { display_name: Some("sandbox".into()), id: Some("sandbox".into()) }),
                prefix: asked.prefix.clone(),
            }
        })
    }

    pub(super) fn bucket_is_there(&self, name: &str) -> S3Result<HeadBucketOutput> {
        self.0.look(|depot| bucket(depot, name).map(drop))?;
        Ok(HeadBucketOutput { bucket_region: Some(self.0.config.region.clone()), ..HeadBucketOutput::default() })
    }

    pub(super) fn location(&self, name: &str) -> S3Result<GetBucketLocationOutput> {
        self.0.look(|depot| bucket(depot, name).map(drop))?;
        let region = Some(self.0.config.region.clone()).filter(|region| region != UNNAMED);
        Ok(GetBucketLocationOutput { location_constraint: region.map(BucketLocationConstraint::from) })
    }

    pub(super) fn make_bucket(&self, asked: &CreateBucketInput) -> S3Result<CreateBucketOutput> {
        let config = asked.create_bucket_configuration.as_ref();
        let region = config.and_then(|config| config.location_constraint.as_ref());
        if let Some(other) =
            region.filter(|region| !region.as_str().is_empty() && region.as_str() != self.0.config.region)
        {
            let own = &self.0.config.region;
            return Err(s3_error!(InvalidLocationConstraint, "buckets are in {own} here, not in {}", other.as_str()));
        }
        let now = self.0.now();
        if self.0.change(|depot| depot.make(&asked.bucket, now)) {
            Ok(CreateBucketOutput { location: Some(format!("/{}", asked.bucket)) })
        } else {
            Err(s3_error!(BucketAlreadyOwnedByYou, "Your previous request to create the named bucket succeeded"))
        }
    }

    pub(super) fn unmake_bucket(&self, name: &str) -> S3Result<()> {
        self.0.change(|depot| {
            if !bucket(depot, name)?.objects.is_empty() {
                return Err(s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty"));
            }
            depot.unmake(name);
            Ok(())
        })
    }
}
