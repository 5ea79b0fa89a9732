//! Names, ports and listeners of the Kafka cluster, spelled as Strimzi spells them, and the brokers' settings.
//! Pure text: it starts nothing.

use std::fmt::Write as _;

/// The namespace of everything about Kafka.
pub const NAMESPACE: &str = "kafka";
/// The cluster's name, which is the `Kafka` object's.
pub const CLUSTER: &str = "kafka-cluster";
/// The only node pool; its nodes are brokers and controllers at once.
pub const POOL: &str = "dual-role";
/// How many brokers there are.
pub const BROKERS: usize = 3;
/// Kafka's version, pinned by the recipe's pom.
pub const KAFKA_VERSION: &str = "4.3.1";
/// The user that the certificates and the SCRAM credential name.
pub const USER: &str = "checkrun";
/// The SCRAM password. A lab on loopback keeps no secrets.
pub const PASSWORD: &str = "checkrun-lab";
/// Where the JMX agent answers with Prometheus text.
pub const METRICS_PORT: u16 = 9404;
/// The controllers' own listener.
const CONTROL_PORT: u16 = 9090;
/// The listener between brokers.
pub const REPLICATION_PORT: u16 = 9091;

/// The listener for clients in the cluster that asks for TLS and nothing else.
pub const TLS_PORT: u16 = 9093;
/// Where the registry keeps what it knows: the topic of all changes.
pub const REGISTRY_JOURNAL: &str = "kafkasql-journal";

/// What a listener asks of its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Nothing, in the clear.
    Plain,
    /// TLS, any client.
    Tls,
    /// TLS and a client certificate of the clients' authority.
    Mutual,
    /// TLS and a SCRAM-SHA-512 password.
    Scram,
}

/// One listener for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Its name in `Kafka.spec.kafka.listeners`.
    pub name: &'static str,
    /// The port inside the pod.
    pub port: u16,
    /// What it asks of a client.
    pub auth: Auth,
    /// Advertised as a loopback address of the machine instead of the pod's name.
    pub external: bool,
    /// The keystore it shows; `None` for the broker's own.
    pub keystore: Option<&'static str>,
}

const fn listener(name: &'static str, port: u16, auth: Auth, external: bool) -> Listener {
    Listener { name, port, auth, external, keystore: None }
}

const fn broken(name: &'static str, port: u16, keystore: &'static str) -> Listener {
    Listener { name, port, auth: Auth::Tls, external: true, keystore: Some(keystore) }
}

/// The listeners for clients.
pub const LISTENERS: [Listener; 11] = [
    listener("plain", 9092, Auth::Plain, false),
    listener("tls", TLS_PORT, Auth::Tls, false),
    listener("mtls", 9094, Auth::Mutual, false),
    listener("scram", 9095, Auth::Scram, false),
    listener("extplain", 9192, Auth::Plain, true),
    listener("exttls", 9193, Auth::Tls, true),
    listener("extmtls", 9194, Auth::Mutual, true),
    listener("extscram", 9195, Auth::Scram, true),
    broken("expired", 9196, "expired.pem"),
    broken("wrongname", 9197, "wrong-name.pem"),
    broken("foreign", 9198, "foreign.pem"),
];

/// The listeners that the machine outside reaches, in the order of their ports.
pub fn external() -> impl Iterator<Item = &'static Listener> {
    LISTENERS.iter().filter(|l| l.external)
}

impl Listener {
    /// Kafka's name for it, as Strimzi makes it.
    fn id(&self) -> String {
        format!("{}-{}", self.name.to_uppercase(), self.port)
    }

    fn protocol(&self) -> &'static str {
        match self.auth {
            Auth::Plain => "PLAINTEXT",
            Auth::Tls | Auth::Mutual => "SSL",
            Auth::Scram => "SASL_SSL",
        }
    }
}

/// The name of the StatefulSet behind the pool.
pub fn set_name() -> String {
    format!("{CLUSTER}-{POOL}")
}

/// The pod of broker `id`.
pub fn pod(id: usize) -> String {
    format!("{CLUSTER}-{POOL}-{id}")
}

