//! The endpoint families `tls` and `tcp`: where to connect, and what to trust there. Opens connections, speaks nothing.

use std::fmt;

use checkrun_model::clock::spoken;
use checkrun_model::{Broken, Cx, Node, SpecError, de};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::net::TcpStream;

use super::address::Address;
use crate::http::endpoint::exactly_one;
use crate::pem::Pem;
use crate::through::{Through, forward};

/// An endpoint that speaks TLS. It has an `address`, or is reached `through` a cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsEndpoint {
    /// `host:port`.
    #[serde(default)]
    pub(super) address: Option<String>,
    /// A service inside a cluster, instead of `address`.
    #[serde(default)]
    pub(super) through: Option<Through>,
    /// The name that the certificate must be for. Default: the host of the address; with `through`, `name.namespace.svc`.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// The CA to trust instead of the machine's.
    #[serde(default)]
    pub(super) ca: Option<Pem>,
}

/// An endpoint that accepts connections. It has an `address`, or is reached `through` a cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TcpEndpoint {
    /// `host:port`.
    #[serde(default)]
    pub(super) address: Option<String>,
    /// A service inside a cluster, instead of `address`.
    #[serde(default)]
    pub(super) through: Option<Through>,
}

/// Checks a `tls` entry of the target.
pub(crate) fn parse_tls(node: &Node) -> Result<(), Vec<SpecError>> {
    let settings: TlsEndpoint = de::from_node(node)?;
    settled(node, settings.address.as_deref(), settings.through.as_ref())
}

/// Checks a `tcp` entry of the target.
pub(crate) fn parse_tcp(node: &Node) -> Result<(), Vec<SpecError>> {
    let settings: TcpEndpoint = de::from_node(node)?;
    settled(node, settings.address.as_deref(), settings.through.as_ref())
}

/// Mistakes in where an endpoint is.
fn settled(node: &Node, address: Option<&str>, through: Option<&Through>) -> Result<(), Vec<SpecError>> {
    let mut errors = exactly_one(node, &["address", "through"]);
    errors.extend(address.and_then(|address| address_errors(address, node).err()).unwrap_or_default());
    if let (Some(through), Some(place)) = (through, node.get("through")) {
        errors.extend(through.errors(place));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
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

/// Where a check connects to.
pub(super) enum Door {
    /// An address that is reachable from here.
    At(Address),
    /// A service inside a cluster.
    Through(Through),
}

impl Door {
    /// What the check's arguments say, else its endpoint.
    pub(super) fn of(argument: Option<&str>, address: Option<&str>, through: Option<&Through>) -> Result<Self, Broken> {
        match (argument.or(address), through) {
            (Some(text), _) => text.parse().map(Self::At).map_err(Broken::fatal),
            (None, Some(through)) => Ok(Self::Through(through.clone())),
            (None, None) => Err(Broken::fatal("the check says no `address` and has no endpoint")
                .hint("write `address: host:port`, or name an `endpoint:`")),
        }
    }

    /// The host, as its own surroundings call it.
    pub(super) fn host(&self) -> Result<String, Broken> {
        match self {
            Self::At(address) => Ok(address.host.clone()),
            Self::Through(through) => through.host().map_err(Broken::fatal),
        }
    }

    /// A connection, or why there is none.
    pub(super) async fn connect(&self, cx: &Cx) -> Result<TcpStream, Broken> {
        let dial = async {
            match self {
                Self::At(address) => TcpStream::connect((address.host.as_str(), address.port)).await,
                Self::Through(through) => TcpStream::connect(forward(cx, through).await?).await,
            }
            .map_err(|why| self.closed(&format!(": {why}"), &why.to_string()))
        };
        let time = cx.remaining();
        let late = |_| self.closed(&format!(" within {}", spoken(time)), "no connection in time");
        tokio::time::timeout(time, dial).await.map_err(late)?
    }

    fn closed(&self, how: &str, why: &str) -> Broken {
        Broken::transient(format!("no connection to {self}{how}"))
            .hint("is the server up, and its address right and reachable from here?")
            .outage(self.to_string(), why)
    }
}

impl fmt::Display for Door {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(out),
            Self::Through(through) => write!(out, "{}:{} of {}", through.service, through.port, through.cluster),
        }
    }
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
