//! Behaviour seen from outside: drives the real binary.
mod golden;