/// The name of the claim of broker `id`.
pub fn claim(id: usize) -> String {
    format!("data-{}", pod(id))
}

/// The headless service of the brokers.
pub fn brokers_service() -> String {
    format!("{CLUSTER}-kafka-brokers")
}

/// The service clients start from.
pub fn bootstrap_service() -> String {
    format!("{CLUSTER}-kafka-bootstrap")
}

/// The name inside the cluster that broker `id` advertises.
pub fn host(id: usize) -> String {
    format!("{}.{}.{NAMESPACE}.svc", pod(id), brokers_service())
}

/// All names and addresses that broker `id` may be called by.
pub fn certificate_names(id: usize, addresses: &[String]) -> Vec<String> {
    let bootstrap = bootstrap_service();
    let mut names = vec![host(id), format!("{}.cluster.local", host(id)), pod(id)];
    for suffix in ["", ".kafka", ".kafka.svc", ".kafka.svc.cluster.local"] {
        names.push(format!("{bootstrap}{suffix}"));
    }
    names.extend(["localhost".to_owned(), "127.0.0.1".to_owned()]);
    names.extend(addresses.iter().cloned());
    names
}

/// `server.properties` of broker `id`; `advertised` gives the loopback port of an external listener.
pub fn server_properties(id: usize, data: &str, certs: &str, advertised: impl Fn(&Listener) -> u16) -> String {
    let mut out = String::new();
    let mut line = |key: &str, value: &str| {
        // writing to a String cannot fail
        let _ = writeln!(out, "{key}={value}");
    };
    let inner = ["CONTROLPLANE-9090", "REPLICATION-9091"];
    line("process.roles", "broker,controller");
    line("node.id", &id.to_string());
    let voters: Vec<_> = (0..BROKERS).map(|n| format!("{n}@{}:{CONTROL_PORT}", host(n))).collect();
    line("controller.quorum.voters", &voters.join(","));
    line("controller.listener.names", inner[0]);
    line("inter.broker.listener.name", inner[1]);
    let mut listeners =
        vec![format!("{}://0.0.0.0:{CONTROL_PORT}", inner[0]), format!("{}://0.0.0.0:{REPLICATION_PORT}", inner[1])];
    let mut public = vec![format!("{}://{}:{REPLICATION_PORT}", inner[1], host(id))];
    let mut protocols: Vec<_> = inner.iter().map(|n| format!("{n}:PLAINTEXT")).collect();
    for l in &LISTENERS {
        listeners.push(format!("{}://0.0.0.0:{}", l.id(), l.port));
        protocols.push(format!("{}:{}", l.id(), l.protocol()));
        public.push(match l.external {
            true => format!("{}://127.0.0.1:{}", l.id(), advertised(l)),
            false => format!("{}://{}:{}", l.id(), host(id), l.port),
        });
    }
    line("listeners", &listeners.join(","));
    line("advertised.listeners", &public.join(","));
    line("listener.security.protocol.map", &protocols.join(","));
    line("log.dirs", data);
    for l in LISTENERS.iter().filter(|l| l.auth != Auth::Plain) {
        secure(&mut line, l, id, certs);
    }
    for (key, value) in SMALL {
        line(key, value);
    }
    out
}

/// The setting that names what a listener shows. It can be changed while a broker runs.
pub fn keystore_setting(l: &Listener) -> String {
    format!("listener.name.{}.ssl.keystore.location", l.id().to_lowercase())
}

/// The keystore that broker `id` shows on its good listeners.
pub fn own_keystore(id: usize) -> String {
    format!("broker-{id}.pem")
}

