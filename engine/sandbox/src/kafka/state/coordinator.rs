//! All consumer groups of a cluster: members get their ids here, offsets are kept here. Which broker answers for which
//! group is known elsewhere.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError as Code;

use super::Millis;
use super::group::{Committed, Group, Phase};
use super::member::Join;

/// How long groups wait.
#[derive(Debug, Clone, Copy)]
pub struct Delays {
    /// A group that begins waits so long for more members.
    pub first: Millis,
    /// The shortest session that a member may ask for.
    pub least_session: Millis,
    /// The longest.
    pub most_session: Millis,
}

/// The longest note that may be committed with an offset, in bytes.
const LONGEST_NOTE: usize = 4096;

/// The groups.
#[derive(Debug)]
pub struct Coordinator {
    groups: BTreeMap<String, Group>,
    delays: Delays,
    given: u64,
}

impl Coordinator {
    /// No groups.
    #[must_use]
    pub fn new(delays: Delays) -> Self {
        Self { groups: BTreeMap::new(), delays, given: 0 }
    }

    /// All groups by name.
    #[must_use]
    pub fn groups(&self) -> &BTreeMap<String, Group> {
        &self.groups
    }

    /// The group of this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// The group of this name.
    ///
    /// # Errors
    /// There is none: then nobody is a member.
    pub fn group_mut(&mut self, name: &str) -> Result<&mut Group, Code> {
        self.groups.get_mut(name).ok_or(Code::UnknownMemberId)
    }

    /// A member joins; gives the id that it has from now on.
    ///
    /// # Errors
    /// The protocol's code for why not, and the id that it should ask again with, if any.
    pub fn join(&mut self, name: &str, mut join: Join, now: Millis) -> Result<String, (Code, String)> {
        let refused = |code| Err((code, join.member.clone()));
        if name.is_empty() {
            return refused(Code::InvalidGroupId);
        }
        if !(self.delays.least_session..=self.delays.most_session).contains(&join.session) {
            return refused(Code::InvalidSessionTimeout);
        }
        let is_new = join.member.is_empty();
        if !is_new && !self.groups.contains_key(name) {
            return refused(Code::UnknownMemberId);
        }
        if is_new {
            self.given += 1;
            join.member = format!("{}-{:032x}", join.client, self.given);
        }
        let group = self.groups.entry(name.to_owned()).or_default();
        if is_new {
            group.pending.insert(join.member.clone(), now + join.session);
            if join.two_steps {
                return Err((Code::MemberIdRequired, join.member));
            }
        }
        let member = join.member.clone();
        let joined = group.join(join, self.delays.first, now);
        if is_new && joined.is_err() {
            group.pending.remove(&member);
        }
        joined.map(|()| member.clone()).map_err(|code| (code, if is_new { String::new() } else { member }))
    }

    /// Whether somebody may commit: a member of the present generation, or anybody if the group has no members.
    ///
    /// # Errors
    /// It may not.
    pub fn may_commit(&mut self, name: &str, member: &str, generation: i32, now: Millis) -> Result<(), Code> {
        match self.groups.get_mut(name) {
            None if generation < 0 => Ok(()),
            None => Err(Code::IllegalGeneration),
            Some(group) if generation < 0 && group.members.is_empty() => Ok(()),
            // What was read before all join again may still be committed; once they have, it is too late.
            Some(group) if group.phase == Phase::Sharing => {
                group.must_be_in(member, generation).and(Err(Code::RebalanceInProgress))
            }
            Some(group) => match group.heartbeat(member, generation, now) {
                Err(Code::RebalanceInProgress) | Ok(()) => Ok(()),
                Err(why) => Err(why),
            },
        }
    }

    /// Keeps an offset.
    ///
    /// # Errors
    /// The note is too long.
    pub fn commit(&mut self, name: &str, topic: &str, partition: i32, committed: Committed) -> Result<(), Code> {
        if committed.note.len() > LONGEST_NOTE {
            return Err(Code::OffsetMetadataTooLarge);
        }
        let group = self.groups.entry(name.to_owned()).or_default();
        group.offsets.insert((topic.to_owned(), partition), committed);
        Ok(())
    }

    /// Deletes a group that has no members.
    ///
    /// # Errors
    /// There is none, or it has members.
    pub fn delete(&mut self, name: &str) -> Result<(), Code> {
        match self.groups.get(name) {
            None => Err(Code::GroupIdNotFound),
            Some(group) if !group.members.is_empty() => Err(Code::NonEmptyGroup),
            Some(_) => {
                self.groups.remove(name);
                Ok(())
            }
        }
    }

    /// Deletes what a group without members has committed of a partition.
    ///
    /// # Errors
    /// There is no such group, or it has members.
    pub fn delete_offset(&mut self, name: &str, topic: &str, partition: i32) -> Result<(), Code> {
        let group = self.groups.get_mut(name).ok_or(Code::GroupIdNotFound)?;
        if !group.members.is_empty() {
            return Err(Code::GroupSubscribedToTopic);
        }
        group.offsets.remove(&(topic.to_owned(), partition));
        Ok(())
    }

    /// Forgets what was committed of a topic.
    pub fn forget_topic(&mut self, topic: &str) {
        self.groups.values_mut().for_each(|group| group.offsets.retain(|(of, _), _| of != topic));
    }

    /// Does what time brings.
    pub fn tick(&mut self, now: Millis) {
        self.groups.values_mut().for_each(|group| group.tick(now));
        self.groups.retain(|_, group| !group.is_void());
    }

    /// When something happens by itself next.
    #[must_use]
    pub fn next(&self) -> Option<Millis> {
        self.groups.values().filter_map(Group::next).min()
    }
}
