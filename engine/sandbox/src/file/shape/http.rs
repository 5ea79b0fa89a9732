//! HTTP services as a world file writes them. Types only.

use std::collections::BTreeMap;

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

/// An HTTP service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpShape {
    /// What it answers.
    pub routes: Vec<RouteShape>,
}

/// One answer of an HTTP service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteShape {
    /// The path; `*` at its end stands for anything.
    pub path: String,
    /// The method. Default: GET.
    pub method: Option<String>,
    /// The status code. Default: 200.
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
    /// Headers of the answer.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A body of JSON; or `text`.
    #[serde(default)]
    #[schemars(with = "Option<Json>")]
    pub json: Option<Json>,
    /// A body of text; or `json`.
    pub text: Option<String>,
    /// How long the answer takes, in the time of the world.
    pub delay: Option<args::Duration>,
}
