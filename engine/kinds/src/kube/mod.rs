//! Kubernetes: clusters, what they serve, and the kinds that read and change their objects.

mod apply;
mod ask;
mod can_i;
mod cluster;
mod delete;
mod discovery;
mod events;
mod former;
mod forward;
mod get;
mod list;
mod listing;
mod logs;
mod logs_of;
mod manifest;
mod object;
mod pace;
mod patch;
mod place;
mod reading;
mod refusal;
mod secret;
mod served;
mod streamed;
#[cfg(test)]
mod stub;
#[cfg(test)]
mod tests;
mod undo;
mod watch;

pub use apply::Apply;
pub use can_i::CanI;
pub use delete::Delete;
pub use events::Events;
pub(crate) use forward::forward;
#[cfg(feature = "kafka")]
pub(crate) use forward::forward_pod;
pub use get::Get;
pub use list::List;
pub use logs::Logs;
pub use patch::Patch;
pub use secret::read as read_secret;
