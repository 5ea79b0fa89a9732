//! How the faults of `standins` show: in the statuses of objects to kubectl, in answers to curl.

use anyhow::{Result, ensure};
use futures::future::BoxFuture;
use serde_json::Value;

use super::Sign::Error;
use super::{Look, Outside, Trial};
use crate::standins::{cicd, databases, network, storage};

const PARTS: &[&str] = &["standins"];

const fn trial(fault: &'static str, look: Look, words: &'static [&'static str]) -> Trial {
    Trial { parts: PARTS, fault, at: None, look, sign: Error(words) }
}

/// All of them.
pub const TRIALS: &[Trial] = &[
    trial("ceph-osd-down", ceph, &["HEALTH_WARN"]),
    trial("ceph-quorum-lost", ceph, &["HEALTH_ERR"]),
    trial("bgp-session-down", bgp, &["active"]),
    trial("gateway-not-programmed", gateway, &["False"]),
    trial("dragonfly-without-master", dragonfly, &["Configuring"]),
    trial("runners-missing", runners, &["Pending"]),
    trial("harbor-registry-down", harbor, &["unhealthy"]),
    trial("gitlab-down", gitlab, &["502"]),
];

/// Whether a field of an object of `infra` is what it should be.
async fn field(outside: &Outside, object: &[&str], path: &str, wanted: &str) -> Result<String> {
    let user = Outside::of(&outside.target, "infra");
    let object = user.object(object).await?;
    let seen = object.pointer(path).and_then(Value::as_str).unwrap_or("nothing");
    ensure!(seen == wanted, "{path} is {seen}");
    Ok(seen.to_owned())
}

fn ceph(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    let object = ["-n", storage::NAMESPACE, "cephcluster", "rook-ceph"];
    Box::pin(async move { field(outside, &object, "/status/ceph/health", "HEALTH_OK").await })
}

fn bgp(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    let path = "/items/0/status/bgpInstances/0/peers/0/peeringState";
    Box::pin(async move { field(outside, &["ciliumbgpnodeconfigs"], path, "established").await })
}

fn gateway(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    let object = ["-n", network::NAMESPACE, "gateway", "web"];
    Box::pin(async move { field(outside, &object, "/status/conditions/1/status", "True").await })
}

fn dragonfly(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    let object = ["-n", databases::NAMESPACE, "dragonfly", "cache"];
    Box::pin(async move { field(outside, &object, "/status/phase", "Ready").await })
}

fn runners(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    let object = ["-n", cicd::RUNNERS, "autoscalingrunnerset", "lab"];
    Box::pin(async move { field(outside, &object, "/status/phase", "Running").await })
}

fn harbor(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let said = outside.http("harbor", "http", "/api/v2.0/health", &[]).await?;
        ensure!(!said.contains("unhealthy"), "{said}");
        Ok("healthy".into())
    })
}

fn gitlab(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(outside.http("gitlab", "http", "/-/readiness?all=1", &[]))
}
