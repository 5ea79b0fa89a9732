//! Real servers to test checkrun against: built once, started together, broken on purpose, ended without a trace.
//! Never a dependency of checkrun.

pub mod authority;
pub mod cache;
pub mod cli;
pub mod cluster;
pub mod command;
pub mod control;
pub mod cx;
pub mod hold;
pub mod httphead;
pub mod images;
pub mod inside;
pub mod kafka;
pub mod launch;
pub mod ledger;
pub mod logs;
pub mod machine;
pub mod making;
pub mod metrics;
pub mod objects;
pub mod part;
pub mod parts;
pub mod plainhttp;
pub mod podproc;
pub mod ports;
pub mod prove;
pub mod recipe;
pub mod redis;
pub mod registry;
pub mod s3;
pub mod serve;
pub mod smoke;
pub mod sql;
pub mod strimzi;
pub mod target;
pub mod web;
