//! Flux on both clusters: its own kustomize-, helm- and notification-controller as pods, the lab's stand-in for its
//! source-controller, and a Git repository of the lab that both reconcile from.

pub mod faults;
pub mod fleet;
pub mod manifests;
pub mod part;
pub mod recipe;
