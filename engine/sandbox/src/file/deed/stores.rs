//! Deeds: what is done to metrics and logs. Types only.

use std::collections::BTreeMap;

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::file::shape::{NumberOrQuery, RowShape};

/// A row of a log store.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InLogs {
    /// The store.
    pub logs: String,
    /// The row.
    pub row: RowShape,
}

/// A sample.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The store.
    pub metrics: String,
    /// `up{job="x"}`
    pub series: String,
    /// A number, or a query that gives one.
    pub value: NumberOrQuery,
    /// How old it always is. Without: it is of this moment, and ages.
    pub age: Option<args::Duration>,
}

/// Series of a store.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// The store.
    pub metrics: String,
    /// A selector: `up{job=~".*kafka.*"}`.
    pub series: String,
}

/// Series that get older.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aged {
    /// The store.
    pub metrics: String,
    /// A selector.
    pub series: String,
    /// By how much.
    pub by: args::Duration,
}

/// What happens to scraping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scraping {
    /// The store.
    pub metrics: String,
    /// Only this job. Default: all.
    pub job: Option<String>,
    /// It stops.
    #[serde(default)]
    pub stops: bool,
    /// A label that samples lose, from now on.
    pub loses: Option<String>,
}

/// What happens to log shipping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shipping {
    /// The store.
    pub logs: String,
    /// It stops.
    #[serde(default)]
    pub stops: bool,
    /// Every so many lines one is lost.
    #[schemars(range(min = 1))]
    pub loses_one_in: Option<u64>,
    /// How long a line takes from now on.
    pub after: Option<args::Duration>,
    /// Every line is sent twice.
    #[serde(default)]
    pub twice: bool,
    /// Fields that rows get from now on, instead of what they got.
    pub fields: Option<BTreeMap<String, String>>,
}
