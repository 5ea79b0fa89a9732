//! Which broker answers for which group: the one that leads the group's partition of the topic in which brokers would
//! keep offsets.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError as Code;

use super::Node;
use super::cluster::Cluster;
use super::partition::Partition;
use super::refused::Refused;

/// The topic in which brokers would keep the offsets of groups.
pub const OFFSETS: &str = "__consumer_offsets";

impl Cluster {
    /// The broker that coordinates a group: it leads the group's partition of [`OFFSETS`], which is made when it is
    /// first needed.
    ///
    /// # Errors
    /// Nobody does now.
    pub fn coordinator(&mut self, group: &str) -> Result<Node, Code> {
        if !self.topics.contains_key(OFFSETS) {
            self.make_offsets().map_err(|_| Code::CoordinatorNotAvailable)?;
        }
        self.coordinates(group).and_then(Partition::leader).ok_or(Code::CoordinatorNotAvailable)
    }

    /// The partition that holds a group's offsets.
    #[must_use]
    pub fn coordinates(&self, group: &str) -> Option<&Partition> {
        let partitions = &self.topics.get(OFFSETS)?.partitions;
        let hash = group.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
        let at = usize::try_from(hash & i32::MAX).ok()?.checked_rem(partitions.len())?;
        partitions.get(at)
    }

    /// Whether enough replicas are in sync to keep a group's offsets.
    ///
    /// # Errors
    /// They are not.
    pub fn enough_for_offsets(&self, group: &str) -> Result<(), Code> {
        let least = self.topic(OFFSETS).map_or(1, |topic| topic.number("min.insync.replicas", &self.settings));
        let in_sync = self.coordinates(group).map_or(0, |partition| partition.isr().len());
        let enough = i64::try_from(in_sync).is_ok_and(|count| count >= least);
        // Brokers say it so; that replicas are missing stays between them.
        if enough { Ok(()) } else { Err(Code::CoordinatorNotAvailable) }
    }

    /// Whether all in sync would keep a group's offset now: none of them is gone and not missed yet.
    #[must_use]
    pub fn keeps_offsets(&self, group: &str) -> bool {
        let active = self.active();
        self.coordinates(group).is_some_and(|partition| partition.isr().iter().all(|node| active.contains(node)))
    }

    fn make_offsets(&mut self) -> Result<(), Refused> {
        self.must_have_controller()?;
        // A small cluster is no reason to have no groups.
        let brokers = i32::try_from(self.brokers.ids().count()).unwrap_or(1);
        let factor = self.settings.number("offsets.topic.replication.factor").min(brokers);
        let placed = self.spread(0, self.settings.number("offsets.topic.num.partitions"), factor)?;
        let config = [("cleanup.policy", "compact"), ("segment.bytes", "104857600")];
        let config = config.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.make(OFFSETS.to_owned(), &placed, BTreeMap::from(config), true);
        Ok(())
    }
}
