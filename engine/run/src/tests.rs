//! Whole runs with a fake kind: events, verdicts, exit codes, what is undone. No network, no suite files.

mod cost;
mod effects;
mod fates;
mod probe;
mod stops;
mod suite;
mod waits;
