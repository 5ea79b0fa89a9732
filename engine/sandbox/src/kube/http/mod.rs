//! The API over HTTP: paths, media types, streams. Knows nothing of how objects are stored.

mod answer;
mod body;
mod cells;
mod change;
mod delete;
mod discovery;
mod evict;
mod forward;
mod gate;
mod list;
mod logs;
mod openapi;
mod patching;
mod path;
mod proxy;
mod reach;
mod read;
mod request;
mod review;
mod scale;
pub(super) mod serve;
mod table;
mod watch;
