//! The state of a cluster: brokers, topics, producers. Synchronous and without a clock: the time is handed in, in
//! milliseconds from any beginning, and [`Cluster::tick`] does what is due.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use uuid::Uuid;

use super::brokers::{Brokers, Due, Patience, Running};
use super::coordinator::{Coordinator, Delays};
use super::defaults::Defaults;
use super::partition::Partition;
use super::topic::Topic;
use super::{Millis, Node};

/// What a cluster is made of.
#[derive(Debug)]
pub struct Made {
    /// The cluster's id.
    pub id: String,
    /// Sets this cluster's topic ids apart from those of others.
    pub seed: u64,
    /// Its brokers.
    pub nodes: Vec<Node>,
    /// How long it waits for brokers.
    pub patience: Patience,
    /// How long groups wait.
    pub delays: Delays,
    /// Settings of all brokers.
    pub settings: Defaults,
}

/// A cluster.
#[derive(Debug)]
pub struct Cluster {
    /// Its id.
    pub id: String,
    /// Its brokers.
    pub brokers: Brokers,
    /// Its groups.
    pub groups: Coordinator,
    /// Settings of all brokers.
    pub settings: Defaults,
    /// Topics whose records vanish when they have been acknowledged; `orders-*` are all that begin so.
    pub losing: Vec<String>,
    pub(super) topics: BTreeMap<String, Topic>,
    seed: u64,
    made: u64,
    producers: i64,
}

impl Cluster {
    /// A cluster without topics whose brokers all run.
    #[must_use]
    pub fn new(made: Made) -> Self {
        Self {
            id: made.id,
            brokers: Brokers::new(&made.nodes, made.patience),
            groups: Coordinator::new(made.delays),
            settings: made.settings,
            losing: Vec::new(),
            topics: BTreeMap::new(),
            seed: made.seed,
            made: 0,
            producers: 0,
        }
    }

    /// All topics by name.
    #[must_use]
    pub fn topics(&self) -> &BTreeMap<String, Topic> {
        &self.topics
    }

    /// The topic of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn topic(&self, name: &str) -> Result<&Topic, ResponseError> {
        self.topics.get(name).ok_or(ResponseError::UnknownTopicOrPartition)
    }

    /// The name of the topic with this id.
    #[must_use]
    pub fn name_of(&self, id: Uuid) -> Option<&str> {
        self.topics.iter().find(|(_, topic)| topic.id == id).map(|(name, _)| name.as_str())
    }

    /// The partition that this broker leads.
    ///
    /// # Errors
    /// There is none, or another one leads it.
    pub fn led(&self, node: Node, topic: &str, number: i32) -> Result<&Partition, ResponseError> {
        let partition = self.topic(topic)?.partition(number)?;
        if partition.leader() == Some(node) { Ok(partition) } else { Err(ResponseError::NotLeaderOrFollower) }
    }

    /// An id for a topic that is made now.
    pub(super) fn next_id(&mut self) -> Uuid {
        self.made += 1;
        Uuid::from_u64_pair(self.seed | 1, self.made)
    }

    /// An id for an idempotent producer.
    pub fn next_producer(&mut self) -> i64 {
        self.producers += 1;
        self.producers
    }

    /// A broker stops; `orderly` shuts down, else it is missed after a while.
    pub fn stop(&mut self, node: Node, running: Running, orderly: bool, now: Millis) {
        self.brokers.stop(node, running, orderly, now);
        self.tick(now);
    }

    /// A broker runs again.
    pub fn run(&mut self, node: Node, now: Millis) {
        self.brokers.run(node);
        let active = self.brokers.active();
        // One that was not missed yet goes on where it was: it copies, or leads where it alone is in sync.
        self.each_partition(|partition| partition.elect(&active));
        self.tick(now);
    }

    /// Holds brokers out of sync; with none, lets all catch up that run.
    ///
    /// # Errors
    /// There is no such partition, or it would have nobody in sync.
    pub fn pin(
        &mut self,
        topic: &str,
        number: i32,
        pinned: Option<Vec<Node>>,
        now: Millis,
    ) -> Result<(), ResponseError> {
        let active = self.brokers.active();
        let topic = self.topics.get_mut(topic).ok_or(ResponseError::UnknownTopicOrPartition)?;
        let free = pinned.is_none();
        topic.partition_mut(number)?.pin(pinned, &active)?;
        if free {
            active.into_iter().for_each(|node| self.brokers.catch_up(node, now));
        }
        self.tick(now);
        Ok(())
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Millis) {
        for due in self.brokers.due(now) {
            let active = self.brokers.active();
            match due {
                Due::Fence(node) => self.each_partition(|partition| partition.fence(node, &active)),
                Due::Unfence(_) => self.each_partition(|partition| partition.elect(&active)),
                Due::Rejoin(node) => self.each_partition(|partition| partition.rejoin(node, &active)),
            }
        }
        self.groups.tick(now);
    }

    /// When something is due next.
    #[must_use]
    pub fn next(&self) -> Option<Millis> {
        [self.brokers.next(), self.groups.next()].into_iter().flatten().min()
    }

    fn each_partition(&mut self, mut change: impl FnMut(&mut Partition)) {
        self.topics.values_mut().flat_map(|topic| &mut topic.partitions).for_each(&mut change);
    }

    /// Those that run and are not taken for dead.
    pub(super) fn active(&self) -> BTreeSet<Node> {
        self.brokers.active()
    }
}
