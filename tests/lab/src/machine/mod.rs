//! What the lab asks of the machine: threads in network namespaces, processes, relays, cgroups, mounts, memory.
//! It knows no part.

pub mod cgroup;
pub mod gate;
pub mod memory;
pub mod mounts;
pub mod proc;
pub mod process;
pub mod relay;
pub mod room;
