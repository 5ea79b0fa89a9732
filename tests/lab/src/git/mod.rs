//! The lab's Git: a bare repository on the machine's disk, and a server of Git's own smart HTTP before it.

pub mod repository;
pub mod serve;
