//! The part `standins`: definitions, objects and pods on `infra`, the process that speaks for them, and what can be broken.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::http::{APIS, DASHBOARD, GRAFANA_USER};
use super::platform::{self, GITLAB, HARBOR};
use super::serve::Site;
use super::{cicd, crds, databases, network, recipe, storage};
use crate::conditions;
use crate::cx::LabCx;
use crate::definitions;
use crate::machine::process::Start;
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order, Part, Running};
use crate::recipe::Recipe;
use crate::sql::server as sql;
use crate::target::{Fragment, write_whole};

/// How long start and mending may take.
const LIMIT: Duration = Duration::from_secs(240);
/// The cluster that has the objects.
const CLUSTER: &str = "infra";
/// The process.
const PROCESS: &str = "standins";

/// A fault takes pods away: the Deployment's namespace and name, and how many pods are left.
struct Loss {
    fault: Fault,
    namespace: &'static str,
    name: &'static str,
    left: u32,
}

const fn loss(fault: &'static str, seen: &'static str, namespace: &'static str, name: &'static str, left: u32) -> Loss {
    Loss { fault: Fault { name: fault, seen, at: None, passes: false }, namespace, name, left }
}

const LOSSES: [Loss; 8] = [
    loss(
        "ceph-osd-down",
        "CephCluster is HEALTH_WARN with OSD_DOWN, its pool is Failure",
        storage::NAMESPACE,
        "rook-ceph-osd",
        2,
    ),
    loss(
        "ceph-quorum-lost",
        "CephCluster is HEALTH_ERR: no majority of monitors",
        storage::NAMESPACE,
        "rook-ceph-mon",
        1,
    ),
    loss(
        "bgp-session-down",
        "CiliumBGPNodeConfig has a peer whose state is active instead of established",
        network::NAMESPACE,
        "router",
        0,
    ),
    loss(
        "gateway-not-programmed",
        "Gateway and its listener are not Programmed, it has no address",
        network::SYSTEM,
        "cilium-operator",
        0,
    ),
    loss(
        "dragonfly-without-master",
        "Dragonfly is Configuring: it has replicas and no master",
        databases::NAMESPACE,
        "cache-master",
        0,
    ),
    loss(
        "runners-missing",
        "AutoscalingRunnerSet is Pending with fewer runners than its least",
        cicd::RUNNERS,
        "lab-runner",
        1,
    ),
    loss(
        "harbor-registry-down",
        "Harbor's health is 200 and unhealthy: its component registry is",
        HARBOR,
        "harbor-registry",
        0,
    ),
    loss("gitlab-down", "GitLab answers 502 on every path", GITLAB, "webservice", 0),
];

/// The stand-ins.
pub struct StandIns;

impl Part for StandIns {
    fn name(&self) -> &'static str {
        "standins"
    }

    fn about(&self) -> &'static str {
        "stand-ins on infra for Rook, CloudNativePG, Dragonfly, Cilium, Gateway API, ARC, and the APIs of Fluent Bit, Grafana, Harbor, GitLab"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["apps", CLUSTER, "sql", "redis"]
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![recipe::published()]
    }

    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
        Box::pin(up(cx))
    }

    fn faults(&self) -> Vec<Fault> {
        LOSSES.iter().map(|l| l.fault).collect()
    }

    fn inject<'a>(&'a self, cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let loss = find(order)?;
            let infra = cx.cluster(CLUSTER)?;
            cx.remember(json!({ "replicas": replicas(infra.objects(), loss).await? }));
            scale(infra.objects(), loss, loss.left).await
        })
    }

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let loss = find(order)?;
            let Some(before) = memo["replicas"].as_u64() else { return Ok(()) };
            let infra = cx.cluster(CLUSTER)?;
            scale(infra.objects(), loss, u32::try_from(before)?).await?;
            infra.objects().rolled_out(loss.deployment(), LIMIT).await.map(|_| ())
        })
    }
}

impl Loss {
    const fn deployment(&self) -> Ref<'static> {
        Ref("apps/v1", "Deployment", self.namespace, self.name)
    }
}

fn find(order: &Order) -> Result<&'static Loss> {
    match LOSSES.iter().find(|l| l.fault.name == order.fault) {
        Some(loss) => Ok(loss),
        None => bail!("standins has no fault `{}`", order.fault),
    }
}

async fn replicas(objects: &Objects, loss: &Loss) -> Result<Value> {
    Ok(objects.get(loss.deployment()).await?.context("the Deployment is gone")?["spec"]["replicas"].clone())
}

/// Sets the number of pods and waits until it is so.
async fn scale(objects: &Objects, loss: &Loss, replicas: u32) -> Result<()> {
    objects.merge(loss.deployment(), &json!({ "spec": { "replicas": replicas } })).await?;
    let done = |d: &Value| d["status"]["replicas"].as_u64().unwrap_or(0) == u64::from(replicas);
    objects.until(loss.deployment(), LIMIT, done).await.map(|_| ())
}

