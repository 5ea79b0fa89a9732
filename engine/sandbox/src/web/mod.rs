//! Small HTTP servers on the loopback interface: each is a [`Site`] on a socket of its own, whose connections can be
//! made to fail as real ones do. Knows no product.

mod asked;
mod server;

pub use asked::{Answer, Asked};
pub use server::{Fate, Server};

use futures::future::BoxFuture;

/// What answers requests.
pub trait Site: Send + Sync + 'static {
    /// The answer to one request.
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Answer>;
}
