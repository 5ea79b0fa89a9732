//! The sandbox's Kubernetes API as the `kube` crate's client meets it, over a real socket.

mod client;
mod stage;
