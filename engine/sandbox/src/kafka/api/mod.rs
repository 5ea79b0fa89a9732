//! What requests ask and answers say: each message of the protocol that brokers understand here, and a clear no to all
//! others. Knows no sockets.

mod configs;
mod fetch;
mod groups;
mod members;
mod metadata;
mod offsets;
mod produce;
mod records;
pub(super) mod sasl;
mod topics;
mod versions;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{self as m, ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

use super::net::door::Inside;
use super::state::Node;

/// What goes back.
pub(super) enum Answer {
    /// These bytes.
    Reply(Bytes),
    /// These bytes, then the connection ends.
    Last(Bytes),
    /// Nothing: the client does not want to know.
    Silence,
    /// The connection ends: the request cannot be understood.
    Close,
}

/// A client on one connection.
pub(super) struct Session {
    inside: Arc<Inside>,
    host: IpAddr,
    /// How it proves who it is; none before it says by what mechanism.
    exchange: Option<sasl::Exchange>,
    /// Whether it may ask anything.
    trusted: bool,
}

/// One request, apart from what it asks.
pub(super) struct Call<'a> {
    inside: &'a Inside,
    version: i16,
    client: String,
    host: IpAddr,
}

/// A request that is understood.
pub(super) trait Answered: Request {
    /// The answer.
    fn answered(self, call: &Call<'_>) -> impl Future<Output = Self::Response> + Send;
}

impl Call<'_> {
    fn node(&self) -> Node {
        self.inside.node
    }
}

/// A text of the protocol.
fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}

/// The protocol's number for an outcome.
fn code<T>(outcome: &Result<T, ResponseError>) -> i16 {
    outcome.as_ref().err().map_or(0, ResponseError::code)
}

impl Session {
    pub(super) fn new(inside: Arc<Inside>, host: IpAddr) -> Self {
        let trusted = inside.users.is_empty();
        Self { inside, host, exchange: None, trusted }
    }

    /// The door that it came through.
    pub(super) fn inside(&self) -> &Inside {
        &self.inside
    }

    /// Answers a request.
    pub(super) async fn answer(&mut self, mut frame: Bytes) -> Answer {
        let Some((number, version)) = peeked(&frame) else { return Answer::Close };
        let Ok(key) = ApiKey::try_from(number) else { return Answer::Close };
        let Ok(header) = RequestHeader::decode(&mut frame, key.request_header_version(version)) else {
            return Answer::Close;
        };
        if !versions::supported(key, version) {
            return versions::unsupported(key, &header).map_or(Answer::Close, Answer::Reply);
        }
        let open = matches!(key, ApiKey::ApiVersions | ApiKey::SaslHandshake | ApiKey::SaslAuthenticate);
        if !self.trusted && !open {
            return Answer::Close;
        }
        match key {
            ApiKey::SaslHandshake => self.handshake(&header, &mut frame),
            ApiKey::SaslAuthenticate => self.authenticate(&header, &mut frame),
            _ => self.asked(key, &header, frame).await.unwrap_or(Answer::Close),
        }
    }

    async fn asked(&self, key: ApiKey, header: &RequestHeader, frame: Bytes) -> Option<Answer> {
        let client = header.client_id.as_ref().map_or_else(String::new, ToString::to_string);
        let call = Call { inside: &self.inside, version: header.request_api_version, client, host: self.host };
        let bytes = match key {
            ApiKey::ApiVersions => reply::<m::ApiVersionsRequest>(&call, header, frame).await,
            ApiKey::Metadata => reply::<m::MetadataRequest>(&call, header, frame).await,
            ApiKey::DescribeCluster => reply::<m::DescribeClusterRequest>(&call, header, frame).await,
            ApiKey::Produce => return produce::produced(&call, header, frame).await,
            ApiKey::Fetch => reply::<m::FetchRequest>(&call, header, frame).await,
            ApiKey::ListOffsets => reply::<m::ListOffsetsRequest>(&call, header, frame).await,
            ApiKey::DeleteRecords => reply::<m::DeleteRecordsRequest>(&call, header, frame).await,
            ApiKey::InitProducerId => reply::<m::InitProducerIdRequest>(&call, header, frame).await,
            ApiKey::FindCoordinator => reply::<m::FindCoordinatorRequest>(&call, header, frame).await,
            ApiKey::JoinGroup => reply::<m::JoinGroupRequest>(&call, header, frame).await,
            ApiKey::SyncGroup => reply::<m::SyncGroupRequest>(&call, header, frame).await,
            ApiKey::Heartbeat => reply::<m::HeartbeatRequest>(&call, header, frame).await,
            ApiKey::LeaveGroup => reply::<m::LeaveGroupRequest>(&call, header, frame).await,
            ApiKey::OffsetCommit => reply::<m::OffsetCommitRequest>(&call, header, frame).await,
            ApiKey::OffsetFetch => reply::<m::OffsetFetchRequest>(&call, header, frame).await,
            ApiKey::OffsetDelete => reply::<m::OffsetDeleteRequest>(&call, header, frame).await,
            ApiKey::ListGroups => reply::<m::ListGroupsRequest>(&call, header, frame).await,
            ApiKey::DescribeGroups => reply::<m::DescribeGroupsRequest>(&call, header, frame).await,
            ApiKey::DeleteGroups => reply::<m::DeleteGroupsRequest>(&call, header, frame).await,
            ApiKey::CreateTopics => reply::<m::CreateTopicsRequest>(&call, header, frame).await,
            ApiKey::DeleteTopics => reply::<m::DeleteTopicsRequest>(&call, header, frame).await,
            ApiKey::CreatePartitions => reply::<m::CreatePartitionsRequest>(&call, header, frame).await,
            ApiKey::DescribeConfigs => reply::<m::DescribeConfigsRequest>(&call, header, frame).await,
            ApiKey::AlterConfigs => reply::<m::AlterConfigsRequest>(&call, header, frame).await,
            ApiKey::IncrementalAlterConfigs => reply::<m::IncrementalAlterConfigsRequest>(&call, header, frame).await,
            _ => None,
        };
        bytes.map(Answer::Reply)
    }
}

/// The number and version of what a frame asks.
fn peeked(frame: &Bytes) -> Option<(i16, i16)> {
    let mut head = frame.get(..8)?;
    Some((head.get_i16(), head.get_i16()))
}

/// Reads a request, answers it, writes the answer; none if it cannot be read.
async fn reply<R: Answered>(call: &Call<'_>, header: &RequestHeader, mut frame: Bytes) -> Option<Bytes> {
    let request = R::decode(&mut frame, call.version).ok()?;
    written(header, call.version, &request.answered(call).await)
}

/// An answer as bytes.
fn written<A: Encodable + HeaderVersion>(header: &RequestHeader, version: i16, answer: &A) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    let head = ResponseHeader::default().with_correlation_id(header.correlation_id);
    head.encode(&mut bytes, A::header_version(version)).ok()?;
    let outcome = answer.encode(&mut bytes, version);
    debug_assert!(outcome.is_ok(), "an answer says more than its version can: {outcome:?}");
    outcome.ok().map(|()| bytes.freeze())
}
