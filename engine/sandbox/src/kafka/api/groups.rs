//! Groups as a whole: who coordinates them, which there are, how they stand, and their deletion.

use kafka_protocol::ResponseError as Code;
use kafka_protocol::messages as m;
use m::delete_groups_response::DeletableGroupResult;
use m::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use m::find_coordinator_response::Coordinator;
use m::list_groups_response::ListedGroup;

use super::{Answered, Call, code, text};
use crate::kafka::state::Node;
use crate::kafka::state::cluster::Cluster;
use crate::kafka::state::group::Group;
use crate::kafka::state::partition::Partition;

/// Whether a broker coordinates a group.
pub(super) fn must_coordinate(cluster: &Cluster, node: Node, group: &str) -> Result<(), Code> {
    match cluster.coordinates(group).and_then(Partition::leader) {
        Some(leader) if leader == node => Ok(()),
        _ => Err(Code::NotCoordinator),
    }
}

/// The only sort of key that has a coordinator here; 1 are transactions.
const GROUP: i8 = 0;

/// The sort of all groups here.
const SORT: &str = "classic";

impl Answered for m::FindCoordinatorRequest {
    async fn answered(self, call: &Call<'_>) -> m::FindCoordinatorResponse {
        let answer = m::FindCoordinatorResponse::default();
        if call.version >= 4 {
            let found = self.coordinator_keys.iter().map(|key| coordinator(key, self.key_type, call));
            return answer.with_coordinators(found.collect());
        }
        let found = coordinator(&self.key, self.key_type, call);
        let answer = answer.with_error_code(found.error_code).with_node_id(found.node_id);
        let answer = if call.version >= 1 { answer.with_error_message(found.error_message) } else { answer };
        answer.with_host(found.host).with_port(found.port)
    }
}

fn coordinator(key: &str, sort: i8, call: &Call<'_>) -> Coordinator {
    let found = match sort {
        GROUP if key.is_empty() => Err((Code::InvalidGroupId, "the group has no name")),
        GROUP => {
            let found = call.inside.shared.change(|cluster, _| cluster.coordinator(key));
            found.map_err(|code| (code, "no broker leads the group's partition of the offsets"))
        }
        _ => Err((Code::UnsupportedVersion, "the sandbox coordinates consumer groups only, no transactions")),
    };
    let answer = Coordinator::default().with_key(text(key));
    match found {
        Ok(node) => {
            let (host, port) = call.inside.addresses.of(node);
            answer.with_node_id(node.into()).with_host(text(host)).with_port(port)
        }
        Err((code, why)) => {
            let answer = answer.with_error_code(code.code()).with_error_message(Some(text(why)));
            answer.with_node_id((-1).into()).with_port(-1)
        }
    }
}

/// The groups that this broker coordinates.
fn own(cluster: &Cluster, node: Node) -> impl Iterator<Item = (&String, &Group)> {
    cluster.groups.groups().iter().filter(move |(name, _)| must_coordinate(cluster, node, name).is_ok())
}

impl Answered for m::ListGroupsRequest {
    async fn answered(self, call: &Call<'_>) -> m::ListGroupsResponse {
        let asked = |state: &str| {
            self.states_filter.is_empty() || self.states_filter.iter().any(|one| one.eq_ignore_ascii_case(state))
        };
        let classic =
            self.types_filter.is_empty() || self.types_filter.iter().any(|one| one.eq_ignore_ascii_case(SORT));
        let groups = call.inside.shared.look(|cluster| {
            let shown = own(cluster, call.node()).filter(|(_, group)| classic && asked(group.phase.word()));
            let one = |(name, group): (&String, &Group)| {
                let listed = ListedGroup::default().with_group_id(text(name).into());
                let listed = listed.with_protocol_type(text(&group.sort));
                let listed = if call.version >= 4 { listed.with_group_state(text(group.phase.word())) } else { listed };
                if call.version >= 5 { listed.with_group_type(text(SORT)) } else { listed }
            };
            shown.map(one).collect()
        });
        m::ListGroupsResponse::default().with_groups(groups)
    }
}

impl Answered for m::DescribeGroupsRequest {
    async fn answered(self, call: &Call<'_>) -> m::DescribeGroupsResponse {
        let groups = call.inside.shared.look(|cluster| {
            let one = |name: &m::GroupId| {
                let shown = DescribedGroup::default().with_group_id(name.clone());
                match must_coordinate(cluster, call.node(), name) {
                    Err(why) => shown.with_error_code(why.code()),
                    Ok(()) => match cluster.groups.group(name) {
                        None => shown.with_group_state(text("Dead")),
                        Some(group) => described(shown, group),
                    },
                }
            };
            self.groups.iter().map(one).collect()
        });
        m::DescribeGroupsResponse::default().with_groups(groups)
    }
}

fn described(shown: DescribedGroup, group: &Group) -> DescribedGroup {
    let one = |(id, member): (&String, &crate::kafka::state::member::Member)| {
        DescribedGroupMember::default()
            .with_member_id(text(id))
            .with_client_id(text(&member.join.client))
            .with_client_host(text(&member.join.host))
            .with_member_metadata(member.says(&group.protocol))
            .with_member_assignment(member.assignment.clone())
    };
    shown
        .with_group_state(text(group.phase.word()))
        .with_protocol_type(text(&group.sort))
        .with_protocol_data(text(&group.protocol))
        .with_members(group.members.iter().map(one).collect())
}

impl Answered for m::DeleteGroupsRequest {
    async fn answered(self, call: &Call<'_>) -> m::DeleteGroupsResponse {
        let one = |name: &m::GroupId| {
            let deleted = call.inside.shared.touch(|cluster, _| {
                must_coordinate(cluster, call.node(), name)?;
                cluster.groups.delete(name)
            });
            DeletableGroupResult::default().with_group_id(name.clone()).with_error_code(code(&deleted))
        };
        m::DeleteGroupsResponse::default().with_results(self.groups_names.iter().map(one).collect())
    }
}
