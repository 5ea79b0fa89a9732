//! One partition: who holds it, who leads it, who is in sync, and how far each of them has copied the log.
//!
//! All replicas share one log, each with an end of its own: those in sync copy at once while they and the leader run.
//! A leader is always one of those in sync, so what all of them have is never lost.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

use super::Node;
use super::batch::Batch;
use super::log::Log;
use super::producers::Producers;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The offset of its first record.
    pub base: i64,
    /// It is acknowledged when all in sync have come this far.
    pub end: i64,
    /// The leader's epoch.
    pub epoch: i32,
}

/// A partition.
#[derive(Debug)]
pub struct Partition {
    replicas: Vec<Node>,
    isr: Vec<Node>,
    leader: Option<Node>,
    epoch: i32,
    pinned: Option<Vec<Node>>,
    ends: BTreeMap<Node, i64>,
    log: Log,
    producers: Producers,
}

impl Partition {
    /// A new partition on these brokers; those that run are in sync, the first of them leads.
    #[must_use]
    pub fn new(replicas: Vec<Node>, active: &BTreeSet<Node>) -> Self {
        let isr: Vec<Node> = replicas.iter().copied().filter(|node| active.contains(node)).collect();
        let isr = if isr.is_empty() { replicas.clone() } else { isr };
        let ends = replicas.iter().map(|node| (*node, 0)).collect();
        let leader = isr.iter().copied().find(|node| active.contains(node));
        let (log, producers) = (Log::default(), Producers::default());
        Self { replicas, isr, leader, epoch: 0, pinned: None, ends, log, producers }
    }

    /// The brokers that hold it.
    #[must_use]
    pub fn replicas(&self) -> &[Node] {
        &self.replicas
    }

    /// Those of them that are in sync.
    #[must_use]
    pub fn isr(&self) -> &[Node] {
        &self.isr
    }

    /// The one that leads; none if it is offline.
    #[must_use]
    pub fn leader(&self) -> Option<Node> {
        self.leader
    }

    /// How often a leader was chosen.
    #[must_use]
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// As far as this all replicas in sync have the log; readers see no further.
    #[must_use]
    pub fn watermark(&self) -> i64 {
        let ends = self.isr.iter().filter_map(|node| self.ends.get(node)).copied();
        ends.min().unwrap_or_else(|| self.log.end())
    }

    /// Writes a batch at the leader; `lost` leaves a gap in its place.
    ///
    /// # Errors
    /// Its numbers do not follow those before.
    pub fn append(&mut self, batch: &Batch, lost: bool, active: &BTreeSet<Node>) -> Result<Appended, ResponseError> {
        let placed = |base| Appended { base, end: base + i64::from(batch.count), epoch: self.epoch };
        if let Some(stamp) = batch.stamp
            && let Some(base) = self.producers.check(stamp, batch.count)?
        {
            return Ok(placed(base));
        }
        let base = if lost { self.log.skip(batch.count) } else { self.log.append(batch, self.epoch) };
        if let Some(stamp) = batch.stamp {
            self.producers.note(stamp, batch.count, base);
        }
        let appended = Appended { base, end: self.log.end(), epoch: self.epoch };
        self.copy(active);
        Ok(appended)
    }

    /// Forgets what is before an offset; that is at most what all have.
    pub fn delete_before(&mut self, offset: i64) {
        self.log.delete_before(offset.min(self.watermark()));
    }

    /// Those in sync that run copy what the leader has, if it runs.
    pub fn copy(&mut self, active: &BTreeSet<Node>) {
        let Some(leader) = self.leader else { return };
        self.ends.insert(leader, self.log.end());
        if active.contains(&leader) {
            for node in self.isr.iter().filter(|node| active.contains(node)) {
                self.ends.insert(*node, self.log.end());
            }
        }
    }

    /// A broker is taken for dead: it is in sync no more, unless it is the last, and leads no more.
    pub fn fence(&mut self, node: Node, active: &BTreeSet<Node>) {
        if self.isr.iter().any(|other| *other != node) {
            self.isr.retain(|other| *other != node);
        }
        if self.leader == Some(node) {
            self.leader = None;
        }
        self.elect(active);
    }

    /// Chooses a leader among those in sync that run, if there is none.
    pub fn elect(&mut self, active: &BTreeSet<Node>) {
        // The first of the replicas that is in sync comes first.
        let ready = |node: &&Node| self.isr.contains(node) && active.contains(node);
        let candidate = self.replicas.iter().find(ready).copied();
        if self.leader.is_none()
            && let Some(leader) = candidate
        {
            self.leader = Some(leader);
            self.epoch += 1;
            self.cut(self.ends.get(&leader).copied().unwrap_or(0));
        }
        self.copy(active);
    }

    /// The log of a new leader is the log: what others had beyond it is gone.
    fn cut(&mut self, end: i64) {
        if end >= self.log.end() {
            return;
        }
        self.log.truncate(end);
        self.ends.values_mut().for_each(|other| *other = end.min(*other));
        self.producers = Producers::default();
        for stored in self.log.batches() {
            if let Some(stamp) = stored.batch.stamp {
                self.producers.note(stamp, stored.batch.count, stored.base);
            }
        }
    }

    /// A broker that runs has caught up: it is in sync again, unless it is held out.
    pub fn rejoin(&mut self, node: Node, active: &BTreeSet<Node>) {
        let held_out = self.pinned.as_ref().is_some_and(|pinned| !pinned.contains(&node));
        let leader_runs = self.leader.is_some_and(|leader| active.contains(&leader));
        if self.replicas.contains(&node) && active.contains(&node) && leader_runs && !held_out {
            self.isr = self.replicas.iter().copied().filter(|at| *at == node || self.isr.contains(at)).collect();
            self.copy(active);
        }
    }

    /// Holds all but these out of sync until this is taken back with none.
    ///
    /// # Errors
    /// None of them is in sync.
    pub fn pin(&mut self, pinned: Option<Vec<Node>>, active: &BTreeSet<Node>) -> Result<(), ResponseError> {
        if let Some(pinned) = &pinned {
            let isr: Vec<Node> = self.isr.iter().copied().filter(|node| pinned.contains(node)).collect();
            if isr.is_empty() {
                return Err(ResponseError::InvalidReplicaAssignment);
            }
            self.isr = isr;
            self.leader = self.leader.filter(|leader| pinned.contains(leader));
            self.elect(active);
        }
        self.pinned = pinned;
        Ok(())
    }
}
