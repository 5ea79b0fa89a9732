//! The kinds against librdkafka's mock cluster: three brokers on loopback that know metadata, messages and groups,
//! but no admin requests; those are shown against a real cluster, see [`live`].

mod live;

use std::time::{Duration, Instant};

use checkrun_model::{Asked, Broken, Cx, Effect, Kind, KindEntry, Ruling, Undone};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use serde_json::{Value as Json, json};

use super::consume::Consume;
use super::describe::Describe;
use super::produce::Produce;
use super::topic::Topic;
use super::{cluster, group};
use crate::testing::{Remembered, context, prepare};

type Mock = MockCluster<'static, DefaultProducerContext>;

/// Three brokers with a topic `orders` of three partitions.
fn brokers() -> Mock {
    let brokers = MockCluster::new(3).unwrap();
    brokers.create_topic("orders", 3, 3).unwrap();
    brokers
}

fn at(brokers: &Mock) -> (Cx, std::sync::Arc<Remembered>) {
    context(Some(("kafka", json!({ "bootstrap": brokers.bootstrap_servers() }))))
}

/// A deadline for what is going to use up its time: what waits for messages that do not come, or for admin answers.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(4)
}

/// What a kind sees, and what its rule says to it.
async fn observe<K: Kind>(cx: &Cx, args: Json) -> Result<(Json, Ruling), Broken> {
    let kind = prepare(&KindEntry::of::<K>(), &args).unwrap_or_else(|errors| panic!("{errors:?}"));
    let seen = kind.observe(cx).await?.value;
    let ruling = kind.rule(&seen, Asked::default());
    Ok((seen, ruling))
}

#[tokio::test]
async fn what_is_produced_is_consumed_in_order() {
    let brokers = brokers();
    let (cx, _) = at(&brokers);
    let (sent, ruling) =
        observe::<Produce>(&cx, json!({ "topic": "orders", "messages": 1000, "size": "256B" })).await.unwrap();
    assert_eq!((ruling, &sent["acked"], &sent["failed"]), (Ruling::Met, &json!(1000), &json!(0)), "{sent}");
    let spread: Vec<_> =
        sent["partitions"].as_array().unwrap().iter().map(|here| here["acked"].as_u64().unwrap()).collect();
    assert_eq!(spread, [334, 333, 333]);

    let args = json!({ "topic": "orders", "messages": 1000, "token": sent["token"] });
    let (read, ruling) = observe::<Consume>(&cx, args).await.unwrap();
    assert_eq!(ruling, Ruling::Met, "{read}");
    for clean in ["missing", "duplicates", "reordered", "foreign", "lag"] {
        assert_eq!(read[clean], 0, "{clean} in {read}");
    }
    assert_eq!(read["partitions"][1]["last"], 332);
}

#[tokio::test]
async fn a_group_commits_what_it_read() {
    let brokers = brokers();
    let (cx, ledger) = at(&brokers);
    observe::<Produce>(&cx, json!({ "topic": "orders", "messages": 30 })).await.unwrap();
    let args = json!({ "topic": "orders", "messages": 30, "group": "g-1a2b3c4d" });
    let (read, ruling) = observe::<Consume>(&cx, args).await.unwrap();
    assert_eq!((ruling, &read["lag"]), (Ruling::Met, &json!(0)), "{read}");
    assert!(read["partitions"].as_array().unwrap().iter().all(|here| here["position"] == 10), "{read}");
    let announced: Vec<_> =
        ledger.entries.lock().unwrap().iter().map(|(what, identity)| (*what, identity.clone())).collect();
    assert_eq!(announced, [("intend", json!({ "group": "g-1a2b3c4d" })), ("made", json!({ "group": "g-1a2b3c4d" }))]);
}

#[tokio::test]
async fn a_group_of_somebody_else_is_left_alone() {
    let brokers = brokers();
    let (cx, ledger) = at(&brokers);
    let args = json!({ "topic": "orders", "messages": 1, "group": "billing" });
    let broken = observe::<Consume>(&cx, args).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("not the run's own"), "{broken:?}");
    assert!(ledger.entries.lock().unwrap().is_empty());
}

#[tokio::test]
async fn too_few_messages_are_seen_and_do_not_meet_the_rule() {
    let brokers = brokers();
    let (mut cx, _) = at(&brokers);
    observe::<Produce>(&cx, json!({ "topic": "orders", "messages": 6 })).await.unwrap();
    cx.deadline = soon();
    let (read, ruling) = observe::<Consume>(&cx, json!({ "topic": "orders", "messages": 7 })).await.unwrap();
    assert_eq!((&read["read"], ruling), (&json!(6), Ruling::NotYet("6 of 7 messages were read".into())));
    cx.deadline = soon();
    let args = json!({ "topic": "orders", "messages": 1, "token": "another" });
    let (foreign, ruling) = observe::<Consume>(&cx, args).await.unwrap();
    assert_eq!((&foreign["read"], &foreign["foreign"]), (&json!(0), &json!(6)), "{foreign}");
    assert!(matches!(ruling, Ruling::NotYet(_)));
}

