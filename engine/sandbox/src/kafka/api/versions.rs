//! Which messages brokers understand, in which versions, and the answer to those that they do not.
//!
//! Not there, by their absence from this table: transactions, the consumer protocol of Kafka 4, share groups, ACLs,
//! quotas, reassignment, telemetry.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{self as m, ApiKey, RequestHeader};

use super::{Answered, Call, written};

/// Lowest and highest version of each. The lowest of `Produce` is 0 as real brokers say it, because librdkafka takes a
/// broker without it for one that cannot compress; those below 3 are refused all the same.
const SUPPORTED: &[(ApiKey, i16, i16)] = &[
    (ApiKey::Produce, 0, 11),
    (ApiKey::Fetch, 4, 16),
    (ApiKey::ListOffsets, 1, 7),
    (ApiKey::Metadata, 0, 12),
    (ApiKey::OffsetCommit, 2, 6),
    (ApiKey::OffsetFetch, 1, 8),
    (ApiKey::FindCoordinator, 0, 4),
    (ApiKey::JoinGroup, 0, 5),
    (ApiKey::Heartbeat, 0, 2),
    (ApiKey::LeaveGroup, 0, 2),
    (ApiKey::SyncGroup, 0, 2),
    (ApiKey::DescribeGroups, 0, 5),
    (ApiKey::ListGroups, 0, 5),
    (ApiKey::SaslHandshake, 0, 1),
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::CreateTopics, 2, 7),
    (ApiKey::DeleteTopics, 1, 6),
    (ApiKey::DeleteRecords, 0, 2),
    (ApiKey::InitProducerId, 0, 4),
    (ApiKey::DescribeConfigs, 1, 4),
    (ApiKey::AlterConfigs, 0, 2),
    (ApiKey::SaslAuthenticate, 0, 2),
    (ApiKey::CreatePartitions, 0, 3),
    (ApiKey::DeleteGroups, 0, 2),
    (ApiKey::IncrementalAlterConfigs, 0, 1),
    (ApiKey::OffsetDelete, 0, 0),
    (ApiKey::DescribeCluster, 0, 2),
];

/// Whether a message is understood in this version.
pub(super) fn supported(key: ApiKey, version: i16) -> bool {
    let known = SUPPORTED.iter().any(|(known, low, high)| *known == key && (*low..=*high).contains(&version));
    let decodes = key.valid_versions();
    known && (decodes.min..=decodes.max).contains(&version)
}

fn listed() -> Vec<m::api_versions_response::ApiVersion> {
    let one = |(key, low, high): &(ApiKey, i16, i16)| {
        let listed = m::api_versions_response::ApiVersion::default();
        listed.with_api_key(*key as i16).with_min_version(*low).with_max_version(*high)
    };
    SUPPORTED.iter().map(one).collect()
}

impl Answered for m::ApiVersionsRequest {
    async fn answered(self, _: &Call<'_>) -> m::ApiVersionsResponse {
        m::ApiVersionsResponse::default().with_api_keys(listed())
    }
}

/// The answer to a message that is not understood, where the protocol has a place for it. Real brokers hang up, which
/// leaves the client to guess.
pub(super) fn unsupported(key: ApiKey, header: &RequestHeader) -> Option<Bytes> {
    let (no, version) = (ResponseError::UnsupportedVersion.code(), header.request_api_version);
    macro_rules! refusal {
        ($answer:ty) => {
            written(header, version, &<$answer>::default().with_error_code(no))
        };
    }
    // A client that does not know how a new version's answer looks can read the oldest one.
    if key == ApiKey::ApiVersions {
        let answer = m::ApiVersionsResponse::default().with_error_code(no).with_api_keys(listed());
        return written(header, 0, &answer);
    }
    let decodes = key.valid_versions();
    if !(decodes.min..=decodes.max).contains(&version) {
        return None;
    }
    match key {
        ApiKey::JoinGroup => refusal!(m::JoinGroupResponse),
        ApiKey::SyncGroup => refusal!(m::SyncGroupResponse),
        ApiKey::Heartbeat => refusal!(m::HeartbeatResponse),
        ApiKey::LeaveGroup => refusal!(m::LeaveGroupResponse),
        ApiKey::AddOffsetsToTxn => refusal!(m::AddOffsetsToTxnResponse),
        ApiKey::EndTxn => refusal!(m::EndTxnResponse),
        ApiKey::DescribeAcls => refusal!(m::DescribeAclsResponse),
        ApiKey::CreateDelegationToken => refusal!(m::CreateDelegationTokenResponse),
        ApiKey::DescribeDelegationToken => refusal!(m::DescribeDelegationTokenResponse),
        ApiKey::AlterPartitionReassignments => refusal!(m::AlterPartitionReassignmentsResponse),
        ApiKey::ListPartitionReassignments => refusal!(m::ListPartitionReassignmentsResponse),
        ApiKey::DescribeClientQuotas => refusal!(m::DescribeClientQuotasResponse),
        ApiKey::DescribeUserScramCredentials => refusal!(m::DescribeUserScramCredentialsResponse),
        ApiKey::DescribeQuorum => refusal!(m::DescribeQuorumResponse),
        ApiKey::ListTransactions => refusal!(m::ListTransactionsResponse),
        ApiKey::ConsumerGroupHeartbeat => refusal!(m::ConsumerGroupHeartbeatResponse),
        ApiKey::ShareGroupHeartbeat => refusal!(m::ShareGroupHeartbeatResponse),
        ApiKey::GetTelemetrySubscriptions => refusal!(m::GetTelemetrySubscriptionsResponse),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_can_be_read() {
        for (key, _, high) in SUPPORTED {
            assert!(supported(*key, *high), "{key:?} {high}");
        }
        assert!(!supported(ApiKey::Produce, 2) && !supported(ApiKey::EndTxn, 0));
    }
}
