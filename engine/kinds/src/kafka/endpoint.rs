//! The endpoint family `kafka`: where the brokers are, what to trust, who asks. Connects to nothing.

use std::net::SocketAddr;
use std::path::Path;

use checkrun_model::{Broken, Cx, Node, SpecError, de};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::endpoint::exactly_one;
use crate::pem::Pem;
use crate::through::Through;

/// A Kafka cluster. It has a `bootstrap`, or is reached `through` a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KafkaEndpoint {
    /// Some of its brokers, `host:port`, with commas between. The addresses that brokers advertise must be reachable too.
    #[serde(default)]
    pub(super) bootstrap: Option<String>,
    /// The bootstrap service inside a cluster, instead of `bootstrap`. Brokers must advertise names of pods or services.
    #[serde(default)]
    pub(super) through: Option<Through>,
    /// Speak TLS; `{}` trusts the machine's CAs.
    #[serde(default)]
    pub(super) tls: Option<KafkaTls>,
    /// Say who asks by user and password.
    #[serde(default)]
    pub(super) sasl: Option<KafkaSasl>,
}

/// TLS towards brokers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KafkaTls {
    /// The CA to trust instead of the machine's.
    #[serde(default)]
    pub(super) ca: Option<Pem>,
    /// A certificate of our own (mTLS); needs `key`.
    #[serde(default)]
    pub(super) certificate: Option<Pem>,
    /// The key of that certificate.
    #[serde(default)]
    pub(super) key: Option<Pem>,
}

/// User and password.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KafkaSasl {
    /// How they are sent.
    pub(super) mechanism: Mechanism,
    /// The user.
    pub(super) user: String,
    /// The password: `"{{ secret('namespace/name', 'password') }}"`.
    pub(super) password: String,
}

/// How user and password are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mechanism {
    /// As they are; only with `tls`.
    Plain,
    /// SCRAM with SHA-256.
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// SCRAM with SHA-512.
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}

