//! What the world that owns a sandbox Kafka asked for and cannot have.

use super::state::refused::Refused;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// There is no such listener, broker, topic or partition.
    #[error("the sandbox's Kafka has no {0}")]
    Absent(String),
    /// The cluster refused.
    #[error("the sandbox's Kafka refused: {0}")]
    Refused(#[from] Refused),
    /// No socket could be had.
    #[error("no socket for broker {broker}, listener {listener}: {why}")]
    Socket {
        /// Of this broker.
        broker: i32,
        /// For this listener.
        listener: String,
        /// The system's reason.
        why: std::io::Error,
    },
    /// A certificate, a key or an authority cannot be used.
    #[error("listener {listener}: {why}")]
    Certificate {
        /// Of this listener.
        listener: String,
        /// What is wrong with it.
        why: String,
    },
}
