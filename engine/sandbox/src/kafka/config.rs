//! What a sandbox Kafka is made of: brokers, listeners, how clients prove who they are, the brokers' settings.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::authority::Signed;

/// A cluster to start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its id, as clients read it.
    pub cluster_id: String,
    /// The ids of its brokers.
    pub brokers: Vec<i32>,
    /// Where clients connect: each broker has one socket for each.
    pub listeners: Vec<Listener>,
    /// Settings of all brokers by Kafka's names: `min.insync.replicas`, `num.partitions`,
    /// `default.replication.factor`, `auto.create.topics.enable`, `group.initial.rebalance.delay.ms`, …
    pub settings: BTreeMap<String, String>,
    /// A broker that was killed is missed after so long, by the world's clock.
    pub session: Duration,
    /// A broker that is back is in sync after so long, by the world's clock.
    pub catch_up: Duration,
    /// Whether controllers run apart from brokers: then there is one, however many brokers are down.
    pub controllers_apart: bool,
}

impl Default for Config {
    /// Three brokers with a plain listener, as little patient as Kafka's own default.
    fn default() -> Self {
        Self {
            cluster_id: "checkrun-sandbox-kafka".into(),
            brokers: vec![0, 1, 2],
            listeners: vec![Listener::plain("plain")],
            settings: BTreeMap::new(),
            session: Duration::from_secs(9),
            catch_up: Duration::from_secs(5),
            controllers_apart: false,
        }
    }
}

/// A way to connect to brokers.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// What the connection is made of.
    pub transport: Transport,
    /// Who may use it; empty: anybody, without saying who.
    pub users: Vec<User>,
    /// What brokers tell clients to connect to, `{id}` filled in: `kafka-{id}.kafka.svc:9092`. None: the socket itself.
    pub advertised: Option<String>,
}

/// What a connection is made of.
#[derive(Debug, Clone)]
pub enum Transport {
    /// TCP as it is.
    Plain,
    /// TLS with this certificate; with `clients`, a PEM of authorities, clients must show one signed by them.
    Tls {
        /// The brokers' certificate and key.
        server: Identity,
        /// Who signs the certificates of clients; none: they need not show one.
        clients: Option<String>,
    },
}

/// A certificate and its key, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, those of authorities between after it.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.certificate)
    }
}

impl From<Signed> for Identity {
    fn from(signed: Signed) -> Self {
        Self { certificate: signed.certificate, key: signed.key }
    }
}

/// Somebody who may connect.
#[derive(Clone)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// How it is proven.
    pub mechanism: Mechanism,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.mechanism.word())
    }
}

/// How a password is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mechanism {
    /// It is sent as it is.
    Plain,
    /// SCRAM with SHA-256.
    ScramSha256,
    /// SCRAM with SHA-512.
    ScramSha512,
}

impl Mechanism {
    /// Its name in the protocol.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl Listener {
    /// A listener without TLS and users.
    #[must_use]
    pub fn plain(name: &str) -> Self {
        Self { name: name.into(), transport: Transport::Plain, users: Vec::new(), advertised: None }
    }

    /// A listener with TLS.
    #[must_use]
    pub fn tls(name: &str, server: impl Into<Identity>, clients: Option<String>) -> Self {
        Self { transport: Transport::Tls { server: server.into(), clients }, ..Self::plain(name) }
    }
}
