//! The registry of kinds and of endpoint families: one row each, nothing else.

#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "tls")]
mod net;
#[cfg(feature = "http")]
mod pem;
#[cfg(test)]
mod testing;

use checkrun_model::{EndpointEntry, KindEntry};

/// Every kind of this build.
pub static KINDS: &[KindEntry] = &[
    #[cfg(feature = "metrics")]
    KindEntry::of::<metrics::promql::Promql>(),
    #[cfg(feature = "metrics")]
    KindEntry::of::<metrics::logsql::Logsql>(),
    #[cfg(feature = "tls")]
    KindEntry::of::<net::tls::Tls>(),
    #[cfg(feature = "tls")]
    KindEntry::of::<net::tcp::Tcp>(),
];

/// Every endpoint family of this build.
pub static ENDPOINTS: &[EndpointEntry] = &[
    #[cfg(feature = "tls")]
    EndpointEntry { family: "tls", parse: net::endpoint::parse_tls, schema: net::endpoint::tls_schema },
    #[cfg(feature = "tls")]
    EndpointEntry { family: "tcp", parse: net::endpoint::parse_tcp, schema: net::endpoint::tcp_schema },
];
