//! Buckets and listings.

use rusty_s3::actions::ListObjectsV2;

use super::client::Ask;
use super::{Client, s3};

/// What stands in each of these elements of an answer.
fn all(text: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    text.split(open.as_str()).skip(1).filter_map(|rest| Some(rest.split_once(close.as_str())?.0.to_owned())).collect()
}

#[tokio::test]
async fn buckets_come_and_go() {
    let (_s3, client) = s3().await;
    assert_eq!(client.put("/other", "").await.status, 200);
    assert_eq!(client.put("/other", "").await.code(), (409, "BucketAlreadyOwnedByYou".into()));
    assert_eq!(client.put("/No_Name", "").await.code(), (400, "InvalidBucketName".into()));
    assert_eq!(all(&client.get("/").await.text(), "Name"), ["backups", "other"]);
    let first = client.list("/", &[("max-buckets", "1")]).await.text();
    assert_eq!(all(&first, "Name"), ["backups"]);
    let next = client.list("/", &[("continuation-token", &all(&first, "ContinuationToken")[0])]).await.text();
    assert_eq!(all(&next, "Name"), ["other"]);

    let head = |path| client.ask(Ask { method: "HEAD", path, ..Ask::default() });
    assert_eq!(head("/other").await.header("x-amz-bucket-region"), "us-east-1");
    assert_eq!(head("/third").await.status, 404);
    let place = client.list("/other", &[("location", "")]).await;
    assert!(place.status == 200 && place.text().contains("LocationConstraint"), "{}", place.text());

    client.put("/other/x", "").await;
    assert_eq!(client.delete("/other").await.code(), (409, "BucketNotEmpty".into()));
    client.delete("/other/x").await;
    assert_eq!(client.delete("/other").await.status, 204);
    assert_eq!(client.delete("/other").await.code(), (404, "NoSuchBucket".into()));
    for path in ["/other/x", "/other"] {
        assert_eq!(client.get(path).await.code(), (404, "NoSuchBucket".into()), "{path}");
    }
    assert_eq!(client.put("/other/x", "").await.code(), (404, "NoSuchBucket".into()));
}

#[tokio::test]
async fn a_bucket_elsewhere_is_refused() {
    let (_s3, client) = s3().await;
    let body = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                <LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(client.put("/other", body).await.code(), (400, "InvalidLocationConstraint".into()));
}

const KEYS: [&str; 5] = ["a b", "data/1", "data/2", "data/x/3", "snapshots/1"];

async fn filled() -> (crate::s3::S3, Client) {
    let (s3, client) = s3().await;
    for key in KEYS {
        s3.put("backups", key, crate::s3::Given { body: key.into(), ..Default::default() }).unwrap();
    }
    (s3, client)
}

#[tokio::test]
async fn a_client_lists_page_by_page() {
    let (_s3, client) = filled().await;
    let (bucket, mut token, mut entries) = (client.bucket("backups"), None::<String>, Vec::new());
    for _page in 0..3 {
        let mut action = bucket.list_objects_v2(Some(&client.keys));
        action.with_max_keys(1);
        action.with_delimiter("/");
        if let Some(token) = &token {
            action.with_continuation_token(token.clone());
        }
        let url = rusty_s3::S3Action::sign(&action, std::time::Duration::from_mins(1));
        let page = ListObjectsV2::parse_response(&client.send("GET", url, Vec::new()).await.text()).unwrap();
        entries.extend(page.contents.iter().map(|object| object.key.clone()));
        entries.extend(page.common_prefixes.iter().map(|prefix| prefix.prefix.clone()));
        token = page.next_continuation_token;
    }
    assert_eq!((entries, token), (vec!["a b".into(), "data/".into(), "snapshots/".into()], None));
}

#[tokio::test]
async fn listings_say_what_was_asked() {
    let (_s3, client) = filled().await;
    let page =
        client.list("/backups", &[("list-type", "2"), ("prefix", "data/"), ("start-after", "data/1")]).await.text();
    assert_eq!(all(&page, "Key"), ["data/2", "data/x/3"]);
    assert_eq!((all(&page, "KeyCount"), all(&page, "IsTruncated")), (vec!["2".into()], vec!["false".into()]));
    assert!(all(&page, "Size") == ["6", "8"] && all(&page, "LastModified")[0].ends_with('Z'), "{page}");
    let encoded =
        client.list("/backups", &[("encoding-type", "url"), ("list-type", "2"), ("prefix", "a ")]).await.text();
    assert_eq!((all(&encoded, "Key"), all(&encoded, "EncodingType")), (vec!["a%20b".into()], vec!["url".into()]));
    let wrong = client.list("/backups", &[("continuation-token", "?"), ("list-type", "2")]).await;
    assert_eq!(wrong.code(), (400, "InvalidArgument".into()));
}

#[tokio::test]
async fn the_first_version_of_listings_goes_on_from_a_marker() {
    let (_s3, client) = filled().await;
    let page = client.list("/backups", &[("delimiter", "/"), ("max-keys", "2")]).await.text();
    assert_eq!((all(&page, "Key"), all(&page, "NextMarker")), (vec!["a b".into()], vec!["data/".into()]));
    let rest = client.list("/backups", &[("delimiter", "/"), ("marker", "data/")]).await.text();
    assert_eq!((all(&rest, "Key").len(), all(&rest, "IsTruncated")), (0, vec!["false".into()]));
    assert!(rest.contains("<CommonPrefixes><Prefix>snapshots/</Prefix></CommonPrefixes>"), "{rest}");
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_name() {
    let (_s3, client) = filled().await;
    for query in ["acl", "lifecycle", "policy", "tagging", "versions", "uploads", "versioning", "object-lock"] {
        assert_eq!(client.list("/backups", &[(query, "")]).await.code(), (501, "NotImplemented".into()), "{query}");
    }
    let headers = &[("x-amz-tagging", "a=b")];
    let tagged = client.ask(Ask { method: "PUT", path: "/backups/x", headers, ..Ask::default() }).await;
    assert!(tagged.status == 501 && tagged.text().contains("x-amz-tagging"), "{}", tagged.text());
    assert_eq!(client.get("/backups/x").await.status, 404);
}
