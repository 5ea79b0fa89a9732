//! A member of a consumer group, and what it asked for when it joined. Knows nothing of the group.

use bytes::Bytes;

use super::Millis;

/// How a member wants to join.
#[derive(Debug, Clone)]
pub struct Join {
    /// The id that the coordinator gave it; empty at first.
    pub member: String,
    /// The id that the client gave itself.
    pub client: String,
    /// Where it connects from.
    pub host: String,
    /// It is out when it is not heard of for so long.
    pub session: Millis,
    /// So long it may take to come back when the group shares out anew.
    pub rebalance: Millis,
    /// `consumer`, for consumers.
    pub sort: String,
    /// The ways of sharing out that it knows, the best first, with what it says to each.
    pub protocols: Vec<(String, Bytes)>,
    /// Whether it must take an id first and ask again with it.
    pub two_steps: bool,
}

/// A member.
#[derive(Debug)]
pub struct Member {
    /// What it asked for last.
    pub join: Join,
    /// What it was given.
    pub assignment: Bytes,
    /// It waits for the others to join.
    pub joining: bool,
    /// It is out at this time.
    pub deadline: Millis,
}

impl Member {
    /// A member that joins now.
    #[must_use]
    pub fn new(join: Join, now: Millis) -> Self {
        let deadline = now + join.session;
        Self { join, assignment: Bytes::new(), joining: true, deadline }
    }

    /// It was heard of.
    pub fn heard(&mut self, now: Millis) {
        self.deadline = now + self.join.session;
    }

    /// Whether it knows this way of sharing out.
    #[must_use]
    pub fn knows(&self, protocol: &str) -> bool {
        self.join.protocols.iter().any(|(name, _)| name == protocol)
    }

    /// What it says to this way of sharing out.
    #[must_use]
    pub fn says(&self, protocol: &str) -> Bytes {
        let found = self.join.protocols.iter().find(|(name, _)| name == protocol);
        found.map_or_else(Bytes::new, |(_, said)| said.clone())
    }
}
