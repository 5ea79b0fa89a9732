//! What a query gives, and why it gives nothing.

use jiff::Timestamp;

use super::series::Labels;

/// One sample of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its labels.
    pub labels: Labels,
    /// Its value.
    pub value: f64,
    /// When it was written, in seconds; what a calculation gives is of the moment of the query.
    pub at: f64,
}

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// One number.
    Scalar(f64),
    /// Samples.
    Vector(Vec<Sample>),
}

/// A query that is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is no query.
    Syntax(String),
    /// It is one, but not one that this store works out.
    Beyond(String),
}

impl Refused {
    /// A part of the language that is not worked out here.
    pub(super) fn beyond(what: impl std::fmt::Display) -> Self {
        Self::Beyond(format!("the sandbox does not work out {what}"))
    }
}

/// Seconds since 1970, as the language counts.
#[must_use]
pub fn seconds(at: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a float exactly")]
    let milliseconds = at.as_millisecond() as f64;
    milliseconds / 1000.0
}
