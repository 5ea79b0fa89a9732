//! Effects, announced before they happen and undone by identity.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{BoxFuture, Broken};

/// An effect that is about to happen and can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The kind that knows how to undo it.
    pub kind: String,
    /// Name of the cluster, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Name of the endpoint, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// For people: `ConfigMap default/x`, `topic orders-1a2b3c4d`.
    pub object: String,
    /// What the kind needs to find and undo it, also if the effect was cut half way. Never a secret.
    pub identity: Json,
    /// Whether it is undone when the last dependent has ended; `keep: true` says no.
    pub undo: bool,
}

/// An announced effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IntentId(pub u64);

/// Where kinds announce effects; backed by the journal.
pub trait Ledger: Send + Sync {
    /// Announces an effect. When this returns, the intent is on the disk.
    fn intend<'a>(&'a self, check: &'a str, intent: Intent) -> BoxFuture<'a, Result<IntentId, Broken>>;
    /// The effect happened; `identity` replaces the intent's (now with UID, topic id, …).
    fn made<'a>(&'a self, id: IntentId, identity: Json) -> BoxFuture<'a, Result<(), Broken>>;
    /// The effect certainly did not happen (refused, already there): nothing to undo.
    fn void<'a>(&'a self, id: IntentId) -> BoxFuture<'a, Result<(), Broken>>;
}

/// What came of an undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// It is gone, or as it was.
    Done,
    /// It was made, and was not there any more.
    AlreadyGone,
    /// Nothing says that it was made, and it was not seen though it was looked for again and again; the text says what
    /// is not known.
    NotSeen(String),
    /// It is there, but is not what this run made; it was left alone.
    NotOurs(String),
}
