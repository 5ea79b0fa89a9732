//! What a request may ask that is not done here: it is refused by name, never left out in silence. Pure.

use http::{HeaderMap, Uri};
use s3s::{S3Result, s3_error};

/// How headers begin that ask for what is not there.
const HEADERS: &[&str] = &[
    "x-amz-server-side-encryption",
    "x-amz-copy-source-server-side-encryption",
    "x-amz-tagging",
    "x-amz-object-lock-",
    "x-amz-bucket-object-lock-",
    "x-amz-object-ownership",
    "x-amz-grant-",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
    "x-amz-expected-bucket-owner",
    "x-amz-source-expected-bucket-owner",
    "x-amz-if-match-",
    "x-amz-rename-",
    "x-amz-mfa",
    "x-amz-bypass-governance-retention",
    "x-amz-checksum-type",
    "expires",
];

/// Headers that may only say what is the case anyway, and that.
const ONLY: &[(&str, &[&str])] = &[
    ("x-amz-acl", &["private", "bucket-owner-full-control"]),
    ("x-amz-storage-class", &["STANDARD"]),
    ("x-amz-object-lock-enabled", &["false"]),
    ("x-amz-bucket-object-lock-enabled", &["false"]),
    ("x-amz-checksum-type", &["FULL_OBJECT"]),
];

/// Parts of a query that ask for what is not there.
const QUERY: &[&str] = &["versionId", "partNumber", "attributes"];

/// Refuses what is asked beyond what is done.
///
/// # Errors
/// `NotImplemented` that names the header or the part of the query.
pub(super) fn unsupported(headers: &HeaderMap, uri: &Uri) -> S3Result<()> {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let uploads = uri.query().is_some_and(|query| query.contains("uploadId="));
    for (name, value) in query {
        let upload = name == "partNumber" && uploads;
        let (there, lower) = (QUERY.contains(&&*name) && value != "null" && !upload, name.to_lowercase());
        if there || (lower.starts_with("x-amz-") && refused(&lower, &value)) {
            return Err(s3_error!(NotImplemented, "the sandbox's S3 does not support `{name}` here"));
        }
    }
    for (name, value) in headers {
        if refused(name.as_str(), &String::from_utf8_lossy(value.as_bytes())) {
            return Err(s3_error!(NotImplemented, "the sandbox's S3 does not support the header `{name}: {value:?}`"));
        }
    }
    Ok(())
}

fn refused(name: &str, value: &str) -> bool {
    match ONLY.iter().find(|(only, _)| *only == name) {
        Some((_, values)) => !values.contains(&value),
        None => HEADERS.iter().any(|start| name.starts_with(start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(uri: &str, header: Option<(&'static str, &'static str)>) -> Option<String> {
        let headers = header.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        unsupported(&headers, &uri.parse().unwrap()).err().map(|why| format!("{why:?}"))
    }

    #[test]
    fn what_is_not_done_is_named() {
        for (name, value) in [
            ("x-amz-server-side-encryption-customer-key", "x"),
            ("x-amz-acl", "public-read"),
            ("x-amz-storage-class", "GLACIER"),
            ("x-amz-tagging", "a=b"),
        ] {
            assert!(code("/b/k", Some((name, value))).is_some_and(|why| why.contains(name)), "{name}");
        }
        assert!(code("/b/k?versionId=1", None).is_some() && code("/b/k?partNumber=1", None).is_some());
        // A signed link may carry headers in its query.
        assert!(code("/b/k?x-amz-acl=public-read", None).is_some());
    }

    #[test]
    fn what_is_the_case_anyway_may_be_said() {
        assert_eq!(code("/b/k?partNumber=1&uploadId=x", Some(("x-amz-acl", "private"))), None);
        assert_eq!(code("/b/k?X-Amz-Expires=60", Some(("x-amz-storage-class", "STANDARD"))), None);
    }
}
