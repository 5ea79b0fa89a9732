//! Objects: written, read, copied, taken away.

use super::client::Ask;
use super::s3;

#[tokio::test]
async fn an_object_comes_back_as_it_went() {
    let (_s3, client) = s3().await;
    let headers = &[("content-type", "text/plain"), ("x-amz-meta-from", "a test")];
    let put =
        client.ask(Ask { method: "PUT", path: "/backups/a/b%20c", headers, body: b"hello", ..Ask::default() }).await;
    assert_eq!((put.status, put.header("etag")), (200, "\"5d41402abc4b2a76b9719d911017c592\"".into()));
    for method in ["GET", "HEAD"] {
        let got = client.ask(Ask { method, path: "/backups/a/b%20c", ..Ask::default() }).await;
        assert_eq!((got.status, got.header("content-length").as_str()), (200, "5"), "{method}");
        assert_eq!((got.header("content-type"), got.header("x-amz-meta-from")), ("text/plain".into(), "a test".into()));
        assert_eq!(got.header("etag"), put.header("etag"));
        assert!(got.header("last-modified").ends_with("GMT"), "{got:?}");
        assert_eq!(got.text(), if method == "GET" { "hello" } else { "" });
    }
    assert_eq!(client.get("/backups/none").await.code(), (404, "NoSuchKey".into()));
}

#[tokio::test]
async fn parts_of_an_object_are_read() {
    let (_s3, client) = s3().await;
    client.put("/backups/x", "0123456789").await;
    for (range, status, text, told) in [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=8-99", 206, "89", "bytes 8-9/10"),
    ] {
        let got =
            client.ask(Ask { method: "GET", path: "/backups/x", headers: &[("range", range)], ..Ask::default() }).await;
        assert_eq!(
            (got.status, got.text().as_str(), got.header("content-range").as_str()),
            (status, text, told),
            "{range}"
        );
    }
    let beyond = Ask { method: "GET", path: "/backups/x", headers: &[("range", "bytes=10-")], ..Ask::default() };
    assert_eq!(client.ask(beyond).await.code(), (416, "InvalidRange".into()));
}

#[tokio::test]
async fn conditions_are_held_to() {
    let (_s3, client) = s3().await;
    let tag = client.put("/backups/x", "one").await.header("etag");
    for (headers, status) in [
        ([("if-none-match", tag.as_str())], 304),
        ([("if-match", "\"0\"")], 412),
        ([("if-match", tag.as_str())], 200),
        ([("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")], 304),
    ] {
        assert_eq!(client.with("GET", "/backups/x", &headers, "").await.status, status, "{headers:?}");
    }
    for (path, headers, status) in [
        ("/backups/x", [("if-none-match", "*")], 412),
        ("/backups/y", [("if-none-match", "*")], 200),
        ("/backups/x", [("if-match", tag.as_str())], 200),
        ("/backups/x", [("if-match", tag.as_str())], 412),
    ] {
        assert_eq!(client.with("PUT", path, &headers, "two").await.status, status, "{path} {headers:?}");
    }
    assert_eq!(client.get("/backups/x").await.text(), "two");
}

#[tokio::test]
async fn a_body_that_is_not_what_it_is_said_to_be_is_refused() {
    let (_s3, client) = s3().await;
    for (name, wrong, right) in [
        ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==", "XUFAKrxLKna5cZ2REBfFkg=="),
        ("x-amz-checksum-crc32", "AAAAAA==", "NhCmhg=="),
        ("x-amz-checksum-sha256", "AAAA", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
    ] {
        let put = client.with("PUT", "/backups/x", &[(name, wrong)], "hello").await;
        assert_eq!(put.code(), (400, "BadDigest".into()), "{name}");
        assert_eq!(client.get("/backups/x").await.status, 404, "{name}");
        assert_eq!(client.with("PUT", "/backups/x", &[(name, right)], "hello").await.status, 200, "{name}");
        client.delete("/backups/x").await;
    }
}

#[tokio::test]
async fn copies_take_metadata_along_or_get_their_own() {
    let (_s3, client) = s3().await;
    let headers = &[("x-amz-meta-a", "1")];
    client.ask(Ask { method: "PUT", path: "/backups/x", headers, body: b"x", ..Ask::default() }).await;
    let from = ("x-amz-copy-source", "backups/x");
    let copied = client.with("PUT", "/backups/y", &[from], "").await;
    assert!(copied.status == 200 && copied.text().contains("<ETag>"), "{}", copied.text());
    let got = client.get("/backups/y").await;
    assert_eq!((got.text(), got.header("x-amz-meta-a")), ("x".into(), "1".into()));
    let own = [from, ("x-amz-meta-b", "2"), ("x-amz-metadata-directive", "REPLACE")];
    assert_eq!(client.with("PUT", "/backups/x", &own, "").await.status, 200);
    let got = client.get("/backups/x").await;
    assert_eq!((got.header("x-amz-meta-a"), got.header("x-amz-meta-b")), (String::new(), "2".into()));
    let onto_itself = client.with("PUT", "/backups/x", &[from], "").await;
    assert_eq!(onto_itself.code(), (400, "InvalidRequest".into()));
    let of_nothing = client.with("PUT", "/backups/z", &[("x-amz-copy-source", "backups/none")], "").await;
    assert_eq!(of_nothing.code(), (404, "NoSuchKey".into()));
}

#[tokio::test]
async fn objects_are_taken_away_one_by_one_and_many_at_once() {
    let (s3, client) = s3().await;
    for key in ["a", "b", "c", "d"] {
        client.put(&format!("/backups/{key}"), key).await;
    }
    assert_eq!(client.delete("/backups/a").await.status, 204);
    assert_eq!(client.delete("/backups/a").await.status, 204);
    let many = |quiet: &str| {
        format!("<Delete><Object><Key>b</Key></Object><Object><Key>none</Key></Object><Quiet>{quiet}</Quiet></Delete>")
    };
    let (loud, quiet) = (many("false"), many("true"));
    let ask = |body| Ask { method: "POST", path: "/backups", query: &[("delete", "")], body, ..Ask::default() };
    let told = client.ask(ask(loud.as_bytes())).await.text();
    assert!(told.contains("<Deleted><Key>b</Key></Deleted><Deleted><Key>none</Key></Deleted>"), "{told}");
    assert!(!client.ask(ask(quiet.as_bytes())).await.text().contains("<Deleted>"));
    let left: Vec<_> = s3.buckets()[0].1.iter().map(|seen| seen.key.clone()).collect();
    assert_eq!(left, ["c", "d"]);
}