impl Mechanism {
    fn word(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// Checks a `kafka` entry of the target.
pub(crate) fn parse(node: &Node) -> Result<(), Vec<SpecError>> {
    let settings: KafkaEndpoint = de::from_node(node)?;
    let errors = settings.errors(node);
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// JSON Schema of a `kafka` entry.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(KafkaEndpoint).to_value()
}

impl KafkaEndpoint {
    /// Settings of the check's endpoint.
    ///
    /// # Errors
    /// The check has no such endpoint, or its settings, secrets filled in, are wrong.
    pub(super) fn of(cx: &Cx) -> Result<Self, Broken> {
        let endpoint = cx.place.endpoint.as_ref().filter(|endpoint| endpoint.family == "kafka");
        let endpoint = endpoint.ok_or_else(|| Broken::fatal("the check has no endpoint of the family `kafka`"))?;
        de::from_node(&endpoint.config).map_err(|errors| {
            let why: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            Broken::fatal(format!("endpoint `{}`: {}", endpoint.name, why.join("; ")))
        })
    }

    fn errors(&self, node: &Node) -> Vec<SpecError> {
        let mut errors = exactly_one(node, &["bootstrap", "through"]);
        if let (Some(through), Some(place)) = (&self.through, node.get("through")) {
            errors.extend(through.errors(place));
        }
        if let (Some(list), Some(place)) = (&self.bootstrap, node.get("bootstrap"))
            && !place.has_deferred()
            && !list.split(',').all(|address| is_address(address.trim()))
        {
            let message = format!("`{list}` is not a list of addresses");
            errors.push(SpecError::new("endpoint::address", place.span, message, "write `host:9092,other:9092`"));
        }
        if let (Some(_), Some(place)) = (&self.tls, node.get("tls")) {
            for (key, other) in [("certificate", "key"), ("key", "certificate")] {
                if let (Some(entry), None) = (place.entry(key), place.get(other)) {
                    let message = format!("`{key}` needs `{other}`");
                    errors.push(SpecError::new("endpoint::keys", entry.key_span, message, format!("needs `{other}:`")));
                }
            }
        }
        if let (Some(KafkaSasl { mechanism: Mechanism::Plain, .. }), None) = (&self.sasl, &self.tls)
            && let Some(place) =
                node.get("sasl").and_then(|sasl| sasl.get("mechanism")).filter(|place| !place.has_deferred())
        {
            let message = "`plain` without `tls` would send the password in the clear";
            errors.push(
                SpecError::new("endpoint::keys", place.span, message, "needs `tls:`").help("add `tls:`, or use SCRAM"),
            );
        }
        errors
    }

    /// The settings in librdkafka's words. Reads files. `relay` is the local address that stands for the bootstrap
    /// service: the way there is in the clear, TLS begins behind it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn config(
        &self,
        relay: Option<SocketAddr>,
        suite_dir: &Path,
        client: &str,
    ) -> Result<ClientConfig, Broken> {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Error);
        let bootstrap = relay.map(|local| local.to_string()).or_else(|| self.bootstrap.clone());
        config.set("bootstrap.servers", bootstrap.unwrap_or_default()).set("client.id", client);
        // A look must never make a topic.
        config.set("allow.auto.create.topics", "false").set("enable.metrics.push", "false");
        config.set("reconnect.backoff.max.ms", "1000").set("log.connection.close", "false");
        let tls = self.tls.as_ref().filter(|_| relay.is_none());
        let protocol = match (&self.sasl, tls) {
            (None, None) => "plaintext",
            (None, Some(_)) => "ssl",
            (Some(_), None) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(tls) = tls {
            let given = [("ssl.ca.pem", &tls.ca), ("ssl.certificate.pem", &tls.certificate), ("ssl.key.pem", &tls.key)];
            for (key, pem) in given {
                if let Some(pem) = pem {
                    config.set(key, pem.text(suite_dir)?);
                }
            }
        }
        if let Some(sasl) = &self.sasl {
            config.set("sasl.mechanism", sasl.mechanism.word());
            config.set("sasl.username", &sasl.user).set("sasl.password", &sasl.password);
        }
        Ok(config)
    }
}

fn is_address(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c == '/';
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains(odd) && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;
    use serde_json::{Value as Json, json};

    fn mistakes(config: Json) -> Vec<String> {
        parse(&node(&config)).err().unwrap_or_default().into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn settings_are_checked_at_load() {
        assert_eq!(mistakes(json!({ "bootstrap": "a:9092, b:9092" })), Vec::<String>::new());
        assert_eq!(mistakes(json!({ "bootstrap": "a:9092", "tls": {} })), Vec::<String>::new());
        assert!(mistakes(json!({ "bootstrap": "kafka://a:9092" }))[0].contains("not a list of addresses"));
        assert!(
            mistakes(json!({ "bootstrap": "a:1", "tls": { "key": { "file": "k" } } }))[0]
                .contains("needs `certificate`")
        );
        let through = json!({ "cluster": "apps", "service": "kafka/kafka-cluster-kafka-bootstrap", "port": 9093 });
        assert_eq!(mistakes(json!({ "through": through, "tls": {} })), Vec::<String>::new());
        assert!(mistakes(json!({ "through": through, "bootstrap": "a:9092" }))[0].contains("both given"));
        assert!(mistakes(json!({}))[0].contains("is missing"));
        let sasl = |mechanism: &str| json!({ "mechanism": mechanism, "user": "u", "password": "p" });
        assert!(mistakes(json!({ "bootstrap": "a:1", "sasl": sasl("plain") }))[0].contains("in the clear"));
        assert_eq!(mistakes(json!({ "bootstrap": "a:1", "sasl": sasl("scram-sha-512") })), Vec::<String>::new());
        assert!(mistakes(json!({ "bootstrap": "a:1", "sasl": sasl("gssapi") }))[0].contains("gssapi"));
    }

    #[test]
    fn settings_become_those_of_the_client() {
        let pem = "-----BEGIN CERTIFICATE-----";
        let settings = json!({
            "bootstrap": "a:9093",
            "tls": { "ca": { "pem": pem } },
            "sasl": { "mechanism": "scram-sha-256", "user": "u", "password": "p" },
        });
        let endpoint: KafkaEndpoint = de::from_node(&node(&settings)).unwrap();
        let config = endpoint.config(None, Path::new("/nowhere"), "checkrun").unwrap();
        let want = [
            ("security.protocol", "sasl_ssl"),
            ("ssl.ca.pem", pem),
            ("sasl.mechanism", "SCRAM-SHA-256"),
            ("allow.auto.create.topics", "false"),
        ];
        for (key, value) in want {
            assert_eq!(config.get(key), Some(value), "{key}");
        }
        let behind = endpoint.config("127.0.0.1:7".parse().ok(), Path::new("/nowhere"), "checkrun").unwrap();
        assert_eq!((behind.get("bootstrap.servers"), behind.get("ssl.ca.pem")), (Some("127.0.0.1:7"), None));
        assert_eq!(behind.get("security.protocol"), Some("sasl_plaintext"));
    }
}
