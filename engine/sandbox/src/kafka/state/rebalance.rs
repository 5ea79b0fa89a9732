//! How a group shares out its partitions: members join, one of them decides, everybody gets its share.
//! The states and times are those of Kafka's classic protocol.

use bytes::Bytes;
use kafka_protocol::ResponseError as Code;

use super::Millis;
use super::group::{Group, Joined, Phase};
use super::member::{Join, Member};

impl Group {
    /// A member joins, or joins again. When all have, [`Group::has_joined`] tells it.
    ///
    /// # Errors
    /// It does not fit to the others, or its id is not known.
    pub fn join(&mut self, join: Join, delay: Millis, now: Millis) -> Result<(), Code> {
        let known = self.members.contains_key(&join.member) || self.pending.contains_key(&join.member);
        if join.sort.is_empty() || join.protocols.is_empty() || !self.fits(&join) {
            return Err(Code::InconsistentGroupProtocol);
        }
        if !known {
            return Err(Code::UnknownMemberId);
        }
        self.pending.remove(&join.member);
        let unchanged = self.phase == Phase::Stable || self.phase == Phase::Sharing;
        let same = self.members.get(&join.member).is_some_and(|member| member.join.protocols == join.protocols);
        if unchanged && same && (self.leader.as_deref() != Some(&*join.member) || self.phase == Phase::Sharing) {
            // It did not get the answer the first time, or asks without need.
            self.heard(&join.member, now);
            return Ok(());
        }
        self.sort.clone_from(&join.sort);
        let (id, fresh) = (join.member.clone(), !self.members.contains_key(&join.member));
        let limit = now + join.rebalance;
        let assignment = self.members.remove(&id).map(|member| member.assignment).unwrap_or_default();
        self.members.insert(id, Member { assignment, ..Member::new(join, now) });
        match self.phase {
            Phase::Empty if delay > 0 => {
                self.phase = Phase::Joining { until: (now + delay).min(limit), delayed: Some(limit) };
            }
            Phase::Joining { delayed: Some(limit), .. } if fresh => {
                self.phase = Phase::Joining { until: (now + delay).min(limit), delayed: Some(limit) };
            }
            Phase::Joining { .. } => {}
            _ => self.begin(now),
        }
        self.proceed(now);
        Ok(())
    }

    /// Whether somebody fits to the others: of the same sort, with a way of sharing out that all know.
    fn fits(&self, join: &Join) -> bool {
        let mut others = self.members.iter().filter(|(id, _)| **id != join.member).map(|(_, member)| member).peekable();
        if others.peek().is_none() {
            return true;
        }
        let others: Vec<&Member> = others.collect();
        let shared = |name: &String| others.iter().all(|other| other.knows(name));
        self.sort == join.sort && join.protocols.iter().any(|(name, _)| shared(name))
    }

    /// Everybody has to join again.
    fn begin(&mut self, now: Millis) {
        let most = self.members.values().map(|member| member.join.rebalance).max().unwrap_or(0);
        self.phase = Phase::Joining { until: now + most, delayed: None };
    }

    /// Ends the joining if nobody is missing.
    fn proceed(&mut self, now: Millis) {
        let Phase::Joining { until, delayed } = self.phase else { return };
        let all = self.pending.is_empty() && self.members.values().all(|member| member.joining);
        if now >= until || (all && delayed.is_none()) {
            self.complete(now);
        }
    }

    /// Those that joined are the group now.
    fn complete(&mut self, now: Millis) {
        self.members.retain(|_, member| member.joining);
        self.generation += 1;
        if self.members.is_empty() {
            (self.phase, self.leader) = (Phase::Empty, None);
            self.protocol.clear();
            return;
        }
        if !self.leader.as_ref().is_some_and(|leader| self.members.contains_key(leader)) {
            self.leader = self.members.keys().next().cloned();
        }
        self.protocol = self.elected();
        self.phase = Phase::Sharing;
        for member in self.members.values_mut() {
            member.joining = false;
            member.assignment = Bytes::new();
            member.heard(now);
        }
    }

