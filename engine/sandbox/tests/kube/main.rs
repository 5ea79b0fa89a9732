//! The sandbox's Kubernetes API as the `kube` crate's client meets it, over a real socket.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod client;
mod kubectl;
mod reach;
mod stage;
