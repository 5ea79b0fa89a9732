//! What goes wrong between a client and its brokers: collected while the client works, told apart by
//! whether waiting may help.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use checkrun_model::Broken;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// Errors that a client reports on the side: a broker that went away, a certificate that does not verify.
/// librdkafka gets over most of them by itself, so they are counted and the last is kept.
#[derive(Default)]
pub(super) struct Trouble {
    count: AtomicU64,
    last: Mutex<Option<(Code, String)>>,
}

impl Trouble {
    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Forgets the last: the client works again.
    pub(super) fn over(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn note(&self, code: Code, reason: &str) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // "All brokers are down" follows the reason why, and says less.
        if !(code == Code::AllBrokersDown && last.is_some()) {
            *last = Some((code, reason.to_owned()));
        }
    }

    /// The last one, if waiting does not help: a refused password, a certificate that is not trusted.
    pub(super) fn hopeless(&self) -> Option<Broken> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (code, reason) = last.as_ref()?;
        let refused = *code == Code::Authentication || *code == Code::SaslAuthenticationFailed;
        (refused || is_refused_certificate(reason))
            .then(|| Broken::fatal(format!("the brokers and we do not agree: {reason}")).hint(HINT))
    }

    /// `error` of a call, with what was reported on the side.
    pub(super) fn broken(&self, doing: &str, error: &KafkaError) -> Broken {
        if let Some(broken) = self.hopeless() {
            return broken;
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let aside = last.as_ref().map_or(String::new(), |(_, reason)| format!(" ({reason})"));
        let cause = format!("{doing}: {}{aside}", in_words(error));
        match waiting_may_help(error) {
            true if unreached(error) => Broken::transient(cause).hint(REACH).outage("", "the brokers do not answer"),
            true => Broken::transient(cause),
            false => Broken::fatal(cause),
        }
    }
}

/// Whether a TLS library says that one side does not take the other's certificate. A broker's refusal of ours comes
/// as a lost connection, so the text has to tell.
fn is_refused_certificate(reason: &str) -> bool {
    let alerts = ["certificate", "unknown ca", "handshake failure", "access denied", "protocol version"];
    let alert = reason.split_once("alert ").is_some_and(|(_, alert)| alerts.iter().any(|known| alert.contains(known)));
    reason.contains("certificate verify failed") || (reason.contains("SSL") && alert)
}

/// Whether no broker was reached, whatever was asked.
fn unreached(error: &KafkaError) -> bool {
    let codes = [
        Code::BrokerTransportFailure,
        Code::AllBrokersDown,
        Code::OperationTimedOut,
        Code::RequestTimedOut,
        Code::Resolve,
    ];
    code(error).is_some_and(|code| codes.contains(&code))
}

const REACH: &str = "are the brokers up, and the addresses that they advertise reachable from here?";

const HINT: &str = "look at `tls:` and `sasl:` of the endpoint";

/// The error's code as Kafka says it, without the wrapping of the client.
pub(super) fn in_words(error: &KafkaError) -> String {
    code(error).map_or_else(|| error.to_string(), |code| code.to_string())
}

/// The code of an error; also of an admin call, which the wrapper does not give.
fn code(error: &KafkaError) -> Option<Code> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

/// What no waiting cures: what was asked for is not allowed, not known, or not possible.
fn waiting_may_help(error: &KafkaError) -> bool {
    let Some(code) = code(error) else {
        return false;
    };
    !matches!(
        code,
        Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::UnsupportedSASLMechanism
            | Code::UnsupportedVersion
            | Code::UnsupportedFeature
            | Code::InvalidTopic
            | Code::InvalidConfig
            | Code::InvalidPartitions
            | Code::InvalidArgument
            | Code::InvalidRequest
            | Code::PolicyViolation
            | Code::TopicAlreadyExists
            | Code::SecurityDisabled
            | Code::MessageSizeTooLarge
    )
}

impl ClientContext for Trouble {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(code) = code(&error) {
            self.note(code, reason);
        }
    }
}

impl ConsumerContext for Trouble {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_final_and_a_lost_broker_is_not() {
        let trouble = Trouble::default();
        let timeout = KafkaError::MetadataFetch(Code::OperationTimedOut);
        trouble.note(Code::BrokerTransportFailure, "a:9092: Connect failed");
        trouble.note(Code::AllBrokersDown, "1/1 brokers are down");
        let broken = trouble.broken("metadata", &timeout);
        assert!(broken.transient && broken.cause.contains("Connect failed"), "{broken:?}");
        trouble.note(
            Code::SSL,
            "SSL handshake failed: certificate verify failed: broker certificate could not be verified",
        );
        assert!(!trouble.broken("metadata", &timeout).transient);
        trouble.note(
            Code::BrokerTransportFailure,
            "Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: 42",
        );
        assert!(trouble.hopeless().is_some());
        trouble.over();
        assert!(trouble.hopeless().is_none());
        assert_eq!(trouble.count(), 4);
        assert!(!trouble.broken("topic", &KafkaError::AdminOp(Code::PolicyViolation)).transient);
    }
}
