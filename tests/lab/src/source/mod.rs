//! A stand-in for Flux's source-controller, of which one package is in no registry: it fetches what `GitRepository` and
//! `HelmChart` objects name, packs it, serves it, and writes their statuses. Git alone; no OCI, no buckets, no
//! verification of signatures.

pub mod chart;
pub mod controller;
pub mod fetch;
pub mod status;
pub mod storage;
