//! The endpoint families `tls` and `tcp`: where to connect, and what to trust there. Opens connections, speaks nothing.

use checkrun_model::{Broken, Cx, Node, SpecError, de};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::net::TcpStream;

use super::address::Address;
use crate::pem::Pem;

/// An endpoint that speaks TLS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsEndpoint {
    /// `host:port`.
    pub(super) address: String,
    /// The name that the certificate must be for. Default: the host of the address.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// The CA to trust instead of the machine's.
    #[serde(default)]
    pub(super) ca: Option<Pem>,
}

/// An endpoint that accepts connections.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TcpEndpoint {
    /// `host:port`.
    pub(super) address: String,
}

/// Checks a `tls` entry of the target.
pub(crate) fn parse_tls(node: &Node) -> Result<(), Vec<SpecError>> {
    let settings: TlsEndpoint = de::from_node(node)?;
    address_errors(&settings.address, node)
}

/// Checks a `tcp` entry of the target.
pub(crate) fn parse_tcp(node: &Node) -> Result<(), Vec<SpecError>> {
    let settings: TcpEndpoint = de::from_node(node)?;
    address_errors(&settings.address, node)
}

/// JSON Schema of a `tls` entry.
pub(crate) fn tls_schema() -> serde_json::Value {
    schemars::schema_for!(TlsEndpoint).to_value()
}

/// JSON Schema of a `tcp` entry.
pub(crate) fn tcp_schema() -> serde_json::Value {
    schemars::schema_for!(TcpEndpoint).to_value()
}

/// The mistake in `address`, unless it is not known yet.
pub(super) fn address_errors(address: &str, node: &Node) -> Result<(), Vec<SpecError>> {
    let place = node.get("address").unwrap_or(node);
    match address.parse::<Address>() {
        Err(why) if !place.has_deferred() => {
            Err(vec![SpecError::new("args::value", place.span, why, "not an address")])
        }
        _ => Ok(()),
    }
}

/// Where a check connects to: what its arguments say, else its endpoint.
pub(super) fn address(argument: Option<&str>, endpoint: Option<&str>) -> Result<Address, Broken> {
    let text = argument.or(endpoint).ok_or_else(|| {
        Broken::fatal("the check says no `address` and has no endpoint")
            .hint("write `address: host:port`, or name an `endpoint:`")
    })?;
    text.parse().map_err(Broken::fatal)
}

/// Settings of the check's endpoint, if it has one of `family`.
pub(super) fn settings<T: serde::de::DeserializeOwned>(cx: &Cx, family: &str) -> Result<Option<T>, Broken> {
    let Some(endpoint) = cx.place.endpoint.as_ref().filter(|endpoint| endpoint.family == family) else {
        return Ok(None);
    };
    let wrong = |errors: Vec<SpecError>| {
        let why: Vec<String> = errors.into_iter().map(|error| error.message).collect();
        Broken::fatal(format!("endpoint `{}`: {}", endpoint.name, why.join("; ")))
    };
    de::from_node(&endpoint.config).map(Some).map_err(wrong)
}

/// A connection, or why there is none.
pub(super) async fn connect(cx: &Cx, address: &Address) -> Result<TcpStream, Broken> {
    let connecting = TcpStream::connect((address.host.as_str(), address.port));
    match tokio::time::timeout(cx.remaining(), connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(why)) => Err(Broken::transient(format!("no connection to {address}: {why}"))),
        Err(_) => Err(Broken::transient(format!("no connection to {address} within the time of the check"))),
    }
}
