//! HTTP: the endpoint family `http`, the client that all who speak HTTP share, and the kind `http`.

mod answer;
mod body;
pub(crate) mod client;
pub(crate) mod endpoint;
mod redirect;
mod request;
pub(crate) mod tls;
pub(crate) mod trouble;

pub use request::Http;

#[cfg(all(test, feature = "tls"))]
mod tls_tests;
