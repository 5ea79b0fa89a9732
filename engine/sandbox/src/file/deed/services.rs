//! Deeds: what is done to services. Types only.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::file::shape::RouteShape;

/// What happens to a service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceDeed {
    /// The endpoint.
    pub endpoint: String,
    /// What becomes of it.
    pub is: ServiceState,
}

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// It works.
    Up,
    /// Connections are refused.
    Down,
    /// Requests are never answered.
    Hangs,
    /// It answers 503.
    Broken,
}

/// An answer of an HTTP service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InHttp {
    /// The endpoint.
    pub http: String,
    /// Its answer.
    pub route: RouteShape,
}
