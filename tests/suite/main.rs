//! Behaviour seen from outside: drives the real binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod beside;
mod cli;
mod faults;
mod generated;
mod golden;
mod interrupt;
mod misspelt;
#[cfg(feature = "sandbox")]
mod mutants;
mod reading;
mod reports;
mod sandbox;
mod storm;
mod support;
mod told;
mod watch;
