//! The API over HTTP: paths, media types, streams. Knows nothing of how objects are stored.

mod answer;
mod change;
mod delete;
mod discovery;
mod gate;
mod list;
mod path;
mod read;
mod request;
pub(super) mod serve;
mod watch;
