//! Topics are made, grown, set and deleted: what a controller does. Each needs one.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError as Code;

use super::Node;
use super::cluster::Cluster;
use super::partition::Partition;
use super::refused::Refused;
use super::settings;
use super::topic::{Topic, check_name, place};

/// A topic that somebody wants.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// How many partitions; none: as many as the cluster is set to.
    pub partitions: Option<i32>,
    /// How many replicas each; none: as many as the cluster is set to.
    pub replicas: Option<i16>,
    /// The brokers of each partition, instead of the two numbers.
    pub assignment: Vec<Vec<Node>>,
    /// Settings that differ from the cluster's.
    pub config: BTreeMap<String, String>,
}

impl Cluster {
    /// Makes a topic; with `only_ask` it is just said whether it could be made. Gives the brokers of each partition.
    ///
    /// # Errors
    /// It cannot be made so.
    pub fn create(&mut self, wanted: &Wanted, only_ask: bool) -> Result<Vec<Vec<Node>>, Refused> {
        self.must_have_controller()?;
        check_name(&wanted.name)?;
        self.must_be_new(&wanted.name)?;
        settings::check(&wanted.config)?;
        let placed = self.placed(wanted)?;
        if !only_ask {
            self.make(wanted.name.clone(), &placed, wanted.config.clone(), false);
        }
        Ok(placed)
    }

    fn must_be_new(&self, name: &str) -> Result<(), Refused> {
        if self.topics.contains_key(name) {
            return Err(Refused::new(Code::TopicAlreadyExists, format!("Topic '{name}' already exists.")));
        }
        let plain = |name: &str| name.replace('.', "_");
        match self.topics.keys().find(|other| plain(other) == plain(name)) {
            Some(other) => {
                let why = format!("Topic '{name}' collides with existing topic: {other}");
                Err(Refused::new(Code::InvalidTopicException, why))
            }
            None => Ok(()),
        }
    }

    pub(super) fn make(
        &mut self,
        name: String,
        placed: &[Vec<Node>],
        config: BTreeMap<String, String>,
        internal: bool,
    ) {
        let (id, active) = (self.next_id(), self.active());
        let partitions = placed.iter().map(|nodes| Partition::new(nodes.clone(), &active)).collect();
        self.topics.insert(name, Topic { id, internal, config, partitions });
    }

    pub(super) fn must_have_controller(&self) -> Result<(), Refused> {
        match self.brokers.controller() {
            Some(_) => Ok(()),
            None => Err(Refused::new(Code::RequestTimedOut, "there is no controller: a majority of brokers is down")),
        }
    }

    /// Where the partitions of a wanted topic go.
    fn placed(&self, wanted: &Wanted) -> Result<Vec<Vec<Node>>, Refused> {
        if !wanted.assignment.is_empty() {
            if wanted.partitions.is_some() || wanted.replicas.is_some() {
                let why = "numbers and an assignment were both given";
                return Err(Refused::new(Code::InvalidRequest, why));
            }
            self.check_assignment(&wanted.assignment)?;
            return Ok(wanted.assignment.clone());
        }
        let count = wanted.partitions.unwrap_or_else(|| self.settings.number("num.partitions"));
        let factor = wanted.replicas.map_or_else(|| self.settings.number("default.replication.factor"), i32::from);
        if count < 1 {
            let why = "Number of partitions was set to an invalid non-positive value.";
            return Err(Refused::new(Code::InvalidPartitions, why));
        }
        self.spread(0, count, factor)
    }

    pub(super) fn spread(&self, first: i32, count: i32, factor: i32) -> Result<Vec<Vec<Node>>, Refused> {
        let (all, active): (Vec<Node>, _) = (self.brokers.ids().collect(), self.active());
        let size = |value: i32| usize::try_from(value).unwrap_or(0);
        let refused = |why: String| Err(Refused::new(Code::InvalidReplicationFactor, why));
        if factor < 1 {
            return refused("Replication factor must be larger than 0, or -1 to use the default value.".into());
        }
        if size(factor) > all.len() {
            return refused(format!(
                "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot \
                 be reached because only {} broker(s) are registered.",
                all.len()
            ));
        }
        if active.is_empty() {
            return refused("All brokers are currently fenced.".into());
        }
        Ok(place(size(first), size(count), size(factor), &all, &active))
    }

    fn check_assignment(&self, assignment: &[Vec<Node>]) -> Result<(), Refused> {
        let known: BTreeSet<Node> = self.brokers.ids().collect();
        let sound = |nodes: &Vec<Node>| {
            let distinct: BTreeSet<Node> = nodes.iter().copied().collect();
            !nodes.is_empty() && distinct.len() == nodes.len() && distinct.is_subset(&known)
        };
        match assignment.iter().all(sound) {
            true => Ok(()),
            false => Err(Refused::new(Code::InvalidReplicaAssignment, "each partition needs known, distinct brokers")),
        }
    }

    /// Deletes a topic, and what groups have committed of it.
    ///
    /// # Errors
    /// There is none, or it may not be.
    pub fn delete(&mut self, name: &str) -> Result<(), Refused> {
        self.must_have_controller()?;
        if self.topics.remove(name).is_none() {
            return Err(Refused::new(Code::UnknownTopicOrPartition, format!("Topic '{name}' does not exist.")));
        }
        self.groups.forget_topic(name);
        Ok(())
    }

    /// Gives a topic more partitions, so that it has `count`.
    ///
    /// # Errors
    /// It has so many, or they cannot be placed.
    pub fn grow(
        &mut self,
        name: &str,
        count: i32,
        assignment: Option<&[Vec<Node>]>,
        only_ask: bool,
    ) -> Result<(), Refused> {
        self.must_have_controller()?;
        let topic = self.topic(name).map_err(|code| Refused::new(code, format!("Topic '{name}' does not exist.")))?;
        let has = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        if count <= has {
            let why = format!("The topic {name} currently has {has} partition(s); {count} would not be an increase.");
            return Err(Refused::new(Code::InvalidPartitions, why));
        }
        let factor = topic.partitions.first().map_or(1, |partition| partition.replicas().len());
        let placed = match assignment {
            Some(given) if i32::try_from(given.len()) == Ok(count - has) => {
                self.check_assignment(given)?;
                given.to_vec()
            }
            Some(_) => {
                let why = format!("an assignment of {} partitions is wanted", count - has);
                return Err(Refused::new(Code::InvalidReplicaAssignment, why));
            }
            None => self.spread(has, count, i32::try_from(factor).unwrap_or(1))?,
        };
        let active = self.active();
        if let Some(topic) = self.topics.get_mut(name).filter(|_| !only_ask) {
            topic.partitions.extend(placed.into_iter().map(|nodes| Partition::new(nodes, &active)));
        }
        Ok(())
    }

    /// Gives a topic other settings.
    ///
    /// # Errors
    /// There is no such topic, or a setting may not be so.
    pub fn configure(&mut self, name: &str, config: BTreeMap<String, String>, only_ask: bool) -> Result<(), Refused> {
        self.must_have_controller()?;
        self.topic(name).map_err(|code| Refused::new(code, format!("The topic '{name}' does not exist.")))?;
        settings::check(&config)?;
        if let Some(topic) = self.topics.get_mut(name).filter(|_| !only_ask) {
            topic.config = config;
        }
        Ok(())
    }
}
