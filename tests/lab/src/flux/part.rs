//! The part `flux`: the lab's Git, the controllers on both clusters, and a first revision that both have applied.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::manifests::{self, NAMESPACE, Programs};
use super::{faults, fleet, recipe};
use crate::cluster::handle::Cluster;
use crate::cluster::recipes::BASE_IMAGE;
use crate::conditions;
use crate::cx::LabCx;
use crate::definitions;
use crate::git::repository::Repository;
use crate::machine::process::Start;
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order, Part, Running};
use crate::podproc;
use crate::recipe::Recipe;
use crate::target::Fragment;

/// The clusters that Flux reconciles.
pub const CLUSTERS: [&str; 2] = ["apps", "infra"];
/// How long start may take.
const LIMIT: Duration = Duration::from_secs(300);
/// Where the Git server answers inside a cluster's room, on the node's address.
const GIT_PORT: u16 = 3080;
/// The repository's folder below the server's.
const FLEET: &str = "fleet.git";

/// Flux on both clusters.
pub struct Flux;

impl Part for Flux {
    fn name(&self) -> &'static str {
        "flux"
    }

    fn about(&self) -> &'static str {
        "Flux's kustomize-, helm- and notification-controller on apps and infra, a Git server, a stand-in for its source-controller"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["apps", "infra"]
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![recipe::flux()]
    }

    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
        Box::pin(up(cx))
    }

    fn faults(&self) -> Vec<Fault> {
        faults::ALL.to_vec()
    }

    fn inject<'a>(&'a self, cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(faults::inject(cx, order))
    }

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, _memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(faults::heal(cx, order))
    }

    fn memory<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Vec<(String, u64)>> {
        Box::pin(async move {
            let mut all = cx.memory();
            for cluster in CLUSTERS.iter().filter_map(|c| cx.cluster(c).ok()) {
                let pods = podproc::memory(cluster.objects(), NAMESPACE, manifests::SELECTOR).await;
                all.extend(pods.into_iter().map(|(name, bytes)| (format!("{}/{name}", cluster.name()), bytes)));
            }
            all
        })
    }
}

async fn up(cx: &LabCx) -> Result<Running> {
    let root = root(cx)?;
    let repository = Repository::create(&root.join(FLEET))?;
    let commit = repository.commit(&fleet::files(&CLUSTERS), "The beginning")?;
    let port = cx.port("git")?;
    let own = std::env::current_exe().context("this program has a path")?;
    let serve = |name: &str, at: SocketAddr| {
        let words = ["inside".into(), "git-server".into(), at.to_string(), root.display().to_string()];
        Start::new(name, &own).args(words)
    };
    cx.spawn(serve("git", SocketAddr::from(([127, 0, 0, 1], port))))?;
    let lab = crate::inside::program(cx)?;
    for name in CLUSTERS {
        let cluster = cx.cluster(name)?;
        let at = SocketAddr::new(cluster.node_address(), GIT_PORT);
        cx.spawn(serve(&git_server(name), at).room(cluster.room()))?;
    }
    let started = CLUSTERS.map(|name| begin(cx, name, &lab));
    futures::future::try_join_all(started).await?;
    for name in CLUSTERS {
        settled(cx.cluster(name)?.objects(), &commit).await.with_context(|| format!("Flux of cluster {name}"))?;
    }
    let url = format!("http://127.0.0.1:{port}");
    let target = Fragment::default()
        .endpoint("git", json!({ "http": { "url": url } }))
        .sentence("flux: the source-controller is a stand-in of the lab that knows Git branches and tags, and charts in Git; kustomize-, helm- and notification-controller are Flux's own");
    let mut running = Running { target, ..Running::default() };
    running.env.insert("LAB_FLUX_GIT".into(), format!("{url}/{FLEET}"));
    Ok(running)
}

/// The folder of the repositories.
fn root(cx: &LabCx) -> Result<PathBuf> {
    Ok(cx.dir()?.join("repositories"))
}

/// The repository, to commit to it.
pub fn repository(cx: &LabCx) -> Result<Repository> {
    Ok(Repository::at(&root(cx)?.join(FLEET)))
}

/// The process that serves Git to the pods of a cluster.
pub fn git_server(cluster: &str) -> String {
    format!("git-{cluster}")
}

/// Everything of Flux on one cluster, down to the first objects.
async fn begin(cx: &LabCx, name: &str, lab: &str) -> Result<()> {
    let (cluster, entry) = (cx.cluster(name)?, cx.made(&recipe::flux())?);
    let objects = cluster.objects();
    cluster.import(&entry.join(recipe::ARCHIVE)).await?;
    definitions::apply(objects, &entry).await?;
    let ground = objects.apply(&manifests::ground()).await?;
    let programs = Programs {
        bin: entry.display().to_string(),
        image: BASE_IMAGE.into(),
        lab: lab.into(),
        git_image: recipe::GIT_IMAGE.into(),
    };
    let address = |service: &str| address(&ground, service);
    let deployments =
        manifests::deployments(&programs, address("source-controller")?, address("notification-controller")?);
    objects.apply(&deployments).await?;
    for deployment in &deployments {
        objects.rolled_out(Ref::of(deployment), LIMIT).await?;
    }
    objects.apply(&fleet::roots(name, &url(&cluster))).await.map(|_| ())
}

fn address<'a>(applied: &'a [Value], service: &str) -> Result<&'a str> {
    let found = applied.iter().find(|o| o["kind"] == "Service" && o["metadata"]["name"] == service);
    let address = found.and_then(|o| o["spec"]["clusterIP"].as_str());
    address.with_context(|| format!("the service {service} has no address"))
}

fn url(cluster: &Cluster) -> String {
    format!("http://{}:{GIT_PORT}/{FLEET}", cluster.node_address())
}

/// Waits until everything of Flux in a cluster is ready at `commit`.
pub async fn settled(objects: &Objects, commit: &str) -> Result<()> {
    let revision = fleet::revision(commit);
    objects.until(fleet::SOURCE, LIMIT, |o| ready(o) && o["status"]["artifact"]["revision"] == *revision).await?;
    for kustomization in [fleet::ROOT_KUSTOMIZATION, fleet::DEMO_KUSTOMIZATION] {
        objects.until(kustomization, LIMIT, |o| ready(o) && o["status"]["lastAppliedRevision"] == *revision).await?;
    }
    let release = objects.until(fleet::HELM_RELEASE, LIMIT, ready).await?;
    ensure!(release["status"]["history"][0]["status"] == "deployed", "the release is {}", release["status"]);
    Ok(())
}

/// Ready, and not of an earlier generation.
pub fn ready(object: &Value) -> bool {
    object["status"]["observedGeneration"] == object["metadata"]["generation"] && conditions::holds(object, "Ready")
}
