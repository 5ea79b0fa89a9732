//! Kafka: brokers in memory that speak the real protocol to real clients, each on sockets of its own.
//!
//! What is supported and what is not stands in `docs/sandbox/kafka.md`. Everything stops when [`Kafka`] is dropped.

mod addresses;
mod api;
mod config;
mod faults;
mod net;
mod shared;
pub(crate) mod state;
mod status;
mod trouble;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

use addresses::Addresses;
use api::sasl::Users;
use net::door::{Door, Inside, Kept};
use net::tls::Tls;

pub use config::{Config, Identity, Listener, Mechanism, Transport, User};
use shared::Shared;
use state::batch::Batch;
use state::brokers::Patience;
pub use state::brokers::Running;
use state::cluster::{Cluster, Made};
use state::coordinator::Delays;
use state::defaults::Defaults;
pub use state::refused::Refused;
pub use state::topics::Wanted;
use state::{Millis, Node};
pub use status::{Broker, GroupStatus, PartitionStatus, Status, TopicStatus};
pub use trouble::Trouble;

use crate::clock::Clock;

/// A cluster that runs.
pub struct Kafka {
    shared: Arc<Shared>,
    clock: Clock,
    listeners: BTreeMap<String, Opened>,
    doors: Mutex<Vec<Door>>,
    runtime: Handle,
    _life: JoinSet<()>,
}

/// What is the same for all brokers at one listener.
struct Opened {
    addresses: Arc<Addresses>,
    tls: Arc<Tls>,
}

/// A time of the world in milliseconds of the wall's clock, by which clients live.
fn wall(clock: &Clock, time: Duration) -> Millis {
    Millis::try_from(clock.wall(time).as_millis()).unwrap_or(Millis::MAX)
}

/// The cluster that a configuration describes.
fn made(config: &Config, clock: &Clock) -> Result<Cluster, Trouble> {
    let settings = Defaults::new(config.settings.clone())?;
    let millis = |name: &str| Millis::try_from(settings.number(name)).unwrap_or(0);
    let delays = Delays {
        first: wall(clock, Duration::from_millis(millis("group.initial.rebalance.delay.ms"))),
        least_session: millis("group.min.session.timeout.ms"),
        most_session: millis("group.max.session.timeout.ms"),
    };
    let patience = Patience {
        session: wall(clock, config.session),
        catch_up: wall(clock, config.catch_up),
        apart: config.controllers_apart,
    };
    let seed = u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(1);
    let (id, nodes) = (config.cluster_id.clone(), config.brokers.clone());
    Ok(Cluster::new(Made { id, seed, nodes, patience, delays, settings }))
}

/// A listener's doors, one for each broker, still closed.
fn listen(listener: &Listener, nodes: &[Node], shared: &Arc<Shared>) -> Result<(Opened, Vec<Door>), Trouble> {
    let name = || listener.name.clone();
    let tls = Tls::new(&listener.transport).map_err(|why| Trouble::Certificate { listener: name(), why })?;
    let (tls, users) = (Arc::new(tls), Arc::new(Users::new(&listener.users)));
    let (mut addresses, mut taken) = (Addresses::default(), Vec::new());
    for node in nodes {
        let kept = Kept::take().map_err(|why| Trouble::Socket { broker: *node, listener: name(), why })?;
        addresses.note(*node, kept.address, listener.advertised.as_deref());
        taken.push((*node, kept));
    }
    let addresses = Arc::new(addresses);
    let door = |(node, kept)| {
        let (tls, users) = (Arc::clone(&tls), Arc::clone(&users));
        let inside = Inside { shared: Arc::clone(shared), node, addresses: Arc::clone(&addresses), tls, users };
        Door::new(kept, listener.name.clone(), inside)
    };
    let doors = taken.into_iter().map(door).collect();
    Ok((Opened { addresses, tls }, doors))
}

impl Kafka {
    /// Starts a cluster on sockets of the loopback interface. It lives on the runtime that this is called on.
    ///
    /// # Errors
    /// No socket could be had, or a listener's certificate or a setting cannot be used.
    #[expect(clippy::unused_async, reason = "sockets need a runtime around them")]
    pub async fn start(config: Config, clock: Clock) -> Result<Self, Trouble> {
        if config.brokers.is_empty() {
            return Err(Trouble::Absent("brokers".into()));
        }
        let shared = Shared::new(made(&config, &clock)?);
        let (mut listeners, mut doors) = (BTreeMap::new(), Vec::new());
        for listener in &config.listeners {
            let (opened, closed) = listen(listener, &config.brokers, &shared)?;
            listeners.insert(listener.name.clone(), opened);
            doors.extend(closed);
        }
        doors.iter_mut().try_for_each(opened)?;
        let mut life = JoinSet::new();
        life.spawn(Arc::clone(&shared).live());
        Ok(Self { shared, clock, listeners, doors: Mutex::new(doors), runtime: Handle::current(), _life: life })
    }

    fn listener(&self, name: &str) -> Result<&Opened, Trouble> {
        self.listeners.get(name).ok_or_else(|| Trouble::Absent(format!("listener {name}")))
    }

    /// The addresses that clients of a listener begin with, `host:port` with commas between.
    ///
    /// # Errors
    /// There is no such listener.
    pub fn bootstrap(&self, listener: &str) -> Result<String, Trouble> {
        Ok(self.listener(listener)?.addresses.bootstrap())
    }

    /// The socket of a broker's listener, whatever it advertises.
    ///
    /// # Errors
    /// There is no such listener or broker.
    pub fn address(&self, listener: &str, broker: Node) -> Result<SocketAddr, Trouble> {
        let socket = self.listener(listener)?.addresses.socket(broker);
        socket.ok_or_else(|| Trouble::Absent(format!("broker {broker}")))
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
}

fn opened(door: &mut Door) -> Result<(), Trouble> {
    let (broker, listener) = (door.node(), door.listener().to_owned());
    door.open().map_err(|why| Trouble::Socket { broker, listener, why })
}

#[cfg(test)]
mod tests;
