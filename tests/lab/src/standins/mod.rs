//! One program that stands in for what no registry has: operators whose objects tell the truth about the pods and
//! servers behind them, and the HTTP APIs of Fluent Bit, Grafana, Harbor and GitLab. It makes and mends nothing.

pub mod cicd;
pub mod crds;
pub mod databases;
pub mod http;
pub mod network;
pub mod operator;
pub mod part;
pub mod platform;
pub mod recipe;
pub mod serve;
pub mod storage;
pub mod world;
