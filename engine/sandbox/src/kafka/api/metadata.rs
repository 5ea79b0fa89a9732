//! Who is there: brokers and topics, as the controller sees them.

use kafka_protocol::ResponseError;
use kafka_protocol::messages as m;
use m::describe_cluster_response::DescribeClusterBroker;
use m::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use uuid::Uuid;

use super::{Answered, Call, text};
use crate::kafka::state::Node;
use crate::kafka::state::cluster::Cluster;
use crate::kafka::state::partition::Partition;
use crate::kafka::state::topic::{Topic, check_name};
use crate::kafka::state::topics::Wanted;

impl Answered for m::MetadataRequest {
    async fn answered(self, call: &Call<'_>) -> m::MetadataResponse {
        make_missing(&self, call);
        call.inside.shared.look(|cluster| {
            m::MetadataResponse::default()
                .with_brokers(brokers(call, cluster))
                .with_cluster_id(Some(text(&cluster.id)))
                .with_controller_id(cluster.brokers.controller().unwrap_or(-1).into())
                .with_topics(topics(&self, call, cluster))
        })
    }
}

/// What a client wants to know of a topic: its name or its id.
type Asked = (Option<String>, Uuid);

/// Which topics are asked for; none: all.
fn asked(request: &m::MetadataRequest, version: i16) -> Option<Vec<Asked>> {
    let listed = request.topics.as_ref().filter(|listed| version > 0 || !listed.is_empty())?;
    Some(listed.iter().map(|one| (one.name.as_ref().map(|name| name.to_string()), one.topic_id)).collect())
}

/// Makes topics that are asked for, where client and brokers allow that.
fn make_missing(request: &m::MetadataRequest, call: &Call<'_>) {
    let missing = |cluster: &Cluster| -> Vec<String> {
        let allowed = cluster.settings.value("auto.create.topics.enable") == "true";
        let names = asked(request, call.version).into_iter().flatten().filter_map(|(name, _)| name);
        names.filter(|name| allowed && cluster.topic(name).is_err()).collect()
    };
    if call.version < 4 || request.allow_auto_topic_creation {
        for name in call.inside.shared.look(missing) {
            let wanted = Wanted { name, ..Wanted::default() };
            // Where it cannot be made, the answer says that it is not there.
            drop(call.inside.shared.change(|cluster, _| cluster.create(&wanted, false)));
        }
    }
}

fn topics(request: &m::MetadataRequest, call: &Call<'_>, cluster: &Cluster) -> Vec<MetadataResponseTopic> {
    let Some(asked) = asked(request, call.version) else {
        return cluster.topics().iter().map(|(name, topic)| shown(name, topic, cluster)).collect();
    };
    let one = |(name, id): Asked| {
        let known = name.clone().or_else(|| cluster.name_of(id).map(str::to_owned));
        match known.as_ref().and_then(|name| Some((name, cluster.topic(name).ok()?))) {
            Some((name, topic)) => shown(name, topic, cluster),
            None => absent(name, id, call.version),
        }
    };
    asked.into_iter().map(one).collect()
}

/// A topic that is not there.
fn absent(name: Option<String>, id: Uuid, version: i16) -> MetadataResponseTopic {
    let error = match &name {
        None => ResponseError::UnknownTopicId,
        Some(name) => check_name(name).err().map_or(ResponseError::UnknownTopicOrPartition, |why| why.code),
    };
    let named = name.or_else(|| (version < 12).then(String::new));
    let topic = MetadataResponseTopic::default().with_error_code(error.code()).with_topic_id(id);
    topic.with_name(named.map(|name| text(name).into()))
}

fn shown(name: &str, topic: &Topic, cluster: &Cluster) -> MetadataResponseTopic {
    let partitions = (0..).zip(&topic.partitions).map(|(number, partition)| one(number, partition, cluster));
    MetadataResponseTopic::default()
        .with_name(Some(text(name).into()))
        .with_topic_id(topic.id)
        .with_is_internal(topic.internal)
        .with_partitions(partitions.collect())
}

fn one(number: i32, partition: &Partition, cluster: &Cluster) -> MetadataResponsePartition {
    let ids = |nodes: &[Node]| nodes.iter().map(|node| (*node).into()).collect();
    let offline: Vec<Node> =
        partition.replicas().iter().copied().filter(|node| cluster.brokers.fenced(*node)).collect();
    let error = partition.leader().map_or(ResponseError::LeaderNotAvailable.code(), |_| 0);
    MetadataResponsePartition::default()
        .with_error_code(error)
        .with_partition_index(number)
        .with_leader_id(partition.leader().unwrap_or(-1).into())
        .with_leader_epoch(partition.epoch())
        .with_replica_nodes(ids(partition.replicas()))
        .with_isr_nodes(ids(partition.isr()))
        .with_offline_replicas(ids(&offline))
}

/// The brokers that are not taken for dead.
fn known(cluster: &Cluster) -> impl Iterator<Item = Node> {
    cluster.brokers.ids().filter(|node| !cluster.brokers.fenced(*node))
}

fn brokers(call: &Call<'_>, cluster: &Cluster) -> Vec<MetadataResponseBroker> {
    let one = |node: Node| {
        let (host, port) = call.inside.addresses.of(node);
        MetadataResponseBroker::default().with_node_id(node.into()).with_host(text(host)).with_port(port)
    };
    known(cluster).map(one).collect()
}

impl Answered for m::DescribeClusterRequest {
    async fn answered(self, call: &Call<'_>) -> m::DescribeClusterResponse {
        let one = |node: Node, fenced: bool| {
            let (host, port) = call.inside.addresses.of(node);
            let broker = DescribeClusterBroker::default().with_broker_id(node.into()).with_is_fenced(fenced);
            broker.with_host(text(host)).with_port(port)
        };
        if self.endpoint_type != 1 {
            let error = ResponseError::UnsupportedEndpointType.code();
            return m::DescribeClusterResponse::default().with_error_code(error);
        }
        call.inside.shared.look(|cluster| {
            let fenced = |node: &Node| cluster.brokers.fenced(*node);
            let shown = cluster.brokers.ids().filter(|node| self.include_fenced_brokers || !fenced(node));
            m::DescribeClusterResponse::default()
                .with_cluster_id(text(&cluster.id))
                .with_controller_id(cluster.brokers.controller().unwrap_or(-1).into())
                .with_brokers(shown.map(|node| one(node, fenced(&node))).collect())
        })
    }
}
