//! Bodies that come in: read whole, held to what the client says of them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use http::HeaderMap;
use s3s::crypto::{Checksum, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::StreamingBlob;
use s3s::{S3Result, TrailingHeaders, s3_error};

/// A longer body is refused: everything is kept in memory.
const MOST_BODY: usize = 256 << 20;

/// The body of a request that is to be kept, read whole.
///
/// # Errors
/// It is too large, breaks off, or is not what its checksums say.
pub(super) async fn whole(
    body: Option<StreamingBlob>,
    headers: &HeaderMap,
    trailers: Option<&TrailingHeaders>,
) -> S3Result<Bytes> {
    let mut read = BytesMut::new();
    if let Some(mut body) = body {
        while let Some(part) = body.try_next().await.map_err(broken_off)? {
            read.extend_from_slice(&part);
            if read.len() > MOST_BODY {
                return Err(s3_error!(EntityTooLarge, "the sandbox's S3 keeps no body of more than 256 MiB"));
            }
        }
    }
    let body = read.freeze();
    verify(&body, headers)?;
    // Checksums of a body that is signed in chunks come behind it.
    let behind = trailers.and_then(|trailers| trailers.read(|headers| verify(&body, headers)));
    behind.unwrap_or(Ok(()))?;
    Ok(body)
}

/// What went wrong while it was read. The check of a body that is signed in chunks can only be told by its words.
fn broken_off(why: Box<dyn std::error::Error + Send + Sync>) -> s3s::S3Error {
    let text = why.to_string();
    match why.downcast::<s3s::S3Error>() {
        Ok(own) => *own,
        Err(_) if text.contains("SignatureMismatch") => {
            s3_error!(SignatureDoesNotMatch, "the signature of a chunk of the body does not match")
        }
        Err(_) => s3_error!(IncompleteBody, "the body could not be read: {text}"),
    }
}

/// Holds a body to the checksums that stand in headers.
fn verify(body: &[u8], headers: &HeaderMap) -> S3Result<()> {
    type Sum = fn(&[u8]) -> Vec<u8>;
    fn sum<C: Checksum>(body: &[u8]) -> Vec<u8> {
        C::checksum(body).as_ref().to_vec()
    }
    const SUMS: [(&str, Sum); 6] = [
        ("content-md5", sum::<Md5>),
        ("x-amz-checksum-crc32", sum::<Crc32>),
        ("x-amz-checksum-crc32c", sum::<Crc32c>),
        ("x-amz-checksum-crc64nvme", sum::<Crc64Nvme>),
        ("x-amz-checksum-sha1", sum::<Sha1>),
        ("x-amz-checksum-sha256", sum::<Sha256>),
    ];
    for (name, sum) in SUMS {
        let Some(said) = headers.get(name) else { continue };
        if BASE64_STANDARD.encode(sum(body)).as_bytes() != said.as_bytes() {
            return Err(s3_error!(BadDigest, "The {name} you specified did not match what we received."));
        }
    }
    Ok(())
}
