//! The registry of kinds and of endpoint families: one row each, nothing else.

mod codes;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "kube")]
mod kube;
mod local;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(any(feature = "metrics", feature = "kube"))]
mod moment;
#[cfg(feature = "tls")]
mod net;
#[cfg(any(feature = "kafka", feature = "kube"))]
mod own;
#[cfg(any(feature = "http", feature = "kafka"))]
mod pem;
mod start;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod through;
#[cfg(any(feature = "kafka", feature = "kube"))]
mod unconfirmed;

use checkrun_model::{EndpointEntry, KindEntry};

#[cfg(feature = "kube")]
pub use kube::read_secret;

/// Every kind of this build.
pub static KINDS: &[KindEntry] = &[
    KindEntry::of::<local::Exec>(),
    KindEntry::of::<local::Script>(),
    #[cfg(feature = "http")]
    KindEntry::of::<http::Http>(),
    #[cfg(feature = "kube")]
    KindEntry::of::<kube::Get>(),
    #[cfg(feature = "kube")]
    KindEntry::of::<kube::List>(),
    #[cfg(feature = "kube")]
    KindEntry::of::<kube::Apply>(),
    #[cfg(feature = "kube")]
    KindEntry::of::<kube::Patch>(),
    #[cfg(feature = "kube")]
    KindEntry::of::<kube::Delete>(),
    #[cfg(feature = "kube")]
    KindEntry::of::<kube::Logs>(),
    #[cfg(feature = "kube")]
    KindEntry::of::<kube::Events>(),
    #[cfg(feature = "kube")]
    KindEntry::of::<kube::CanI>(),
    #[cfg(feature = "metrics")]
    KindEntry::of::<metrics::promql::Promql>(),
    #[cfg(feature = "metrics")]
    KindEntry::of::<metrics::logsql::Logsql>(),
    #[cfg(feature = "tls")]
    KindEntry::of::<net::tls::Tls>(),
    #[cfg(feature = "tls")]
    KindEntry::of::<net::tcp::Tcp>(),
    #[cfg(feature = "kafka")]
    KindEntry::of::<kafka::topic::Topic>(),
    #[cfg(feature = "kafka")]
    KindEntry::of::<kafka::describe::Describe>(),
    #[cfg(feature = "kafka")]
    KindEntry::of::<kafka::produce::Produce>(),
    #[cfg(feature = "kafka")]
    KindEntry::of::<kafka::consume::Consume>(),
    #[cfg(feature = "kafka")]
    KindEntry::of::<kafka::group::Group>(),
    #[cfg(feature = "kafka")]
    KindEntry::of::<kafka::cluster::Cluster>(),
];

/// Every endpoint family of this build.
pub static ENDPOINTS: &[EndpointEntry] = &[
    #[cfg(feature = "http")]
    EndpointEntry { family: "http", parse: http::endpoint::parse, schema: http::endpoint::schema },
    #[cfg(feature = "metrics")]
    EndpointEntry { family: "promql", parse: http::endpoint::parse, schema: http::endpoint::schema },
    #[cfg(feature = "metrics")]
    EndpointEntry { family: "logsql", parse: http::endpoint::parse, schema: http::endpoint::schema },
    #[cfg(feature = "tls")]
    EndpointEntry { family: "tls", parse: net::endpoint::parse_tls, schema: net::endpoint::tls_schema },
    #[cfg(feature = "tls")]
    EndpointEntry { family: "tcp", parse: net::endpoint::parse_tcp, schema: net::endpoint::tcp_schema },
    #[cfg(feature = "kafka")]
    EndpointEntry { family: "kafka", parse: kafka::endpoint::parse, schema: kafka::endpoint::schema },
];
