//! Small HTTP servers on the loopback interface, plain or with TLS: each is a [`Site`] or a [`Handler`] on a socket of
//! its own, whose connections can be made to fail as real ones do. Knows no product.

mod asked;
mod server;
mod site;

pub use asked::{Answer, Asked};
pub use server::{Fate, Server};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::{Request, Response};

/// The body of an answer as it is sent.
pub type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// What answers requests that are read whole.
pub trait Site: Send + Sync + 'static {
    /// The answer to one request.
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Answer>;
}

/// What answers requests as they come in: who reads signed headers or long bodies by himself.
pub trait Handler: Send + Sync + 'static {
    /// The answer to one request.
    fn handle(&self, request: Request<Incoming>) -> BoxFuture<'_, Response<Body>>;
}
