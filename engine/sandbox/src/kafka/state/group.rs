//! A consumer group of the classic protocol: its members, its generation, and what is known of its phase.
//! How it gets from one phase to the next stands in `rebalance.rs`.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Millis;
use super::member::Member;

/// What a group does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It has no members.
    Empty,
    /// Members join until the time is over; `delayed` counts on others that have yet to come.
    Joining {
        /// When the waiting ends.
        until: Millis,
        /// When it must end, however many come; none: it ends when all known members are there.
        delayed: Option<Millis>,
    },
    /// The leader shares out.
    Sharing,
    /// Everybody has its share.
    Stable,
}

impl Phase {
    /// As Kafka says it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Joining { .. } => "PreparingRebalance",
            Self::Sharing => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}

/// A committed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The next offset to read.
    pub offset: i64,
    /// The leader's epoch when it was read; -1 if nobody said.
    pub epoch: i32,
    /// What the client noted.
    pub note: String,
}

/// A group.
#[derive(Debug)]
pub struct Group {
    /// What it does.
    pub phase: Phase,
    /// How often it shared out.
    pub generation: i32,
    /// `consumer`, for consumers; empty if nobody was ever in it.
    pub sort: String,
    /// How it shares out; empty without members.
    pub protocol: String,
    /// The member that shares out.
    pub leader: Option<String>,
    /// By id.
    pub members: BTreeMap<String, Member>,
    /// Ids that were given and not used yet, and when each is forgotten.
    pub pending: BTreeMap<String, Millis>,
    /// By topic and partition.
    pub offsets: BTreeMap<(String, i32), Committed>,
}

/// What a member learns when all have joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The generation that begins.
    pub generation: i32,
    /// How it shares out.
    pub protocol: String,
    /// `consumer`, for consumers.
    pub sort: String,
    /// Who shares out.
    pub leader: String,
    /// What each member says; only for the leader.
    pub members: Vec<(String, Bytes)>,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            phase: Phase::Empty,
            generation: 0,
            sort: String::new(),
            protocol: String::new(),
            leader: None,
            members: BTreeMap::new(),
            pending: BTreeMap::new(),
            offsets: BTreeMap::new(),
        }
    }
}

impl Group {
    /// Whether there is nothing in it to remember.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.members.is_empty() && self.pending.is_empty() && self.offsets.is_empty() && self.generation == 0
    }

    /// What a member learns of the generation that it is in.
    #[must_use]
    pub fn joined(&self, member: &str) -> Joined {
        let leader = self.leader.clone().unwrap_or_default();
        let told = self.members.iter().filter(|_| leader == member);
        Joined {
            generation: self.generation,
            protocol: self.protocol.clone(),
            sort: self.sort.clone(),
            members: told.map(|(id, other)| (id.clone(), other.says(&self.protocol))).collect(),
            leader,
        }
    }

    /// When something happens by itself next.
    #[must_use]
    pub fn next(&self) -> Option<Millis> {
        let joining = match self.phase {
            Phase::Joining { until, .. } => Some(until),
            _ => None,
        };
        let silent = self.members.values().filter(|member| !member.joining).map(|member| member.deadline);
        silent.chain(self.pending.values().copied()).chain(joining).min()
    }
}
