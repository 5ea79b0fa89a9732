//! Members of groups: they join, share out, live and leave.

use std::time::Duration;

use kafka_protocol::ResponseError as Code;
use kafka_protocol::messages as m;
use m::join_group_response::JoinGroupResponseMember;

use super::groups::must_coordinate;
use super::{Answered, Call, code, text};
use crate::kafka::state::Millis;
use crate::kafka::state::group::Joined;
use crate::kafka::state::member::Join;

/// Longer than any group takes: its own times end the waiting.
const LONG: Duration = Duration::from_secs(3600);

fn millis(time: i32) -> Millis {
    Millis::try_from(time).unwrap_or(0)
}

fn wants(request: &m::JoinGroupRequest, call: &Call<'_>) -> Join {
    let rebalance = if call.version == 0 { request.session_timeout_ms } else { request.rebalance_timeout_ms };
    Join {
        member: request.member_id.to_string(),
        client: call.client.clone(),
        host: format!("/{}", call.host),
        session: millis(request.session_timeout_ms),
        rebalance: millis(rebalance),
        sort: request.protocol_type.to_string(),
        protocols: request.protocols.iter().map(|one| (one.name.to_string(), one.metadata.clone())).collect(),
        two_steps: call.version >= 4,
    }
}

/// Joins, and waits until all have; the error comes with the member's id.
async fn joined(request: &m::JoinGroupRequest, call: &Call<'_>) -> Result<(String, Joined), (Code, String)> {
    // There is no static membership here, and a member that asks for it must not take itself for one.
    if request.group_instance_id.is_some() {
        return Err((Code::UnsupportedVersion, String::new()));
    }
    let (shared, group, node) = (&call.inside.shared, &*request.group_id, call.node());
    let member = shared.touch(|cluster, now| {
        must_coordinate(cluster, node, group).map_err(|code| (code, request.member_id.to_string()))?;
        cluster.groups.join(group, wants(request, call), now)
    })?;
    let seen = shared.until(LONG, |cluster| match cluster.groups.group(group) {
        Some(group) => group.has_joined(&member),
        None => Some(Err(Code::UnknownMemberId)),
    });
    match seen.await.unwrap_or(Err(Code::RebalanceInProgress)) {
        Ok(joined) => Ok((member, joined)),
        Err(code) => Err((code, member)),
    }
}

impl Answered for m::JoinGroupRequest {
    async fn answered(self, call: &Call<'_>) -> m::JoinGroupResponse {
        let answer = m::JoinGroupResponse::default();
        match joined(&self, call).await {
            Err((code, member)) => {
                let answer = answer.with_error_code(code.code()).with_member_id(text(member)).with_generation_id(-1);
                answer.with_protocol_name(Some(text("")))
            }
            Ok((member, joined)) => {
                let told = |(id, said): (String, _)| {
                    JoinGroupResponseMember::default().with_member_id(text(id)).with_metadata(said)
                };
                answer
                    .with_generation_id(joined.generation)
                    .with_protocol_name(Some(text(joined.protocol)))
                    .with_leader(text(joined.leader))
                    .with_member_id(text(member))
                    .with_members(joined.members.into_iter().map(told).collect())
            }
        }
    }
}

impl Answered for m::SyncGroupRequest {
    async fn answered(self, call: &Call<'_>) -> m::SyncGroupResponse {
        let (shared, node) = (&call.inside.shared, call.node());
        let (group, member, generation) = (&*self.group_id, &*self.member_id, self.generation_id);
        let shares = self.assignments.iter().map(|one| (one.member_id.to_string(), one.assignment.clone())).collect();
        let asked = shared.touch(|cluster, now| {
            must_coordinate(cluster, node, group)?;
            cluster.groups.group_mut(group)?.sync(member, generation, shares, now)
        });
        let share = match asked {
            Err(why) => Err(why),
            Ok(()) => {
                let seen = shared.until(LONG, |cluster| match cluster.groups.group(group) {
                    Some(group) => group.share(member, generation),
                    None => Some(Err(Code::UnknownMemberId)),
                });
                seen.await.unwrap_or(Err(Code::RebalanceInProgress))
            }
        };
        let answer = m::SyncGroupResponse::default().with_error_code(code(&share));
        answer.with_assignment(share.unwrap_or_default())
    }
}

impl Answered for m::HeartbeatRequest {
    async fn answered(self, call: &Call<'_>) -> m::HeartbeatResponse {
        let (group, node) = (&*self.group_id, call.node());
        let heard = call.inside.shared.touch(|cluster, now| {
            must_coordinate(cluster, node, group)?;
            cluster.groups.group_mut(group)?.heartbeat(&self.member_id, self.generation_id, now)
        });
        m::HeartbeatResponse::default().with_error_code(code(&heard))
    }
}

impl Answered for m::LeaveGroupRequest {
    async fn answered(self, call: &Call<'_>) -> m::LeaveGroupResponse {
        let (group, node) = (&*self.group_id, call.node());
        let left = call.inside.shared.touch(|cluster, now| {
            must_coordinate(cluster, node, group)?;
            cluster.groups.group_mut(group)?.leave(&self.member_id, now)
        });
        m::LeaveGroupResponse::default().with_error_code(code(&left))
    }
}
