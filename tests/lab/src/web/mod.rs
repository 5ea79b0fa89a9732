//! A small HTTP server of the lab, with and without TLS, that misbehaves on order.

pub mod mode;
pub mod part;
pub mod server;
