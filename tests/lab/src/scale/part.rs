//! The part `scale`: kwok as a process beside `infra`, its nodes and their pods, and what can be broken.

use std::time::Duration;

use anyhow::{Result, bail};
use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use serde_json::Value;

use super::manifests::{self, MINE, NAME, NAMESPACE, NODES, PODS, node_name};
use crate::conditions;
use crate::controllers;
use crate::cx::LabCx;
use crate::machine::process::Start;
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order, Part, Running};
use crate::recipe::Recipe;
use crate::target::{Fragment, write_whole};

/// How long a thousand pods may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(400);
/// The cluster that kwok plays on.
const CLUSTER: &str = "infra";
/// The process.
const KWOK: &str = "kwok";
const WORKLOAD: Ref<'static> = Ref("apps/v1", "Deployment", NAMESPACE, NAME);

const FAULTS: [Fault; 1] = [Fault {
    name: "nodes-silent",
    seen: "the ten fake nodes say nothing more: NotReady after some 12 s, their thousand pods leave their services",
    at: None,
    passes: false,
}];

/// Nodes and pods that are only played.
pub struct Scale;

impl Part for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn about(&self) -> &'static str {
        "ten nodes and a thousand pods on infra, played by kwok"
    }

    fn needs(&self) -> &'static [&'static str] {
        &[CLUSTER]
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![controllers::kwok()]
    }

    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
        Box::pin(up(cx))
    }

    fn faults(&self) -> Vec<Fault> {
        FAULTS.to_vec()
    }

    fn inject<'a>(&'a self, cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(inject(cx, order))
    }

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, _memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(heal(cx, order))
    }
}

async fn up(cx: &LabCx) -> Result<Running> {
    let infra = cx.cluster(CLUSTER)?;
    let entry = cx.made(&controllers::kwok())?;
    let again = cx.dir()?.join("ready-again.yaml");
    write_whole(&again, manifests::READY_AGAIN.as_bytes())?;
    let start = Start::new(KWOK, entry.join(KWOK))
        .arg(format!("--kubeconfig={}", infra.kubeconfig().display()))
        .arg(format!("--config={}", entry.join("stages.yaml").display()))
        .arg(format!("--config={}", again.display()))
        .args(["--manage-all-nodes=false", "--node-lease-duration-seconds=20", "--cidr=10.200.0.0/16"])
        .arg(format!("--manage-nodes-with-annotation-selector={}={}", MINE.0, MINE.1))
        .args(["--node-ip=10.200.0.1", "--server-address=127.0.0.1:0", "--v=WARN"]);
    let kwok = cx.spawn(start.room(infra.room()))?;
    infra.objects().apply(&manifests::objects()).await?;
    let all_ready = || async {
        nodes_are(infra.objects(), "True").await?;
        infra.objects().rolled_out(WORKLOAD, LIMIT).await
    };
    cx.until("the pods of kwok", LIMIT, &[&kwok], all_ready).await?;
    let words =
        format!("scale: {NODES} nodes and {PODS} pods of infra are played by kwok: no process runs behind them");
    Ok(Running { target: Fragment::default().sentence(words), ..Running::default() })
}

/// Waits until the condition `Ready` of each node that kwok plays is `status`.
async fn nodes_are(objects: &Objects, status: &str) -> Result<()> {
    for at in 1..=NODES {
        let name = node_name(at);
        objects.until(Ref("v1", "Node", "", &name), LIMIT, |o| conditions::status(o, "Ready") == Some(status)).await?;
    }
    Ok(())
}

async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    if order.fault != "nodes-silent" {
        bail!("scale has no fault `{}`", order.fault);
    }
    cx.process(KWOK)?.end(Signal::SIGKILL, LIMIT).await?;
    nodes_are(cx.cluster(CLUSTER)?.objects(), "Unknown").await?;
    Ok(())
}

async fn heal(cx: &LabCx, order: &Order) -> Result<()> {
    if order.fault != "nodes-silent" {
        bail!("scale has no fault `{}` to heal", order.fault);
    }
    cx.process(KWOK)?.again()?;
    let infra = cx.cluster(CLUSTER)?;
    nodes_are(infra.objects(), "True").await?;
    infra.objects().until(WORKLOAD, LIMIT, |d| d["status"]["readyReplicas"] == PODS).await.map(|_| ())
}
