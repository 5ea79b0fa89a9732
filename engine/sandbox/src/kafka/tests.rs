//! What librdkafka sees of a sandbox Kafka, over real sockets.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};

use super::*;
use crate::authority::Authority;

/// Thirty seconds of the cluster are one of the clients'.
fn clock() -> Clock {
    Clock::new(30.0)
}

fn settings() -> BTreeMap<String, String> {
    [("auto.create.topics.enable", "false")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// What is behind a door of a cluster that is nowhere else.
pub(super) fn inside() -> Inside {
    let shared = Shared::new(made(&Config::default(), &clock()).unwrap());
    let (addresses, users) = (Arc::new(Addresses::default()), Arc::new(Users::new(&[])));
    Inside { shared, node: 0, addresses, tls: Arc::new(Tls::new(&Transport::Plain).unwrap()), users }
}

async fn three() -> Kafka {
    Kafka::start(Config { settings: settings(), ..Config::default() }, clock()).await.unwrap()
}

fn client(kafka: &Kafka, listener: &str, more: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap(listener).unwrap()).set("reconnect.backoff.max.ms", "100");
    for (name, value) in more {
        config.set(*name, *value);
    }
    config
}

async fn topic(kafka: &Kafka, name: &str, least: &str) {
    let admin: AdminClient<DefaultClientContext> = client(kafka, "plain", &[]).create().unwrap();
    let wanted = NewTopic::new(name, 3, TopicReplication::Fixed(3)).set("min.insync.replicas", least);
    admin.create_topics([&wanted], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
}

/// Remembers what became of each message.
#[derive(Default)]
struct Deliveries(Mutex<(usize, Vec<Code>)>);

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let mut seen = self.0.lock().unwrap();
        match result {
            Ok(_) => seen.0 += 1,
            Err((why, _)) => seen.1.push(why.rdkafka_error_code().unwrap()),
        }
    }
}

/// Sends so many numbered messages; gives how many were acknowledged, and the errors.
fn produce(kafka: &Kafka, topic: &str, count: usize, more: &[(&str, &str)]) -> (usize, Vec<Code>) {
    let mut config = client(kafka, "plain", &[("acks", "all"), ("linger.ms", "5"), ("message.timeout.ms", "8000")]);
    for (name, value) in more {
        config.set(*name, *value);
    }
    let producer: ThreadedProducer<Deliveries> = config.create_with_context(Deliveries::default()).unwrap();
    for number in 0..count {
        let text = number.to_string();
        producer.send(BaseRecord::to(topic).key(&text).payload(&text)).map_err(|(why, _)| why).unwrap();
    }
    producer.flush(Duration::from_secs(20)).unwrap();
    let seen = producer.context().0.lock().unwrap();
    seen.clone()
}

/// Reads as a group until so many came or time is over, commits and leaves; gives the distinct numbers.
fn consume(kafka: &Kafka, topic: &str, group: &str, count: usize) -> BTreeSet<usize> {
    let more = [("group.id", group), ("auto.offset.reset", "earliest"), ("enable.auto.commit", "false")];
    let consumer: BaseConsumer = client(kafka, "plain", &more).create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let (mut seen, end) = (BTreeSet::new(), Instant::now() + Duration::from_secs(20));
    while seen.len() < count && Instant::now() < end {
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
            seen.insert(std::str::from_utf8(message.payload().unwrap()).unwrap().parse().unwrap());
        }
    }
    consumer.commit_consumer_state(CommitMode::Sync).unwrap();
    seen
}

fn metadata(kafka: &Kafka, listener: &str, more: &[(&str, &str)]) -> Result<Metadata, KafkaError> {
    let consumer: BaseConsumer = client(kafka, listener, more).create().unwrap();
    consumer.fetch_metadata(None, Duration::from_secs(2))
}

