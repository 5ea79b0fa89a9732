//! VolSync: its own manager in a pod of `apps`, and a mover that does real restic backups to the S3 server.

pub mod demo;
pub mod faults;
pub mod manifests;
pub mod part;
pub mod recipe;
