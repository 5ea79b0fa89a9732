//! A Schema Registry in memory that answers as Confluent's does, over plain HTTP on the loopback interface.
//!
//! What it can judge and what not stands in `docs/sandbox/kafka.md`. It stops when [`Registry`] is dropped.

mod answers;
mod avro;
mod deletion;
mod level;
mod mode;
mod protobuf;
mod refused;
mod request;
mod schema;
mod settings;
mod site;
mod store;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};

pub use level::Level;
pub use mode::Mode;
pub use refused::Refused;
pub use schema::{Given, Reference, Sort};
use site::{Pages, Shared};
pub use store::Seen;
use store::Store;

use crate::web::{Answer, Asked, Fate, Server, Site};

/// A registry to start.
#[derive(Debug, Clone)]
pub struct Config {
    /// The id of the Kafka that it says it stores in.
    pub kafka_cluster_id: String,
    /// The level of subjects that have none of their own.
    pub level: Level,
    /// Whether an incompatible schema has the number 40901, as newer registries say it, or 409.
    pub long_codes: bool,
}

impl Default for Config {
    /// As Confluent's newest: BACKWARD, 40901.
    fn default() -> Self {
        Self { kafka_cluster_id: "checkrun-sandbox-kafka".into(), level: Level::default(), long_codes: true }
    }
}

/// What can be wrong with a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It registers whatever comes, incompatible or no schema at all.
    AcceptsEverything,
    /// Connections are closed.
    Down,
    /// Connections are taken and never answered.
    Hanging,
    /// Nobody may register.
    ReadOnly,
    /// Every answer is held back for so long, by the wall's clock.
    Slow(Duration),
}

/// A registry that runs.
pub struct Registry {
    pages: Shared,
    slow: Arc<Slow>,
    server: Server,
}

/// Pages that take their time.
struct Slow {
    pages: Shared,
    time: Mutex<Duration>,
}

impl Site for Slow {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Answer> {
        let time = *self.time.lock().unwrap_or_else(PoisonError::into_inner);
        async move { Answer { delay: time, ..self.pages.answer(asked).await } }.boxed()
    }
}

impl Registry {
    /// Starts a registry on a free port of the loopback interface.
    ///
    /// # Errors
    /// There is no socket to be had.
    pub async fn start(config: Config) -> std::io::Result<Self> {
        let store = Store::new(config.level, if config.long_codes { 40901 } else { 409 });
        let pages = Arc::new(Pages::new(store, config.kafka_cluster_id));
        let slow = Arc::new(Slow { pages: Arc::clone(&pages), time: Mutex::default() });
        let site: Arc<dyn Site> = Arc::clone(&slow) as _;
        Ok(Self { pages, slow, server: Server::start(site).await? })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where it listens, as clients are told.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Registers a schema; gives its id.
    ///
    /// # Errors
    /// It is refused, as it would be refused of a client.
    pub fn register(&self, subject: &str, given: Given) -> Result<i32, Refused> {
        let mut store = self.pages.store();
        let schema = store.read(given)?;
        store.register(subject, schema)
    }

    /// The versions of a subject.
    ///
    /// # Errors
    /// There is no such subject.
    pub fn versions(&self, subject: &str) -> Result<Vec<Seen>, Refused> {
        self.pages.store().versions(subject, false)
    }

    /// Lets something be wrong, or right again.
    pub fn fault(&self, fault: Fault, on: bool) {
        match fault {
            Fault::AcceptsEverything => self.pages.store().accepts_everything = on,
            Fault::ReadOnly => self.pages.store().mode = if on { Mode::ReadOnly } else { Mode::ReadWrite },
            Fault::Down => self.server.set(if on { Fate::Down } else { Fate::Up }),
            Fault::Hanging => self.server.set(if on { Fate::Frozen } else { Fate::Up }),
            Fault::Slow(time) => {
                *self.slow.time.lock().unwrap_or_else(PoisonError::into_inner) = if on { time } else { Duration::ZERO };
            }
        }
    }
}

#[cfg(test)]
mod tests;
