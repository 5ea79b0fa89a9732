//! Behaviour seen from outside: drives the real binary.
mod cli;
mod generated;
mod golden;
mod interrupt;
mod reading;
mod reports;
mod support;
