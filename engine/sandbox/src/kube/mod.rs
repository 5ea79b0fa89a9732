//! The Kubernetes API of the sandbox: a [`Cluster`] is one API server in memory, on a real socket. It keeps objects,
//! tells what happens to them, and does what every control plane does by itself (garbage collection, emptying of
//! namespaces, finalizers). What workloads do is played by others through [`Cluster::changes`].

mod admit;
mod cluster;
mod http;
mod interference;
mod journal;
mod object;
mod patch;
mod reference;
mod refusal;
mod rights;
mod selector;
mod server;
mod store;
mod tls;
mod types;
mod view;

pub use cluster::{Cluster, Served};
pub use interference::Interference;
pub use journal::Asked;
pub use reference::Ref;
pub use refusal::Refusal;
pub use store::{By, Change, Happened};
pub use tls::{Unshown, tls};
