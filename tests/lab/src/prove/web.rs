//! How the faults of `web` and `s3` show to curl, s3cmd and the clock.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::BoxFuture;
use serde_json::Value;

use super::Sign::Error;
use super::{Look, Outside, Trial};
use crate::s3::part::BUCKET;
use crate::smoke::s3::Client;

/// An answer that takes longer is slow.
const QUICK: Duration = Duration::from_millis(1500);

const fn trial(
    part: &'static [&'static str],
    fault: &'static str,
    look: Look,
    words: &'static [&'static str],
) -> Trial {
    Trial { parts: part, fault, at: None, look, sign: Error(words) }
}

const WEB: &[&str] = &["web"];
const S3: &[&str] = &["s3"];

/// All of them.
pub const TRIALS: &[Trial] = &[
    trial(WEB, "web-down", plain, &["curl: (7)"]),
    trial(WEB, "hanging", plain, &["curl: (28)"]),
    trial(WEB, "cutting", plain, &["curl: (18)"]),
    trial(WEB, "error-500", plain, &["500: something broke"]),
    trial(WEB, "garbage", plain, &["curl: (1)"]),
    trial(WEB, "huge", plain, &["104857600 bytes"]),
    trial(WEB, "certificate-expired", secure, &["certificate has expired"]),
    trial(WEB, "certificate-not-yet-valid", secure, &["certificate is not yet valid"]),
    trial(WEB, "certificate-wrong-name", secure, &["no alternative certificate subject name"]),
    trial(WEB, "certificate-wrong-ca", secure, &["self-signed certificate", "unable to get local issuer"]),
    trial(S3, "s3-down", health, &["curl: (35)", "curl: (56)", "curl: (52)"]),
    trial(S3, "s3-hanging", health, &["curl: (28)"]),
    trial(S3, "s3-slow", health, &["the answer took"]),
    trial(S3, "wrong-credentials", bucket, &["SignatureDoesNotMatch", "403"]),
    trial(S3, "bucket-gone", bucket, &["NoSuchBucket", "404"]),
];

fn plain(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(document(outside, "web"))
}

fn secure(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(document(outside, "web-tls"))
}

async fn document(outside: &Outside, endpoint: &str) -> Result<String> {
    let body = outside.http(endpoint, "http", "/look", &[]).await?;
    ensure!(body.len() < 1 << 20, "the answer has {} bytes", body.len());
    let document: Value = serde_json::from_str(&body)?;
    ensure!(document["path"] == "/look", "the answer is {document}");
    Ok(body)
}

fn health(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let start = Instant::now();
        outside.http("s3", "http", "/minio/health/live", &[]).await?;
        ensure!(start.elapsed() < QUICK, "the answer took {:.1} s", start.elapsed().as_secs_f64());
        Ok("alive".into())
    })
}

fn bucket(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let client = Client::of(&outside.target)?;
        tokio::task::spawn_blocking(move || client.s3cmd(&["ls", &format!("s3://{BUCKET}")])).await??;
        Ok("the bucket is listed".into())
    })
}
