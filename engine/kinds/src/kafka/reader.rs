//! The client that all looks at one cluster share for a run: its connections stay open between them.
//! Reads metadata, offsets and groups; writes nothing but what a kind asks of [`Reader::admin`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use checkrun_model::{Broken, Cx};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::Client;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};

use super::doors::relay;
use super::endpoint::KafkaEndpoint;
use super::relay::Relay;
use super::trouble::Trouble;
use super::worker::{Clock, aside};

/// A call waits first so long, then twice as long, and so on: between calls it shows whether waiting helps.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// A client for looking.
pub(super) struct Reader {
    /// `None` only while it is being dropped.
    producer: Option<BaseProducer<Trouble>>,
    admin: OnceLock<AdminClient<Trouble>>,
    config: ClientConfig,
    relay: Option<Arc<Relay>>,
}

impl ProducerContext for Trouble {
    type DeliveryOpaque = ();
    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// The readers of one run, by what sets their clusters apart.
#[derive(Default)]
struct Readers(Mutex<HashMap<KafkaEndpoint, Arc<Reader>>>);

/// Settings of a client for the check's endpoint.
///
/// # Errors
/// The endpoint's settings cannot be used.
pub(super) fn config(cx: &Cx) -> Result<ClientConfig, Broken> {
    let endpoint = KafkaEndpoint::of(cx)?;
    settings(cx, &endpoint).map(|(config, _)| config)
}

/// Settings for an endpoint, and the relay that it is reached by, if any.
fn settings(cx: &Cx, endpoint: &KafkaEndpoint) -> Result<(ClientConfig, Option<Arc<Relay>>), Broken> {
    let client = format!("checkrun-{}", cx.run.id);
    let Some(through) = &endpoint.through else {
        return Ok((endpoint.config(None, &cx.run.suite_dir, &client)?, None));
    };
    let relay = relay(cx, endpoint, through)?;
    let host = through.host().map_err(Broken::fatal)?;
    let local = relay.local(&host, through.port).map_err(|why| Broken::fatal(format!("no local port: {why}")))?;
    Ok((endpoint.config(Some(local), &cx.run.suite_dir, &client)?, Some(relay)))
}

/// The run's client for the check's endpoint.
///
/// # Errors
/// The endpoint's settings cannot be used.
pub(super) fn reader(cx: &Cx) -> Result<Arc<Reader>, Broken> {
    let endpoint = KafkaEndpoint::of(cx)?;
    let readers = cx.shared.get::<Readers>();
    let mut made = readers.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(reader) = made.get(&endpoint) {
        return Ok(Arc::clone(reader));
    }
    let (config, relay) = settings(cx, &endpoint)?;
    let producer = config.create_with_context(Trouble::default()).map_err(|why| unusable(&why))?;
    let reader = Arc::new(Reader { producer: Some(producer), admin: OnceLock::new(), config, relay });
    made.insert(endpoint, Arc::clone(&reader));
    Ok(reader)
}

/// A client that cannot be made: settings that librdkafka refuses, a key that is none.
pub(super) fn unusable(why: &KafkaError) -> Broken {
    Broken::fatal(format!("no Kafka client: {why}")).hint("look at the endpoint's settings")
}

impl Reader {
    fn producer(&self) -> &BaseProducer<Trouble> {
        self.producer.as_ref().expect("it is taken only by drop")
    }

    /// The client for calls of its own.
    pub(super) fn client(&self) -> &Client<Trouble> {
        self.producer().client()
    }

    /// What went wrong on the side.
    pub(super) fn trouble(&self) -> &Trouble {
        self.client().context()
    }

    /// What keeps the relay from the brokers: it knows more than the client that only sees it hang up.
    fn unreached(&self) -> Option<Broken> {
        self.relay.as_ref()?.problem()
    }

    /// Repeats `ask` with growing time until it answers, it says that waiting does not help, or time is over.
    pub(super) fn ask<T>(
        &self,
        clock: &Clock,
        doing: &str,
        ask: impl Fn(&Client<Trouble>, Duration) -> Result<T, KafkaError>,
    ) -> Result<T, Broken> {
        let mut wait = FIRST_WAIT;
        loop {
            let answer = ask(self.client(), clock.slice(wait));
            // Errors are reported on the side; nothing else reads them.
            self.producer().poll(if answer.is_ok() { Duration::ZERO } else { Duration::from_millis(20) });
            match answer {
                Ok(answer) => {
                    self.trouble().over();
                    return Ok(answer);
                }
                Err(why) => {
                    let broken = self.unreached().unwrap_or_else(|| self.trouble().broken(doing, &why));
                    if clock.over() || !broken.transient {
                        return Err(broken);
                    }
                }
            }
            clock.pause(Duration::from_millis(50));
            wait *= 2;
        }
    }

    /// Metadata of one topic, or of all. A topic that is not there has an error in its place.
    pub(super) fn metadata(&self, topic: Option<&str>, clock: &Clock) -> Result<Metadata, Broken> {
        self.ask(clock, "reading metadata", |client, time| client.fetch_metadata(topic, time))
    }

    /// First and next offset of a partition.
    pub(super) fn watermarks(&self, topic: &str, partition: i32, clock: &Clock) -> Result<(i64, i64), Broken> {
        let doing = format!("reading the offsets of {topic}/{partition}");
        self.ask(clock, &doing, |client, time| client.fetch_watermarks(topic, partition, time))
    }

    /// The client for changes and for looks that need admin rights, with the time that its requests may take.
    pub(super) fn admin(&self, clock: &Clock) -> Result<(&AdminClient<Trouble>, AdminOptions), Broken> {
        let time = clock.slice(Duration::from_secs(3600));
        let options = AdminOptions::new().request_timeout(Some(time)).operation_timeout(Some(time));
        if let Some(admin) = self.admin.get() {
            return Ok((admin, options));
        }
        // Nobody reads what this client logs, so it must not.
        let mut config = self.config.clone();
        config.set_log_level(RDKafkaLogLevel::Emerg);
        let made = config.create_with_context(Trouble::default()).map_err(|why| unusable(&why))?;
        Ok((self.admin.get_or_init(|| made), options))
    }
}

impl Drop for Reader {
    /// Closing waits for brokers, so it happens aside: the end of a run does not wait for it.
    fn drop(&mut self) {
        aside((self.producer.take(), self.admin.take()));
    }
}
