//! Why a request was not granted: the protocol's code and a sentence for people.

use kafka_protocol::ResponseError;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {why}")]
pub struct Refused {
    /// The protocol's code.
    pub code: ResponseError,
    /// What is wrong.
    pub why: String,
}

impl Refused {
    /// A refusal with these words.
    pub fn new(code: ResponseError, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}
