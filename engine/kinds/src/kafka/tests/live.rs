//! What only real brokers answer: topics made and deleted, ids, configuration, groups. Run against a cluster of at
//! least three brokers whose endpoint settings stand, as JSON, in `CHECKRUN_TEST_KAFKA`:
//! `cargo test -p checkrun-kinds live -- --ignored`.

use checkrun_model::{Cx, Kind, Ruling, Undone};
use serde_json::{Value as Json, json};

use super::{cluster, group, observe};
use crate::kafka::consume::Consume;
use crate::kafka::describe::Describe;
use crate::kafka::produce::Produce;
use crate::kafka::topic::Topic;
use crate::testing::{Remembered, context};

/// Settings of the cluster's endpoint.
fn settings() -> Json {
    let settings = std::env::var("CHECKRUN_TEST_KAFKA").expect("CHECKRUN_TEST_KAFKA holds the endpoint's settings");
    serde_json::from_str(&settings).unwrap()
}

/// A context whose run has an id of its own, so that a second run finds nothing of the first.
fn real() -> (Cx, std::sync::Arc<Remembered>) {
    at(settings())
}

fn at(settings: Json) -> (Cx, std::sync::Arc<Remembered>) {
    let (mut cx, ledger) = context(Some(("kafka", settings)));
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let (now, next) =
        (jiff::Timestamp::now().as_millisecond(), NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    std::sync::Arc::make_mut(&mut cx.run).id = format!("t{now}x{next}");
    (cx, ledger)
}

/// What was announced last.
fn last(ledger: &Remembered) -> (&'static str, Json) {
    ledger.entries.lock().unwrap().last().cloned().unwrap()
}

/// A topic of its own with three partitions on three brokers.
async fn topic(cx: &Cx) -> (String, Json) {
    let name = format!("live-{}", cx.run.id);
    let args =
        json!({ "name": name, "partitions": 3, "replication_factor": 3, "config": { "min.insync.replicas": 2 } });
    let (seen, ruling) = observe::<Topic>(cx, args).await.unwrap();
    assert_eq!(ruling, Ruling::Met, "{seen}");
    (name, seen)
}

#[tokio::test]
#[ignore = "needs a real cluster"]
async fn a_topic_is_made_with_its_settings_and_deleted_by_its_id() {
    let (cx, ledger) = real();
    let (name, seen) = topic(&cx).await;
    assert_eq!(
        (&seen["config"]["min.insync.replicas"], seen["partitions"].as_array().unwrap().len()),
        (&json!("2"), 3)
    );
    let (what, identity) = last(&ledger);
    assert_eq!((what, &identity), ("made", &json!({ "name": name, "id": seen["id"] })));
    assert!(seen["id"].as_str().is_some_and(|id| id.len() == 22), "{seen}");

    let other = json!({ "name": name, "id": "AAAAAAAAAAAAAAAAAAAAAQ" });
    assert!(matches!(Topic::undo(&other, &cx).await.unwrap(), Undone::NotOurs(_)));
    assert_eq!(Topic::undo(&identity, &cx).await.unwrap(), Undone::Done);
    assert_eq!(Topic::undo(&identity, &cx).await.unwrap(), Undone::AlreadyGone);
    let (gone, _) = observe::<Describe>(&cx, json!({ "topic": name })).await.unwrap();
    assert_eq!(gone["partitions"], json!([]));
}

#[tokio::test]
#[ignore = "needs a real cluster"]
async fn a_topic_that_brokers_refuse_was_not_made() {
    let (cx, ledger) = real();
    let args = json!({ "name": format!("live-{}", cx.run.id), "replication_factor": 99 });
    let broken = observe::<Topic>(&cx, args).await.unwrap_err();
    assert!(broken.cause.contains("creating topic"), "{broken:?}");
    assert_eq!(last(&ledger).0, "void");
    let args = json!({ "name": format!("live-{}", cx.run.id), "config": { "no.such.setting": "1" } });
    assert!(!observe::<Topic>(&cx, args).await.unwrap_err().transient);
}

#[tokio::test]
#[ignore = "needs a real cluster"]
async fn a_group_reads_what_was_written_and_is_described_and_deleted() {
    let (cx, ledger) = real();
    let (name, _) = topic(&cx).await;
    let made = last(&ledger).1;
    let (sent, ruling) =
        observe::<Produce>(&cx, json!({ "topic": name, "messages": 3000, "size": "1KiB" })).await.unwrap();
    assert_eq!(ruling, Ruling::Met, "{sent}");
    let readers = format!("readers-{}", cx.run.id);
    let (absent, ruling) = observe::<group::Group>(&cx, json!({ "group": readers })).await.unwrap();
    assert!(matches!(ruling, Ruling::NotYet(_)), "{absent}");

    let args = json!({ "topic": name, "messages": 3000, "group": readers, "token": sent["token"] });
    let (read, ruling) = observe::<Consume>(&cx, args).await.unwrap();
    assert_eq!((ruling, &read["lag"], &read["missing"]), (Ruling::Met, &json!(0), &json!(0)), "{read}");
    let (seen, ruling) = observe::<group::Group>(&cx, json!({ "group": readers })).await.unwrap();
    assert_eq!((ruling, &seen["lag"], &seen["state"]), (Ruling::Met, &json!(0), &json!("Empty")), "{seen}");
    assert_eq!(seen["partitions"][2]["committed"], 1000);

    let group = json!({ "group": readers });
    assert_eq!(Consume::undo(&group, &cx).await.unwrap(), Undone::Done);
    assert_eq!(Consume::undo(&group, &cx).await.unwrap(), Undone::AlreadyGone);
    assert_eq!(Topic::undo(&made, &cx).await.unwrap(), Undone::Done);
}

#[tokio::test]
#[ignore = "needs a real cluster"]
async fn the_cluster_says_who_it_is() {
    let (seen, _) = observe::<cluster::Cluster>(&real().0, json!({})).await.unwrap();
    assert!(seen["brokers"].as_array().unwrap().len() >= 3, "{seen}");
    assert!(seen["cluster_id"].as_str().is_some_and(|id| !id.is_empty()) && seen["controller"].is_i64(), "{seen}");
}

#[tokio::test]
#[ignore = "needs a real cluster that speaks TLS"]
async fn certificates_that_do_not_agree_end_the_wait() {
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut untrusted = settings();
    untrusted["tls"]["ca"] = json!({ "pem": stranger.cert.pem() });
    let mut nobody = settings();
    let tls = nobody["tls"].as_object_mut().unwrap();
    let mutual = tls.remove("certificate").is_some() && tls.remove("key").is_some();
    for settings in std::iter::once(untrusted).chain(mutual.then_some(nobody)) {
        let (cx, _) = at(settings);
        let broken = observe::<cluster::Cluster>(&cx, json!({})).await.unwrap_err();
        assert!(!broken.transient && cx.remaining().as_secs() > 10, "{broken:?}");
    }
}