#[tokio::test]
async fn a_topic_is_described_with_leaders_and_its_absence_is_seen() {
    let brokers = brokers();
    let (mut cx, _) = at(&brokers);
    cx.deadline = soon();
    let (seen, ruling) = observe::<Describe>(&cx, json!({ "topic": "orders" })).await.unwrap();
    assert_eq!(ruling, Ruling::Met);
    let ids: Vec<_> = seen["partitions"].as_array().unwrap().iter().map(|partition| partition["id"].clone()).collect();
    assert_eq!(ids, [0, 1, 2]);
    assert_eq!(seen["partitions"][0]["isr"].as_array().unwrap().len(), 3);
    let (gone, ruling) = observe::<Describe>(&cx, json!({ "topic": "nowhere" })).await.unwrap();
    assert_eq!((&gone["partitions"], ruling), (&json!([]), Ruling::NotYet("topic nowhere does not exist".into())));
}

#[tokio::test]
async fn brokers_are_listed() {
    let brokers = brokers();
    let (seen, ruling) = observe::<cluster::Cluster>(&at(&brokers).0, json!({})).await.unwrap();
    let ids: Vec<_> = seen["brokers"].as_array().unwrap().iter().map(|broker| broker["id"].clone()).collect();
    assert_eq!((ids, ruling), (vec![json!(1), json!(2), json!(3)], Ruling::Met));
}

#[tokio::test]
async fn a_topic_that_is_there_is_not_taken_over() {
    let brokers = brokers();
    let (cx, ledger) = at(&brokers);
    let broken = observe::<Topic>(&cx, json!({ "name": "orders" })).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("already there"), "{broken:?}");
    assert!(ledger.entries.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_topic_that_was_never_confirmed_is_looked_for_again_before_it_counts_as_gone() {
    let brokers = brokers();
    let (mut cx, _) = at(&brokers);
    cx.deadline = soon();
    let never = Topic::undo(&json!({ "name": "never-1a2b3c4d" }), &cx).await.unwrap();
    assert!(matches!(&never, Undone::NotSeen(why) if why.contains("never confirmed")), "{never:?}");
    cx.deadline = soon();
    let confirmed = json!({ "name": "never-1a2b3c4d", "id": "AAAAAAAAAAAAAAAAAAAAAQ" });
    assert_eq!(Topic::undo(&confirmed, &cx).await.unwrap(), Undone::AlreadyGone);
    // It comes only after the first look: the name does not show that it is the run's, so it is found and left alone.
    cx.deadline = soon();
    let comes = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        brokers.create_topic("late", 1, 1).unwrap();
    };
    let identity = json!({ "name": "late" });
    let (late, ()) = tokio::join!(Topic::undo(&identity, &cx), comes);
    assert!(matches!(late, Ok(Undone::NotOurs(_))), "{late:?}");
}

#[tokio::test]
async fn nothing_is_written_in_a_read_only_run() {
    let brokers = brokers();
    let (mut cx, _) = at(&brokers);
    cx.deadline = soon();
    std::sync::Arc::make_mut(&mut cx.run).read_only = true;
    let refusals = [
        observe::<Topic>(&cx, json!({ "name": "new" })).await,
        observe::<Produce>(&cx, json!({ "topic": "orders", "messages": 1 })).await,
        observe::<Consume>(&cx, json!({ "topic": "orders", "messages": 1, "group": "g-1a2b3c4d" })).await,
    ];
    for refusal in refusals {
        assert!(refusal.unwrap_err().cause.contains("read-only"));
    }
    assert!(observe::<Describe>(&cx, json!({ "topic": "orders" })).await.is_ok());
}

#[tokio::test]
async fn brokers_that_are_not_there_end_with_the_check_and_are_waited_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let bootstrap = listener.local_addr().unwrap().to_string();
    drop(listener);
    let (mut cx, _) = context(Some(("kafka", json!({ "bootstrap": bootstrap }))));
    cx.deadline = Instant::now() + Duration::from_secs(2);
    let broken = observe::<cluster::Cluster>(&cx, json!({})).await.unwrap_err();
    assert!(broken.transient && Instant::now() < cx.deadline + Duration::from_secs(1), "{broken:?}");
}

#[test]
fn arguments_and_effects_are_known_at_load() {
    let parse = |args: Json| prepare(&KindEntry::of::<Consume>(), &args);
    let reading = parse(json!({ "topic": "orders", "messages": 1 })).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert_eq!(reading.effect(), Effect::Read);
    let grouped =
        parse(json!({ "topic": "orders", "messages": 1, "group": "g" })).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert_eq!(grouped.effect(), Effect::Write);
    let first =
        |entry: KindEntry, args: Json| prepare(&entry, &args).err().map(|errors| errors[0].message.clone()).unwrap();
    assert!(
        first(KindEntry::of::<Consume>(), json!({ "topic": "a b", "messages": 1 })).contains("not the name of a topic")
    );
    assert!(first(KindEntry::of::<Consume>(), json!({ "topic": "a", "messages": 0 })).contains("`messages` is 0"));
    assert!(
        first(KindEntry::of::<Produce>(), json!({ "topic": "a", "messages": 1, "size": "2MiB" })).contains("larger")
    );
    assert!(first(KindEntry::of::<Topic>(), json!({ "name": "a", "partitions": 0 })).contains("`partitions` is 0"));
    assert!(first(KindEntry::of::<group::Group>(), json!({ "group": "" })).contains("empty"));
}
