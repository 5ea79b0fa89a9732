//! Behaviour seen from outside: drives the real binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cli;
mod generated;
mod golden;
mod interrupt;
mod reading;
mod reports;
mod support;