async fn up(cx: &LabCx) -> Result<Running> {
    let (infra, apps) = (cx.cluster(CLUSTER)?, cx.cluster("apps")?);
    let objects = infra.objects();
    definitions::apply(objects, &cx.made(&recipe::published())?).await?;
    objects.apply(&crds::all()).await?;
    definitions::established(objects, &crds::all()).await?;
    objects.apply(&platform::objects()).await?;
    let node = infra.site().node();
    let custom = [storage::objects(), databases::objects(), network::objects(&node), cicd::objects()].concat();
    // the server may take a moment until it serves what it has just been told of
    cx.until("the objects", LIMIT, &[], || objects.apply(&custom)).await?;
    apps.objects().apply(&[dashboard()]).await?;
    let ports: Vec<u16> = APIS.iter().map(|api| cx.port(api.name)).collect::<Result<_>>()?;
    let config = cx.dir()?.join("site.json");
    write_whole(&config, serde_json::to_string(&site(cx, ports.clone())?)?.as_bytes())?;
    let own = std::env::current_exe().context("this program has a path")?;
    let process = cx.spawn(Start::new(PROCESS, own).args(["inside", "standins"]).arg(&config))?;
    for workload in platform::workloads() {
        objects.rolled_out(Ref::of(&workload), LIMIT).await?;
    }
    cx.until("the stand-ins", LIMIT, &[&process], || well(objects)).await?;
    Ok(Running { target: tell(&ports), ..Running::default() })
}

/// Where database and cache are, as their parts have it.
fn site(cx: &LabCx, ports: Vec<u16>) -> Result<Site> {
    let database = sql::Site::of(&cx.of("sql"))?;
    let url = format!("postgresql://{}:{}@127.0.0.1:{}/{}", sql::USER, sql::PASSWORD, database.postgres, sql::DATABASE);
    let programs = cx.made(&crate::sql::recipe::programs())?;
    Ok(Site {
        infra: cx.cluster(CLUSTER)?.kubeconfig(),
        apps: cx.cluster("apps")?.kubeconfig(),
        psql: crate::sql::recipe::program(&programs, "psql")?,
        database: url,
        cache: (cx.of("redis").port("redis")?, crate::redis::part::PASSWORD.into()),
        ports,
    })
}

/// A dashboard, kept as Grafana's sidecar finds them.
fn dashboard() -> Value {
    let dashboard = json!({
        "uid": "7ddce8bf9ea7ddb5", "title": "Strimzi Kafka", "tags": ["Strimzi", "Kafka"],
        "panels": [{ "id": 1, "title": "Brokers online", "targets": [{ "expr": "count(kafka_server_replicamanager_leadercount)" }] }],
    });
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "dashboard-kafka", "namespace": "default", "labels": { DASHBOARD: "1" } },
        "data": { "strimzi-kafka.json": dashboard.to_string() },
    })
}

/// An error unless the slowest of the objects says that all is well.
async fn well(objects: &Objects) -> Result<()> {
    let get = async |r| objects.get(r).await?.context("it is gone");
    let ceph = get(Ref("ceph.rook.io/v1", "CephCluster", storage::NAMESPACE, "rook-ceph")).await?;
    let postgres = get(Ref("postgresql.cnpg.io/v1", "Cluster", databases::NAMESPACE, "pg")).await?;
    let gateway = get(Ref("gateway.networking.k8s.io/v1", "Gateway", network::NAMESPACE, "web")).await?;
    let health = &ceph["status"]["ceph"]["health"];
    match health == "HEALTH_OK" && conditions::holds(&postgres, "Ready") && conditions::holds(&gateway, "Programmed") {
        true => Ok(()),
        false => bail!("Ceph is {health}, PostgreSQL {}, the gateway {}", postgres["status"], gateway["status"]),
    }
}

fn tell(ports: &[u16]) -> Fragment {
    let mut target = Fragment::default()
        .sentence("standins: no operator of Rook, CloudNativePG, Dragonfly, Cilium, Gateway API or ARC runs; a stand-in of the lab says of their objects on infra what follows from the pods, PostgreSQL and Redis behind them, and those pods do nothing")
        .sentence("standins: Fluent Bit, Grafana, Harbor and GitLab are stand-ins of the lab that answer a few paths of their APIs");
    for (api, port) in APIS.iter().zip(ports) {
        let mut http = json!({ "url": format!("http://127.0.0.1:{port}") });
        if api.name == "grafana"
            && let Some((user, password)) = GRAFANA_USER.split_once(':')
        {
            http["basic"] = json!({ "user": user, "password": password });
        }
        target = target.endpoint(api.name, json!({ "http": http }));
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_is_one_of_the_daemons_and_leaves_fewer() {
        for loss in &LOSSES {
            let daemon = platform::DAEMONS.iter().find(|d| d.0 == loss.namespace && d.1 == loss.name);
            let daemon = daemon.unwrap_or_else(|| panic!("{} is no daemon", loss.name));
            assert!(loss.left < daemon.2, "{}", loss.fault.name);
        }
    }

    #[test]
    fn each_api_has_an_endpoint() {
        let target = tell(&[1, 2, 3, 4]);
        assert_eq!(target.endpoints.len(), APIS.len());
        assert_eq!(target.endpoints["harbor"]["http"]["url"], "http://127.0.0.1:3");
    }
}