async fn seen(kafka: &Kafka, what: impl FnMut(&Status) -> bool) {
    let mut changes = kafka.changes();
    let waited = tokio::time::timeout(Duration::from_secs(10), changes.wait_for(what)).await;
    assert!(waited.is_ok(), "{:?}", kafka.status());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read_committed_and_found_again() {
    let kafka = three().await;
    topic(&kafka, "orders", "2").await;
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let more = [("enable.idempotence", "true"), ("compression.type", codec)];
        assert_eq!(produce(&kafka, "orders", 1000, &more), (1000, vec![]), "{codec}");
    }
    assert_eq!(consume(&kafka, "orders", "readers", 1000).len(), 1000);
    let described = kafka.describe("orders").unwrap();
    let ends: Vec<i64> = described.partitions.iter().map(|partition| partition.end).collect();
    assert_eq!(ends.iter().sum::<i64>(), 5000);
    let consumer: BaseConsumer = client(&kafka, "plain", &[("group.id", "readers")]).create().unwrap();
    let time = Duration::from_secs(5);
    assert_eq!(consumer.fetch_watermarks("orders", 0, time).unwrap(), (0, ends[0]));
    let mut asked = TopicPartitionList::new();
    asked.add_partition_offset("orders", 0, Offset::Offset(1)).unwrap();
    let found = consumer.offsets_for_times(asked, time).unwrap();
    assert_eq!(found.elements()[0].offset(), Offset::Offset(0));
    let mut all = TopicPartitionList::new();
    all.add_partition_range("orders", 0, 2);
    let committed = consumer.committed_offsets(all, time).unwrap();
    let stand =
        |element: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| element.offset().to_raw().unwrap();
    assert!(committed.elements().iter().map(stand).sum::<i64>() >= 1000);
    assert_eq!(kafka.groups()["readers"].state, "Empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_described_and_refused_as_brokers_do() {
    let kafka = three().await;
    topic(&kafka, "orders", "2").await;
    let admin: AdminClient<DefaultClientContext> = client(&kafka, "plain", &[]).create().unwrap();
    let options = AdminOptions::new();
    let asked = [ResourceSpecifier::Topic("orders"), ResourceSpecifier::Topic("nothing")];
    let described = admin.describe_configs(&asked, &options).await.unwrap();
    let value = |resource: &ConfigResource, name| resource.get(name).and_then(|entry| entry.value.clone());
    assert_eq!(value(described[0].as_ref().unwrap(), "min.insync.replicas").as_deref(), Some("2"));
    // The wrapper does not tell a resource's error from a resource without settings.
    assert!(described[1].as_ref().map_or(true, |resource| resource.entries.is_empty()));
    let refusals = [
        (NewTopic::new("orders", 1, TopicReplication::Fixed(1)), Code::TopicAlreadyExists),
        (NewTopic::new("wide", 1, TopicReplication::Fixed(9)), Code::InvalidReplicationFactor),
        (NewTopic::new("odd", 1, TopicReplication::Fixed(1)).set("no.such.setting", "1"), Code::InvalidConfig),
        (NewTopic::new("a b", 1, TopicReplication::Fixed(1)), Code::InvalidTopic),
    ];
    for (wanted, code) in refusals {
        let refused = admin.create_topics([&wanted], &options).await.unwrap().remove(0);
        assert_eq!(refused.unwrap_err().1, code, "{}", wanted.name);
    }
    admin.delete_topics(&["orders"], &options).await.unwrap().remove(0).unwrap();
    assert_eq!(kafka.topics(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_costs_time_but_no_message() {
    let kafka = three().await;
    topic(&kafka, "orders", "2").await;
    kafka.broker_down(1).unwrap();
    assert_eq!(produce(&kafka, "orders", 300, &[("enable.idempotence", "true")]), (300, vec![]));
    let status = kafka.status();
    assert!(status.brokers[&1].fenced && status.offline == 0 && status.under_replicated > 0, "{status:?}");
    assert_eq!(metadata(&kafka, "plain", &[]).unwrap().brokers().len(), 2);
    assert_eq!(consume(&kafka, "orders", "readers", 300).len(), 300);
    kafka.broker_up(1).unwrap();
    seen(&kafka, |status| status.under_replicated == 0).await;
    assert_eq!(metadata(&kafka, "plain", &[]).unwrap().brokers().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_in_sync_and_a_full_disk_refuse_and_what_is_lost_is_gone() {
    let kafka = three().await;
    topic(&kafka, "orders", "2").await;
    let briefly = [("message.timeout.ms", "1500")];
    let failed = |what: &str| {
        let (acknowledged, errors) = produce(&kafka, "orders", 3, &briefly);
        assert_eq!((acknowledged, errors.len()), (0, 3), "{what}: {errors:?}");
    };
    for partition in 0..3 {
        kafka.pin_isr("orders", partition, Some(vec![0])).unwrap();
    }
    failed("one in sync");
    for partition in 0..3 {
        kafka.pin_isr("orders", partition, None).unwrap();
    }
    seen(&kafka, |status| status.under_replicated == 0).await;
    (0..3).for_each(|broker| kafka.disk_full(broker, true).unwrap());
    failed("full");
    (0..3).for_each(|broker| kafka.disk_full(broker, false).unwrap());
    kafka.lose(&["ord*"]);
    assert_eq!(produce(&kafka, "orders", 50, &[]), (50, vec![]));
    kafka.lose(&[]);
    assert_eq!(produce(&kafka, "orders", 5, &[]), (5, vec![]));
    assert_eq!(consume(&kafka, "orders", "readers", 5).len(), 5);
    let ends = kafka.describe("orders").unwrap().partitions;
    assert_eq!(ends.iter().map(|partition| partition.end).sum::<i64>(), 55);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pauses_answers_late_and_who_is_down_refuses() {
    let kafka = Kafka::start(Config { brokers: vec![0], ..Config::default() }, clock()).await.unwrap();
    kafka.broker_pause(0).unwrap();
    assert!(tokio::net::TcpStream::connect(kafka.address("plain", 0).unwrap()).await.is_ok());
    assert!(metadata(&kafka, "plain", &[]).is_err());
    kafka.broker_up(0).unwrap();
    assert_eq!(metadata(&kafka, "plain", &[]).unwrap().brokers().len(), 1);
    kafka.broker_down(0).unwrap();
    assert!(tokio::net::TcpStream::connect(kafka.address("plain", 0).unwrap()).await.is_err());
    kafka.broker_up(0).unwrap();
    kafka.slow(Duration::from_millis(300));
    let begun = Instant::now();
    assert!(metadata(&kafka, "plain", &[]).is_ok() && begun.elapsed() >= Duration::from_millis(600));
    let address = kafka.address("plain", 0).unwrap();
    drop(kafka);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_decide_who_is_trusted() {
    let (ours, theirs) = (Authority::new("ours").unwrap(), Authority::new("theirs").unwrap());
    let names = ["127.0.0.1".to_owned()];
    let signed = |by: &Authority| Identity::from(by.server(&names).unwrap());
    let listeners = vec![
        Listener::tls("tls", signed(&ours), None),
        Listener::tls("mtls", signed(&ours), Some(ours.pem().to_owned())),
    ];
    let kafka = Kafka::start(Config { listeners, ..Config::default() }, clock()).await.unwrap();
    let trusting = [("security.protocol", "ssl"), ("ssl.ca.pem", ours.pem())];
    assert!(metadata(&kafka, "tls", &trusting).is_ok());
    assert!(metadata(&kafka, "mtls", &trusting).is_err());
    let own = ours.client("reader").unwrap();
    let shown = [("ssl.certificate.pem", own.certificate.as_str()), ("ssl.key.pem", own.key.as_str())];
    assert!(metadata(&kafka, "mtls", &[&trusting[..], &shown[..]].concat()).is_ok());
    kafka.present("tls", &signed(&theirs)).unwrap();
    assert!(metadata(&kafka, "tls", &trusting).is_err());
    kafka.present("tls", &signed(&ours)).unwrap();
    assert!(metadata(&kafka, "tls", &trusting).is_ok());
    assert!(kafka.present("none", &signed(&ours)).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_decide_who_may_ask() {
    let mechanisms = [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512];
    let user = |mechanism| User { name: "user".into(), password: "pencil".into(), mechanism };
    let listener = Listener { users: mechanisms.map(user).to_vec(), ..Listener::plain("sasl") };
    let kafka = Kafka::start(Config { listeners: vec![listener], ..Config::default() }, clock()).await.unwrap();
    let with = |mechanism: Mechanism, user, password| {
        let protocol = ("security.protocol", "sasl_plaintext");
        let who =
            [protocol, ("sasl.mechanism", mechanism.word()), ("sasl.username", user), ("sasl.password", password)];
        metadata(&kafka, "sasl", &who).is_ok()
    };
    for mechanism in mechanisms {
        assert!(with(mechanism, "user", "pencil"), "{mechanism:?}");
        assert!(!with(mechanism, "user", "pen"), "{mechanism:?}");
    }
    assert!(!with(Mechanism::ScramSha512, "nobody", "pencil"));
    assert!(metadata(&kafka, "sasl", &[]).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn static_members_are_refused_by_name() {
    let kafka = three().await;
    topic(&kafka, "orders", "1").await;
    let more = [("group.id", "readers"), ("group.instance.id", "one")];
    let consumer: BaseConsumer = client(&kafka, "plain", &more).create().unwrap();
    consumer.subscribe(&["orders"]).unwrap();
    let end = Instant::now() + Duration::from_secs(5);
    let mut said = None;
    while said.is_none() && Instant::now() < end {
        said = consumer.poll(Duration::from_millis(100)).and_then(Result::err).and_then(|why| why.rdkafka_error_code());
    }
    assert_eq!(said, Some(Code::UnsupportedVersion));
}