/// The TLS and SASL settings of one listener.
fn secure(line: &mut impl FnMut(&str, &str), l: &Listener, id: usize, certs: &str) {
    let own = own_keystore(id);
    let prefix = format!("listener.name.{}", l.id().to_lowercase());
    line(&format!("{prefix}.ssl.keystore.type"), "PEM");
    let keystore = l.keystore.unwrap_or(&own);
    line(&keystore_setting(l), &format!("{certs}/{keystore}"));
    // a fault may show a certificate for another name while the broker runs
    for what in ["dn", "san"] {
        line(&format!("{prefix}.ssl.allow.{what}.changes"), "true");
    }
    match l.auth {
        Auth::Mutual => {
            line(&format!("{prefix}.ssl.client.auth"), "required");
            line(&format!("{prefix}.ssl.truststore.type"), "PEM");
            line(&format!("{prefix}.ssl.truststore.location"), &format!("{certs}/clients-ca.crt"));
        }
        Auth::Scram => {
            line(&format!("{prefix}.sasl.enabled.mechanisms"), "SCRAM-SHA-512");
            line(
                &format!("{prefix}.scram-sha-512.sasl.jaas.config"),
                "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            );
        }
        Auth::Plain | Auth::Tls => {}
    }
}

/// Three copies, two of them needed; fast failover and little memory, for a small machine.
const SMALL: [(&str, &str); 28] = [
    ("default.replication.factor", "3"),
    ("min.insync.replicas", "2"),
    ("offsets.topic.replication.factor", "3"),
    ("offsets.topic.num.partitions", "3"),
    ("transaction.state.log.replication.factor", "3"),
    ("transaction.state.log.min.isr", "2"),
    ("transaction.state.log.num.partitions", "3"),
    ("share.coordinator.state.topic.replication.factor", "3"),
    ("share.coordinator.state.topic.min.isr", "2"),
    ("share.coordinator.state.topic.num.partitions", "1"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("auto.create.topics.enable", "false"),
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
    ("replica.lag.time.max.ms", "10000"),
    ("num.network.threads", "1"),
    ("num.io.threads", "2"),
    ("num.replica.fetchers", "1"),
    ("background.threads", "2"),
    ("log.cleaner.dedupe.buffer.size", "4194304"),
    ("log.cleaner.threads", "1"),
    ("log.segment.bytes", "67108864"),
    ("log.retention.bytes", "402653184"),
    ("log.retention.check.interval.ms", "10000"),
    ("log.index.size.max.bytes", "1048576"),
    ("controlled.shutdown.enable", "true"),
    ("sasl.enabled.mechanisms", "SCRAM-SHA-512"),
    ("socket.listen.backlog.size", "50"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(id: usize) -> String {
        server_properties(id, "/data", "/certs", |l| l.port + 10_000)
    }

    fn value(text: &str, key: &str) -> String {
        let found = text.lines().find_map(|l| l.strip_prefix(&format!("{key}=")));
        found.unwrap_or_else(|| panic!("no {key} in\n{text}")).to_owned()
    }

    #[test]
    fn inside_the_pods_name_outside_a_loopback_port() {
        let public = value(&properties(1), "advertised.listeners");
        assert!(public.contains("TLS-9093://kafka-cluster-dual-role-1.kafka-cluster-kafka-brokers.kafka.svc:9093"));
        assert!(public.contains("EXTTLS-9193://127.0.0.1:19193"), "{public}");
        assert!(!public.contains("CONTROLPLANE"), "controllers are not advertised: {public}");
    }

    #[test]
    fn each_listener_shows_its_own_certificate() {
        let text = properties(2);
        let keystore = |l: &str| value(&text, &format!("listener.name.{l}.ssl.keystore.location"));
        assert_eq!(keystore("exttls-9193"), "/certs/broker-2.pem");
        assert_eq!(keystore("expired-9196"), "/certs/expired.pem");
        assert_eq!(value(&text, "listener.name.mtls-9094.ssl.client.auth"), "required");
        assert!(!text.contains("listener.name.tls-9093.ssl.client.auth"));
    }

    #[test]
    fn no_setting_is_written_twice() {
        let text = properties(0);
        let mut keys: Vec<_> = text.lines().filter_map(|l| l.split('=').next()).collect();
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn a_broker_is_known_by_service_pod_and_address() {
        let names = certificate_names(0, &["10.91.3.4".into()]);
        for n in ["kafka-cluster-kafka-bootstrap.kafka.svc", "10.91.3.4", "127.0.0.1", &host(0)] {
            assert!(names.iter().any(|x| x == n), "{n} in {names:?}");
        }
    }
}
