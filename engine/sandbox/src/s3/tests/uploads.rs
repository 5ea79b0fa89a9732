//! Uploads in parts, with the client's own actions.

use std::time::Duration;

use rusty_s3::S3Action as _;
use rusty_s3::actions::CreateMultipartUpload;

use super::client::{Ask, Client, Reply};
use super::s3;

const WHILE: Duration = Duration::from_mins(1);

async fn begin(client: &Client) -> String {
    let bucket = client.bucket("backups");
    let url = bucket.create_multipart_upload(Some(&client.keys), "big").sign(WHILE);
    let reply = client.send("POST", url, Vec::new()).await;
    CreateMultipartUpload::parse_response(&reply.text()).unwrap().upload_id().to_owned()
}

async fn part(client: &Client, upload: &str, number: u16, body: Vec<u8>) -> Reply {
    let bucket = client.bucket("backups");
    client.send("PUT", bucket.upload_part(Some(&client.keys), "big", number, upload).sign(WHILE), body).await
}

async fn complete(client: &Client, upload: &str, tags: &[&str]) -> Reply {
    let bucket = client.bucket("backups");
    let action = bucket.complete_multipart_upload(Some(&client.keys), "big", upload, tags.iter().copied());
    let (url, body) = (action.sign(WHILE), action.body());
    client.send("POST", url, body.into_bytes()).await
}

#[tokio::test]
async fn parts_become_one_object() {
    let (_s3, client) = s3().await;
    let upload = begin(&client).await;
    let large = vec![b'a'; 5 << 20];
    let first = part(&client, &upload, 1, large.clone()).await.header("etag");
    let second = part(&client, &upload, 2, b"end".to_vec()).await.header("etag");
    assert_eq!(client.get("/backups/big").await.status, 404, "not before it is complete");
    let done = complete(&client, &upload, &[&first, &second]).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let got = client.get("/backups/big").await;
    assert_eq!(got.body.len(), large.len() + 3);
    assert!(got.header("etag").ends_with("-2\""), "{}", got.header("etag"));
    assert_eq!(complete(&client, &upload, &[&first, &second]).await.code(), (404, "NoSuchUpload".into()));
}

#[tokio::test]
async fn what_does_not_fit_together_is_no_object() {
    let (_s3, client) = s3().await;
    let upload = begin(&client).await;
    let small = part(&client, &upload, 1, b"small".to_vec()).await.header("etag");
    let last = part(&client, &upload, 2, b"end".to_vec()).await.header("etag");
    assert_eq!(complete(&client, &upload, &[&small, &last]).await.code(), (400, "EntityTooSmall".into()));
    assert_eq!(complete(&client, &upload, &["\"0\""]).await.code(), (400, "InvalidPart".into()));
    let number = |one: u16| format!("<Part><PartNumber>{one}</PartNumber></Part>");
    let body = format!("<CompleteMultipartUpload>{}{}</CompleteMultipartUpload>", number(2), number(1));
    let query = &[("uploadId", upload.as_str())];
    let ask = Ask { method: "POST", path: "/backups/big", query, body: body.as_bytes(), ..Ask::default() };
    assert_eq!(client.ask(ask).await.code(), (400, "InvalidPartOrder".into()));
    assert_eq!(client.get("/backups/big").await.status, 404);
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing() {
    let (_s3, client) = s3().await;
    let upload = begin(&client).await;
    part(&client, &upload, 1, b"x".to_vec()).await;
    let bucket = client.bucket("backups");
    let url = bucket.abort_multipart_upload(Some(&client.keys), "big", &upload).sign(WHILE);
    assert_eq!(client.send("DELETE", url, Vec::new()).await.status, 204);
    assert_eq!(part(&client, &upload, 2, b"x".to_vec()).await.code(), (404, "NoSuchUpload".into()));
}
