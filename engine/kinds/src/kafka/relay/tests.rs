//! A relay before librdkafka's mock cluster: the client sees local ports only, and everything works through them.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rdkafka::ClientConfig as KafkaConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::*;
use crate::http::tls::Trust;
use crate::kafka::endpoint::KafkaEndpoint;

/// Connects to what it is asked for, and counts.
struct Straight(Arc<AtomicUsize>);

impl Dial for Straight {
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, Result<TcpStream, Broken>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(
            async move { TcpStream::connect((host, port)).await.map_err(|why| Broken::transient(why.to_string())) },
        )
    }
}

/// A client of the mock cluster that knows no address but the relay's.
fn client(relay: &Arc<Relay>, bootstrap: &str) -> BaseConsumer {
    let (host, port) = bootstrap.split(',').next().unwrap().rsplit_once(':').unwrap();
    let local = relay.local(host, port.parse().unwrap()).unwrap();
    KafkaConfig::new().set("bootstrap.servers", local.to_string()).set("group.id", "g").create().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_are_known_by_local_ports_only() {
    let brokers = MockCluster::new(3).unwrap();
    brokers.create_topic("orders", 3, 1).unwrap();
    let dialled = Arc::new(AtomicUsize::new(0));
    let relay = Relay::new(Box::new(Straight(dialled.clone())), None);
    let bootstrap = brokers.bootstrap_servers();
    let client = client(&relay, &bootstrap);
    let (addresses, ends) = tokio::task::spawn_blocking(move || {
        let metadata = client.fetch_metadata(None, Duration::from_secs(10)).unwrap();
        let addresses: Vec<_> =
            metadata.brokers().iter().map(|broker| format!("{}:{}", broker.host(), broker.port())).collect();
        let ends: Vec<_> = (0..3)
            .map(|partition| client.fetch_watermarks("orders", partition, Duration::from_secs(10)).unwrap())
            .collect();
        (addresses, ends)
    })
    .await
    .unwrap();
    assert_eq!((addresses.len(), ends.as_slice()), (3, &[(0, 0); 3][..]));
    assert!(
        addresses.iter().all(|address| address.starts_with("127.0.0.1:") && !bootstrap.contains(address)),
        "{addresses:?}"
    );
    // Each partition has a leader of its own, so every broker was reached, and by the relay.
    assert!(dialled.load(Ordering::Relaxed) >= 3);
    assert!(relay.problem().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_cannot_be_reached_is_a_problem_until_it_can() {
    let relay = Relay::new(Box::new(Straight(Arc::default())), None);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broker = listener.local_addr().unwrap();
    drop(listener);
    let local = relay.local("127.0.0.1", broker.port()).unwrap();
    let seen = async |wanted: bool| {
        for _ in 0..200 {
            drop(TcpStream::connect(local).await);
            if relay.problem().is_some() == wanted {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    };
    assert!(seen(true).await);
    let _listener = TcpListener::bind(broker).await.unwrap();
    assert!(seen(false).await);
}

/// With real brokers, which answer in later versions of the protocol and over TLS; see the kinds' own live tests.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real cluster"]
async fn messages_go_through_the_relay_and_come_back_live() {
    let settings: serde_json::Value = serde_json::from_str(&std::env::var("CHECKRUN_TEST_KAFKA").unwrap()).unwrap();
    let endpoint: KafkaEndpoint = checkrun_model::de::from_node(&crate::testing::node(&settings)).unwrap();
    let dialled = Arc::new(AtomicUsize::new(0));
    let tls = endpoint.tls.as_ref().map(|tls| {
        let trust = Trust { ca: tls.ca.clone(), certificate: tls.certificate.clone(), key: tls.key.clone() };
        trust.config(Path::new("/nowhere")).unwrap()
    });
    let relay = Relay::new(Box::new(Straight(dialled.clone())), tls);
    let first = endpoint.bootstrap.as_deref().unwrap().split(',').next().unwrap();
    let (host, port) = first.rsplit_once(':').unwrap();
    let local = relay.local(host, port.parse().unwrap()).unwrap();
    let config = endpoint.config(Some(local), Path::new("/nowhere"), "relayed").unwrap();
    let read = tokio::task::spawn_blocking(move || there_and_back(&config)).await.unwrap();
    assert_eq!((read, relay.problem()), (3000, None));
    assert!(dialled.load(Ordering::Relaxed) >= 3);
}

/// Writes 3000 messages of 1 KiB to a topic of its own, reads them as a group, and counts.
fn there_and_back(config: &KafkaConfig) -> usize {
    let topic = format!("relay-{}", jiff::Timestamp::now().as_millisecond());
    let admin: AdminClient<_> = config.create().unwrap();
    let wanted = NewTopic::new(&topic, 3, TopicReplication::Fixed(3));
    let options = AdminOptions::new();
    assert!(futures::executor::block_on(admin.create_topics([&wanted], &options)).unwrap()[0].is_ok());
    let producer: BaseProducer = config.clone().set("enable.idempotence", "true").create().unwrap();
    for number in 0..3000 {
        let (key, payload) = (number.to_string(), "x".repeat(1024));
        producer.send(BaseRecord::to(&topic).key(&key).payload(&payload)).unwrap();
    }
    producer.flush(Duration::from_secs(20)).unwrap();
    let consumer: BaseConsumer =
        config.clone().set("group.id", &topic).set("auto.offset.reset", "earliest").create().unwrap();
    consumer.subscribe(&[&topic]).unwrap();
    let end = std::time::Instant::now() + Duration::from_secs(20);
    let mut read = 0;
    while read < 3000 && std::time::Instant::now() < end {
        read += usize::from(consumer.poll(Duration::from_millis(100)).is_some_and(|message| message.is_ok()));
    }
    drop(consumer);
    futures::executor::block_on(admin.delete_topics(&[&topic], &options)).unwrap();
    futures::executor::block_on(admin.delete_groups(&[&topic], &options)).unwrap();
    read
}
