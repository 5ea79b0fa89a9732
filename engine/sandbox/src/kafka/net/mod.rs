//! Sockets, TLS and frames: bytes come in and go out here, what they mean is known to `api`.

mod connection;
pub(super) mod door;
pub(super) mod tls;
