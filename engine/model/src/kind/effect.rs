//! What an act may do, and to what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an act may do to the world, from harmless to final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Looks only.
    Read,
    /// Makes something of its own.
    #[default]
    Write,
    /// Hurts for a while what is not its own: kills a pod, suspends a reconciler.
    Disrupt,
    /// Loses data.
    Destroy,
}

impl Effect {
    /// The word that users write.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Disrupt => "disrupt",
            Self::Destroy => "destroy",
        }
    }
}

/// One thing that a check touches; feeds plan, locks, permissions and clean-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// `kube:apps`, `kafka:kafka`, `http:registry`, `local`.
    pub system: String,
    /// What of it: `Pod kafka/kafka-0`, `topic orders`, `GET /subjects`.
    pub object: String,
    /// `get`, `list`, `create`, `delete`, …
    pub verb: String,
}
