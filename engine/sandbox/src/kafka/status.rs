//! What can be seen of a cluster from inside the process, without a client.

use std::collections::BTreeMap;

use super::state::Node;
use super::state::brokers::Running;
use super::state::cluster::Cluster;
use super::state::topic::Topic;

/// How a cluster stands: enough to keep the status of a custom resource in step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The brokers by id.
    pub brokers: BTreeMap<Node, Broker>,
    /// The broker that answers for the controller; none if a majority is down.
    pub controller: Option<Node>,
    /// Names of all topics, without the brokers' own.
    pub topics: Vec<String>,
    /// How many partitions have no leader.
    pub offline: usize,
    /// How many partitions have fewer replicas in sync than they have replicas.
    pub under_replicated: usize,
}

/// A broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broker {
    /// What its process does.
    pub running: Running,
    /// Whether the controller takes it for dead.
    pub fenced: bool,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicStatus {
    /// Its id as clients write it.
    pub id: String,
    /// Its partitions by number.
    pub partitions: Vec<PartitionStatus>,
    /// Settings that differ from the cluster's.
    pub config: BTreeMap<String, String>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionStatus {
    /// Who leads it; none if it is offline.
    pub leader: Option<Node>,
    /// Who holds it.
    pub replicas: Vec<Node>,
    /// Who is in sync.
    pub isr: Vec<Node>,
    /// The first offset that is there.
    pub start: i64,
    /// Records below this can be read.
    pub end: i64,
}

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupStatus {
    /// What it does, as Kafka says it.
    pub state: &'static str,
    /// The ids of its members.
    pub members: Vec<String>,
    /// Committed offsets by topic and partition.
    pub committed: BTreeMap<(String, i32), i64>,
}

impl Status {
    /// How a cluster stands now.
    #[must_use]
    pub fn of(cluster: &Cluster) -> Self {
        let broker = |node: Node| {
            let running = cluster.brokers.running(node).unwrap_or(Running::Down);
            (node, Broker { running, fenced: cluster.brokers.fenced(node) })
        };
        let partitions = || cluster.topics().values().flat_map(|topic| &topic.partitions);
        let named = cluster.topics().iter().filter(|(_, topic)| !topic.internal);
        Self {
            brokers: cluster.brokers.ids().map(broker).collect(),
            controller: cluster.brokers.controller(),
            topics: named.map(|(name, _)| name.clone()).collect(),
            offline: partitions().filter(|partition| partition.leader().is_none()).count(),
            under_replicated: partitions().filter(|at| at.isr().len() < at.replicas().len()).count(),
        }
    }
}

impl TopicStatus {
    /// How a topic stands now.
    #[must_use]
    pub fn of(topic: &Topic) -> Self {
        let partitions = topic.partitions.iter().map(|partition| PartitionStatus {
            leader: partition.leader(),
            replicas: partition.replicas().to_vec(),
            isr: partition.isr().to_vec(),
            start: partition.log().start(),
            end: partition.watermark(),
        });
        Self { id: written(topic.id), partitions: partitions.collect(), config: topic.config.clone() }
    }
}

/// An id as Kafka writes it: URL-safe base64 without padding.
fn written(id: uuid::Uuid) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id.as_bytes())
}

/// How the groups stand now, by name.
pub(super) fn groups(cluster: &Cluster) -> BTreeMap<String, GroupStatus> {
    let seen = cluster.groups.groups().iter().map(|(name, group)| {
        let status = GroupStatus {
            state: group.phase.word(),
            members: group.members.keys().cloned().collect(),
            committed: group.offsets.iter().map(|(at, committed)| (at.clone(), committed.offset)).collect(),
        };
        (name.clone(), status)
    });
    seen.collect()
}
