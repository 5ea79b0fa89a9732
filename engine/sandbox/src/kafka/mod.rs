//! Kafka: brokers in memory that speak the real protocol to real clients, each on sockets of its own.
//!
//! What is supported and what is not stands in `docs/sandbox/kafka.md`. Everything stops when [`Kafka`] is dropped.

pub mod config;
mod shared;
pub mod state;
pub mod status;
mod trouble;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use config::{Config, Identity, Listener, Mechanism, Transport, User};
use shared::Shared;
use state::batch::Batch;
use state::brokers::{Patience, Running};
use state::cluster::{Cluster, Made};
use state::coordinator::Delays;
use state::refused::Refused;
pub use state::topics::Wanted;
use state::{Millis, Node};
pub use status::{GroupStatus, Status, TopicStatus};
pub use trouble::Trouble;

use crate::clock::Clock;

/// A cluster that runs.
pub struct Kafka {
    shared: Arc<Shared>,
    clock: Clock,
    _tasks: JoinSet<()>,
}

/// A time of the world in milliseconds of the wall's clock, by which clients live.
fn wall(clock: &Clock, time: Duration) -> Millis {
    Millis::try_from(clock.wall(time).as_millis()).unwrap_or(Millis::MAX)
}

/// The cluster that a configuration describes.
fn made(config: &Config, clock: &Clock) -> Cluster {
    let number = |name: &str, default| config.settings.get(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    Cluster::new(Made {
        id: config.cluster_id.clone(),
        seed: u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(1),
        nodes: config.brokers.clone(),
        patience: Patience {
            session: wall(clock, config.session),
            catch_up: wall(clock, config.catch_up),
            apart: config.controllers_apart,
        },
        delays: Delays {
            first: wall(clock, Duration::from_millis(number("group.initial.rebalance.delay.ms", 3000))),
            least_session: number("group.min.session.timeout.ms", 6000),
            most_session: number("group.max.session.timeout.ms", 1_800_000),
        },
        settings: config.settings.clone(),
    })
}

impl Kafka {
    /// Starts a cluster on sockets of the loopback interface.
    ///
    /// # Errors
    /// No socket could be had, or a listener's certificate or user cannot be used.
    #[expect(clippy::unused_async, reason = "sockets follow")]
    pub async fn start(config: Config, clock: Clock) -> Result<Self, Trouble> {
        let shared = Shared::new(made(&config, &clock));
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&shared).live());
        Ok(Self { shared, clock, _tasks: tasks })
    }

    /// The addresses that clients of a listener begin with, `host:port` with commas between.
    ///
    /// # Errors
    /// There is no such listener.
    pub fn bootstrap(&self, listener: &str) -> Result<String, Trouble> {
        Err(Trouble::Absent(format!("listener {listener}")))
    }

    /// The socket of a broker's listener, whatever it advertises.
    ///
    /// # Errors
    /// There is no such listener or broker.
    pub fn address(&self, listener: &str, broker: Node) -> Result<SocketAddr, Trouble> {
        Err(Trouble::Absent(format!("listener {listener} of broker {broker}")))
    }

    /// Shows another certificate from the next connection on: a wrong one, an expired one, the right one again.
    ///
    /// # Errors
    /// There is no such listener with TLS, or the certificate cannot be used.
    pub fn present(&self, listener: &str, _server: &Identity) -> Result<(), Trouble> {
        Err(Trouble::Absent(format!("listener {listener} with TLS")))
    }

    /// The cluster's id.
    #[must_use]
    pub fn cluster_id(&self) -> String {
        self.shared.look(|cluster| cluster.id.clone())
    }

    /// How it stands now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.look(Status::of)
    }

    /// How it stands, now and whenever that changes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Status> {
        self.shared.status()
    }

    /// Makes a topic.
    ///
    /// # Errors
    /// The cluster refuses, as it would refuse a client.
    pub fn create_topic(&self, wanted: &Wanted) -> Result<(), Trouble> {
        self.shared.change(|cluster, _| cluster.create(wanted, false))?;
        Ok(())
    }

    /// Deletes a topic.
    ///
    /// # Errors
    /// The cluster refuses, as it would refuse a client.
    pub fn delete_topic(&self, name: &str) -> Result<(), Trouble> {
        Ok(self.shared.change(|cluster, _| cluster.delete(name))?)
    }

    /// Names of all topics, without the brokers' own.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        self.status().topics
    }

    /// A topic as it stands; none if there is none of that name.
    #[must_use]
    pub fn describe(&self, topic: &str) -> Option<TopicStatus> {
        self.shared.look(|cluster| cluster.topic(topic).ok().map(TopicStatus::of))
    }

    /// The consumer groups as they stand, by name.
    #[must_use]
    pub fn groups(&self) -> BTreeMap<String, GroupStatus> {
        self.shared.look(status::groups)
    }

    /// Writes a record, at the world's time; gives its offset.
    ///
    /// # Errors
    /// The partition's leader refuses, as it would refuse a client.
    pub fn produce(
        &self,
        topic: &str,
        partition: i32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<i64, Trouble> {
        let copied = |bytes: Option<&[u8]>| bytes.map(Bytes::copy_from_slice);
        let refused = |code| Refused::new(code, format!("writing to {topic}/{partition}"));
        let batch = Batch::of(copied(key), copied(value), self.clock.now().as_millisecond()).map_err(refused)?;
        let appended = self.shared.touch(|cluster, _| {
            let leader = cluster.topic(topic)?.partition(partition)?.leader();
            let leader = leader.ok_or(kafka_protocol::ResponseError::LeaderNotAvailable)?;
            cluster.append(leader, topic, partition, &batch, true)
        });
        Ok(appended.map_err(refused)?.base)
    }

    fn known(&self, broker: Node) -> Result<(), Trouble> {
        match self.shared.look(|cluster| cluster.brokers.running(broker)) {
            Some(_) => Ok(()),
            None => Err(Trouble::Absent(format!("broker {broker}"))),
        }
    }

    /// Kills a broker: its sockets close, and it is missed after a while.
    ///
    /// # Errors
    /// There is no such broker.
    pub fn broker_down(&self, broker: Node) -> Result<(), Trouble> {
        self.known(broker)?;
        self.shared.change(|cluster, now| cluster.stop(broker, Running::Down, false, now));
        Ok(())
    }

    /// Shuts a broker down in order: others lead at once.
    ///
    /// # Errors
    /// There is no such broker.
    pub fn broker_stop(&self, broker: Node) -> Result<(), Trouble> {
        self.known(broker)?;
        self.shared.change(|cluster, now| cluster.stop(broker, Running::Down, true, now));
        Ok(())
    }

    /// Lets a broker take connections and never answer; the others miss it after a while.
    ///
    /// # Errors
    /// There is no such broker.
    pub fn broker_pause(&self, broker: Node) -> Result<(), Trouble> {
        self.known(broker)?;
        self.shared.change(|cluster, now| cluster.stop(broker, Running::Paused, false, now));
        Ok(())
    }

    /// Starts a broker again, or lets it go on; it is in sync after a while.
    ///
    /// # Errors
    /// There is no such broker, or its sockets cannot be had again.
    pub fn broker_up(&self, broker: Node) -> Result<(), Trouble> {
        self.known(broker)?;
        self.shared.change(|cluster, now| cluster.run(broker, now));
        Ok(())
    }

    /// Holds all but these brokers out of sync; none lets them catch up again.
    ///
    /// # Errors
    /// There is no such partition, or it would have nobody in sync.
    pub fn pin_isr(&self, topic: &str, partition: i32, brokers: Option<Vec<Node>>) -> Result<(), Trouble> {
        let pinned = self.shared.change(|cluster, now| cluster.pin(topic, partition, brokers, now));
        Ok(pinned.map_err(|code| Refused::new(code, format!("holding brokers of {topic}/{partition} out of sync")))?)
    }

    /// From now on, records of these topics vanish when they have been acknowledged. `orders-*` are all topics that
    /// begin so; an empty list ends it.
    pub fn lose(&self, topics: &[&str]) {
        self.shared.touch(|cluster, _| cluster.losing = topics.iter().map(|topic| (*topic).to_owned()).collect());
    }

    /// Lets a broker that leads write no more (`KAFKA_STORAGE_ERROR`), or again.
    ///
    /// # Errors
    /// There is no such broker.
    pub fn disk_full(&self, broker: Node, full: bool) -> Result<(), Trouble> {
        self.known(broker)?;
        self.shared.touch(|cluster, _| cluster.brokers.set_disk_full(broker, full));
        Ok(())
    }

    /// Holds every answer back for so long, by the wall's clock; zero ends it.
    pub fn slow(&self, time: Duration) {
        self.shared.set_slow(time);
    }
}
