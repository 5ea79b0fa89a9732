//! The stand-ins' objects say that all is well, and their APIs answer as the real ones do.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{cluster, text};
use crate::conditions::holds;
use crate::objects::Ref;
use crate::prove::Outside;
use crate::standins::{cicd, databases, network, storage};

/// A kind's object, and what makes it well.
type Well = (Ref<'static>, fn(&Value) -> bool);

const OBJECTS: [Well; 8] = [
    (Ref("ceph.rook.io/v1", "CephCluster", storage::NAMESPACE, "rook-ceph"), |o| {
        o["status"]["ceph"]["health"] == "HEALTH_OK"
    }),
    (Ref("ceph.rook.io/v1", "CephBlockPool", storage::NAMESPACE, "replicapool"), |o| o["status"]["phase"] == "Ready"),
    (Ref("postgresql.cnpg.io/v1", "Cluster", databases::NAMESPACE, "pg"), |o| {
        o["status"]["readyInstances"] == 3 && holds(o, "Ready")
    }),
    (Ref("postgresql.cnpg.io/v1", "Pooler", databases::NAMESPACE, "pg-rw"), |o| o["status"]["phase"] == "active"),
    (Ref("dragonflydb.io/v1alpha1", "Dragonfly", databases::NAMESPACE, "cache"), |o| o["status"]["phase"] == "Ready"),
    (Ref("gateway.networking.k8s.io/v1", "Gateway", network::NAMESPACE, "web"), |o| holds(o, "Programmed")),
    (Ref("cilium.io/v2", "CiliumNetworkPolicy", network::NAMESPACE, "allow-web"), |o| holds(o, "Valid")),
    (Ref("actions.github.com/v1alpha1", "AutoscalingRunnerSet", cicd::RUNNERS, "lab"), |o| {
        o["status"]["runningEphemeralRunners"] == 2
    }),
];

/// All of them.
pub async fn all(target: &Value) -> Result<String> {
    let objects = cluster(target, "infra").await?;
    for (r, well) in OBJECTS {
        let object = objects.get(r).await?.with_context(|| format!("there is no {} {}", r.1, r.3))?;
        ensure!(well(&object), "{} {} says {}", r.1, r.3, object["status"]);
    }
    let user = Outside::of(target, "standins");
    let harbor: Value = serde_json::from_str(&user.http("harbor", "http", "/api/v2.0/health", &[]).await?)?;
    ensure!(harbor["status"] == "healthy", "Harbor says {harbor}");
    let gitlab: Value = serde_json::from_str(&user.http("gitlab", "http", "/-/readiness?all=1", &[]).await?)?;
    ensure!(gitlab["db_check"][0]["status"] == "ok", "GitLab says {gitlab}");
    let basic = |key: &str| text(target, &["endpoints", "grafana", "http", "basic", key]);
    let login = format!("{}:{}", basic("user")?, basic("password")?);
    let found = user.http("grafana", "http", "/api/search?type=dash-db", &["--user", &login]).await?;
    ensure!(found.contains("dash-db"), "Grafana finds {found}");
    let refused = user.http("grafana", "http", "/api/search", &[]).await;
    ensure!(refused.is_err_and(|e| e.to_string().starts_with("401")), "Grafana lets everybody in");
    Ok(format!("{} objects are well; Harbor, GitLab and Grafana answer, and Grafana wants a user", OBJECTS.len()))
}