    /// The way of sharing out that most members like best among those that all know.
    fn elected(&self) -> String {
        let shared = |name: &&String| self.members.values().all(|member| member.knows(name));
        let votes: Vec<&String> = self
            .members
            .values()
            .filter_map(|member| member.join.protocols.iter().map(|(name, _)| name).find(shared))
            .collect();
        let count = |name: &String| votes.iter().filter(|vote| **vote == name).count();
        votes.iter().max_by_key(|name| count(name)).map(|name| (*name).clone()).unwrap_or_default()
    }

    /// What a member learns when all have joined; none while it waits.
    pub fn has_joined(&self, member: &str) -> Option<Result<Joined, Code>> {
        match self.members.get(member) {
            None => Some(Err(Code::UnknownMemberId)),
            Some(found) if found.joining => None,
            Some(_) => Some(Ok(self.joined(member))),
        }
    }

    /// A member asks for its share; the leader brings everybody's. When it is there, [`Group::share`] tells it.
    ///
    /// # Errors
    /// It is of another generation, or has to join again.
    pub fn sync(
        &mut self,
        member: &str,
        generation: i32,
        shares: Vec<(String, Bytes)>,
        now: Millis,
    ) -> Result<(), Code> {
        self.must_be_in(member, generation)?;
        if matches!(self.phase, Phase::Joining { .. }) {
            return Err(Code::RebalanceInProgress);
        }
        self.heard(member, now);
        if self.phase == Phase::Sharing && self.leader.as_deref() == Some(member) {
            for (id, share) in shares {
                if let Some(member) = self.members.get_mut(&id) {
                    member.assignment = share;
                }
            }
            self.phase = Phase::Stable;
        }
        Ok(())
    }

    /// A member's share; none while the leader has not brought it.
    pub fn share(&self, member: &str, generation: i32) -> Option<Result<Bytes, Code>> {
        match (self.must_be_in(member, generation), self.phase, self.members.get(member)) {
            (Err(Code::IllegalGeneration), ..) | (Ok(()), Phase::Joining { .. } | Phase::Empty, _) => {
                Some(Err(Code::RebalanceInProgress))
            }
            (Err(why), ..) => Some(Err(why)),
            (Ok(()), Phase::Stable, Some(member)) => Some(Ok(member.assignment.clone())),
            (Ok(()), ..) => None,
        }
    }

    /// A member lives.
    ///
    /// # Errors
    /// It is of another generation, or has to join again.
    pub fn heartbeat(&mut self, member: &str, generation: i32, now: Millis) -> Result<(), Code> {
        self.must_be_in(member, generation)?;
        self.heard(member, now);
        match self.phase {
            Phase::Joining { .. } => Err(Code::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    /// Whether this is a member of this generation.
    ///
    /// # Errors
    /// It is not.
    pub fn must_be_in(&self, member: &str, generation: i32) -> Result<(), Code> {
        match self.members.contains_key(member) {
            false => Err(Code::UnknownMemberId),
            true if generation != self.generation => Err(Code::IllegalGeneration),
            true => Ok(()),
        }
    }

    fn heard(&mut self, member: &str, now: Millis) {
        if let Some(member) = self.members.get_mut(member) {
            member.heard(now);
        }
    }

    /// A member leaves.
    ///
    /// # Errors
    /// It is none.
    pub fn leave(&mut self, member: &str, now: Millis) -> Result<(), Code> {
        if self.pending.remove(member).is_some() {
            self.proceed(now);
            return Ok(());
        }
        self.members.remove(member).ok_or(Code::UnknownMemberId)?;
        self.shrunk(now);
        Ok(())
    }

    /// Somebody is gone: the others share out anew.
    fn shrunk(&mut self, now: Millis) {
        if !matches!(self.phase, Phase::Joining { .. }) {
            self.begin(now);
        }
        if self.members.is_empty() && self.pending.is_empty() {
            self.complete(now);
        }
        self.proceed(now);
    }

    /// Does what time brings: who was silent too long is out, and waiting ends.
    pub fn tick(&mut self, now: Millis) {
        self.pending.retain(|_, until| *until > now);
        let before = self.members.len();
        self.members.retain(|_, member| member.joining || member.deadline > now);
        if self.members.len() < before {
            self.shrunk(now);
        }
        self.proceed(now);
    }
}
