//! Keys that are wrong, and what can go wrong by the world's faults.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::client::{Ask, Client};
use super::{config, s3};
use crate::authority::Authority;
use crate::clock::Clock;
use crate::s3::{S3, Trouble};

#[tokio::test]
async fn signatures_are_checked() {
    let (s3, client) = s3().await;
    client.put("/backups/x", "1").await;
    for (access, secret, code) in
        [("writer", "wrong", "SignatureDoesNotMatch"), ("nobody", "secret", "InvalidAccessKeyId")]
    {
        let other = Client::new(&s3.url(), access, secret);
        assert_eq!(other.get("/backups/x").await.code(), (403, code.to_owned()));
        assert_eq!(other.put("/backups/x", "2").await.code(), (403, code.to_owned()));
    }
    let unsigned = client.send("GET", client.url.join("/backups/x").unwrap(), Vec::new()).await;
    assert_eq!(unsigned.code(), (403, "AccessDenied".into()));
    assert_eq!(client.get("/backups/x").await.text(), "1");
}

#[tokio::test]
async fn who_may_read_may_not_write() {
    let (s3, client) = s3().await;
    client.put("/backups/x", "1").await;
    let reader = Client::new(&s3.url(), "reader", "other");
    assert_eq!(reader.get("/backups/x").await.text(), "1");
    assert_eq!(reader.get("/backups").await.status, 200);
    let denied = (403, "AccessDenied".to_owned());
    assert_eq!(reader.put("/backups/x", "2").await.code(), denied);
    assert_eq!(reader.delete("/backups/x").await.code(), denied);
    assert_eq!(reader.put("/other", "").await.code(), denied);
    assert_eq!(client.get("/backups/x").await.text(), "1");
}

#[tokio::test]
async fn troubles_are_met_and_end() {
    let (s3, client) = s3().await;
    client.put("/backups/x", "1").await;
    for (trouble, status, code) in [
        (Trouble::Broken, 500, "InternalError"),
        (Trouble::RefusesKeys, 403, "InvalidAccessKeyId"),
        (Trouble::Denies, 403, "AccessDenied"),
    ] {
        s3.set(Some(trouble));
        assert_eq!(client.get("/backups/x").await.code(), (status, code.to_owned()));
        let put = Ask { method: "PUT", path: "/backups/x", body: &[b'2'; 1 << 20], ..Ask::default() };
        assert_eq!(client.ask(put).await.code(), (status, code.to_owned()));
        s3.set(None);
        assert_eq!(client.get("/backups/x").await.text(), "1");
    }
    let ask = Ask { method: "GET", path: "/backups/x", ..Ask::default() };
    s3.set(Some(Trouble::Down));
    assert!(client.try_ask(&ask).await.is_none());
    s3.set(Some(Trouble::Hangs));
    assert!(timeout(Duration::from_millis(200), client.try_ask(&ask)).await.is_err());
    s3.set(None);
    assert_eq!(client.get("/backups/x").await.text(), "1");
    s3.unmake("backups");
    assert_eq!(client.get("/backups/x").await.code(), (404, "NoSuchBucket".into()));
    s3.make("backups");
    assert_eq!(client.get("/backups/x").await.code(), (404, "NoSuchKey".into()));
}

#[tokio::test]
async fn a_slow_one_is_slow_until_all_is_well() {
    let (s3, client) = s3().await;
    let took = || async {
        let began = Instant::now();
        client.get("/").await;
        began.elapsed()
    };
    s3.slow(Duration::from_millis(300));
    assert!(took().await >= Duration::from_millis(300));
    s3.set(None);
    assert!(took().await < Duration::from_millis(300));
}

#[tokio::test]
async fn over_tls_it_shows_a_certificate_of_the_sandbox() {
    let authority = Authority::new("test").unwrap();
    let signed = authority.server(&["127.0.0.1".to_owned()]).unwrap();
    let tls = Some(crate::kube::tls(&signed).unwrap());
    let s3 = S3::start(crate::s3::Config { tls, ..config() }, Clock::new(1.0)).await.unwrap();
    let stranger = Client::new(&s3.url(), "writer", "secret");
    assert!(stranger.try_ask(&Ask { method: "GET", path: "/", ..Ask::default() }).await.is_none());
    let client = stranger.trusting(authority.pem());
    assert_eq!(client.put("/backups", "").await.status, 200);
    assert_eq!(client.put("/backups/x", "over TLS").await.status, 200);
    assert_eq!(client.get("/backups/x").await.text(), "over TLS");
}

#[tokio::test]
async fn times_are_those_of_the_world() {
    let clock = Clock::new(1000.0);
    let s3 = S3::start(config(), clock).await.unwrap();
    s3.make("backups");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let client = Client::new(&s3.url(), "writer", "secret");
    client.put("/backups/x", "").await;
    let age = s3.buckets()[0].1[0].modified.duration_since(clock.began());
    assert!(age.as_secs() >= 100, "{age}");
}
