//! Log stores, and whose logs are sent to them, as a world file writes them. Types only.

use std::collections::BTreeMap;

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;

use super::metrics::PodsShape;

/// A log store.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogsShape {
    /// Rows that are there from the start.
    #[serde(default)]
    pub rows: Vec<RowShape>,
    /// Whose logs are sent here.
    #[serde(default)]
    pub ships: Vec<ShipShape>,
}

/// A row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowShape {
    /// Its fields; the line is under `_msg`.
    pub fields: BTreeMap<String, String>,
    /// Which of them make the stream.
    #[serde(default)]
    pub stream: Vec<String>,
    /// How long ago it was written. Default: now.
    pub age: Option<args::Duration>,
}

/// A log shipper: what the containers of a cluster write becomes rows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipShape {
    /// The cluster. Default: the only one.
    pub cluster: Option<String>,
    /// The shipper's pods: a container's lines are sent only while one of them is ready on its node.
    pub agent: PodsShape,
    /// Fields that every row gets.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Which fields make the stream.
    #[serde(default)]
    pub stream: Vec<String>,
    /// How long a line takes. Default: 2 s.
    pub after: Option<args::Duration>,
}
