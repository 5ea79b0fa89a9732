//! What can be broken in a cluster, and mended again: its API server, its node, a pod, a workload's size, and what
//! `workloads` and `webhook` add.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::front::{Front, Gateway};
use super::handle::Cluster;
use super::pki::Pki;
use super::{control, node, webhook, workloads};
use crate::cx::LabCx;
use crate::objects::Ref;
use crate::part::{Fault, Order};

/// How long mending may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);
/// How long a server may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// Under this name a gateway is kept while it stands.
const GATEWAY: &str = "gateway";

const POD: Option<&str> = Some("NAMESPACE/POD");

const fn fault(name: &'static str, seen: &'static str, at: Option<&'static str>, passes: bool) -> Fault {
    Fault { name, seen, at, passes }
}

/// All of them.
pub fn all() -> Vec<Fault> {
    OWN.iter().chain(&workloads::FAULTS).chain(&webhook::FAULTS).copied().collect()
}

const OWN: [Fault; 12] = [
    fault("apiserver-restart", "connections break, refusals for some seconds, then all is as before", None, true),
    fault("apiserver-down", "every request is refused: connection reset", None, false),
    fault(
        "apiserver-paused",
        "every request hangs until the client gives up; connections open all the same",
        None,
        false,
    ),
    fault("apiserver-slow", "every request from outside takes 3 s longer; nothing fails that is patient", None, false),
    fault("apiserver-429", "every request from outside is answered 429 with Retry-After", None, false),
    fault("watches-refused", "reads and changes work from outside, each watch is answered 403", None, false),
    fault(
        "node-notready",
        "after some 12 s the node is NotReady and its pods leave their services; logs and exec fail",
        None,
        false,
    ),
    fault("pod-deleted", "the pod is gone at once, without grace; its owner makes another", POD, true),
    fault("pod-killed", "the containers' processes die; the kubelet restarts them, restartCount grows", POD, true),
    fault("pod-paused", "the pod stays Running and stands still; probes time out, its connections hang", POD, false),
    fault("pod-cut", "nothing gets into or out of the pod's network; probes fail", POD, false),
    fault(
        "scaled-to-zero",
        "the workload has no pods",
        Some("NAMESPACE/deployment/NAME or NAMESPACE/statefulset/NAME"),
        false,
    ),
];

/// Breaks it.
pub async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    let cluster = cx.cluster(cx.part())?;
    match order.fault.as_str() {
        "apiserver-restart" => {
            cx.process(control::API_SERVER)?.end(Signal::SIGKILL, GRACE).await?;
            start_server(cx, &cluster).await?;
        }
        "apiserver-down" => cx.process(control::API_SERVER)?.end(Signal::SIGKILL, GRACE).await?,
        "apiserver-paused" => cx.process(control::API_SERVER)?.signal(Signal::SIGSTOP)?,
        "node-notready" => cx.process(node::KUBELET)?.end(Signal::SIGKILL, GRACE).await?,
        "apiserver-slow" => gateway(cx, &cluster, Front::Slow).await?,
        "apiserver-429" => gateway(cx, &cluster, Front::TooMany).await?,
        "watches-refused" => gateway(cx, &cluster, Front::NoWatches).await?,
        name if workloads::has(name) => workloads::make(cx, cluster.objects(), name).await?,
        name if webhook::has(name) => webhook::install(cx, &cluster, name).await?,
        "pod-deleted" => delete(&cluster, order.aim()?).await?,
        "pod-killed" => signal_pod(&cluster, order.aim()?, Signal::SIGKILL).await?,
        "pod-paused" => signal_pod(&cluster, order.aim()?, Signal::SIGSTOP).await?,
        "pod-cut" => cut(cx, &cluster, order.aim()?).await?,
        "scaled-to-zero" => scale_down(cx, &cluster, order.aim()?).await?,
        other => bail!("a cluster has no fault `{other}`"),
    }
    Ok(())
}

/// Mends it and returns once it is well.
pub async fn heal(cx: &LabCx, order: &Order, memo: &Value) -> Result<()> {
    let cluster = cx.cluster(cx.part())?;
    match order.fault.as_str() {
        "apiserver-down" => start_server(cx, &cluster).await,
        "apiserver-paused" => {
            cx.process(control::API_SERVER)?.signal(Signal::SIGCONT)?;
            control::ready(cx, cluster.site(), &[]).await.map(|_| ())
        }
        "apiserver-slow" | "apiserver-429" | "watches-refused" => {
            cx.redirect(cluster.site().api_port, cluster.room(), cluster.site().api())?;
            cx.release(GATEWAY);
            control::ready(cx, cluster.site(), &[]).await.map(|_| ())
        }
        name if workloads::has(name) => workloads::remove(cx, cluster.objects(), name).await,
        name if webhook::has(name) => webhook::uninstall(cx, &cluster).await,
        "node-notready" => {
            let kubelet = cx.process(node::KUBELET)?;
            node::in_turn(cx, || kubelet.again().map(|()| kubelet.clone())).await?;
            let ready = || node::ready(cluster.site(), cluster.objects());
            cx.until("the node to be ready again", LIMIT, &[], ready).await
        }
        "pod-paused" => match cluster.pod(order.aim()?).await {
            Ok(_) => signal_pod(&cluster, order.aim()?, Signal::SIGCONT).await,
            // it was replaced meanwhile, and the new one was never paused
            Err(_) => Ok(()),
        },
        "pod-cut" => join(&cluster, memo),
        "scaled-to-zero" => scale_back(&cluster, order.aim()?, memo).await,
        _ => Ok(()),
    }
}

/// Puts a gateway before the API server, for whoever comes from outside.
async fn gateway(cx: &LabCx, cluster: &Cluster, front: Front) -> Result<()> {
    let site = cluster.site();
    let gateway = Gateway::open(front, site, &Pki::of(site), cluster.room()).await?;
    cx.redirect(site.api_port, cx.outside(), gateway.address)?;
    cx.keep(GATEWAY, gateway);
    Ok(())
}

async fn start_server(cx: &LabCx, cluster: &Cluster) -> Result<()> {
    let server = cx.process(control::API_SERVER)?;
    server.again()?;
    control::ready(cx, cluster.site(), &[&server]).await.map(|_| ())
}

async fn delete(cluster: &Cluster, pod: &str) -> Result<()> {
    let uid = cluster.pod(pod).await?["metadata"]["uid"].clone();
    let (namespace, name) = pod.split_once('/').context("a pod is NAMESPACE/POD")?;
    let words = ["-n", namespace, "delete", "pod", name, "--grace-period=0", "--force", "--wait=false"];
    let mut command = cluster.kubectl(&words);
    let out = tokio::task::spawn_blocking(move || command.output()).await?.context("starting kubectl")?;
    if !out.status.success() {
        bail!("deleting pod {pod} ({uid}): {}", String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(())
}

async fn signal_pod(cluster: &Cluster, pod: &str, signal: Signal) -> Result<()> {
    let processes = cluster.processes(pod).await?;
    if processes.is_empty() {
        bail!("pod {pod} has no processes");
    }
    for pid in processes {
        match kill(Pid::from_raw(pid), signal) {
            // it ended between the look and the signal
            Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
            Err(e) => return Err(e).with_context(|| format!("sending {signal} to process {pid} of pod {pod}")),
        }
    }
    Ok(())
}

/// Takes down the node's end of the pod's cable; inside, routes and addresses stay.
async fn cut(cx: &LabCx, cluster: &Cluster, pod: &str) -> Result<()> {
    let address = cluster.pod(pod).await?["status"]["podIP"].as_str().unwrap_or_default().to_owned();
    let Some(pid) = cluster.processes(pod).await?.first().copied() else { bail!("pod {pod} has no processes") };
    let target = pid.to_string();
    let words = ["-t", &target, "-n", "ip", "-o", "link", "show", "eth0"];
    let shown = cluster.room().tool("nsenter", &words)?;
    let peer = peer_index(&shown).with_context(|| format!("pod {pod} ({address}) has no cable: {shown}"))?;
    let links = cluster.room().tool("ip", &["-o", "link", "show"])?;
    let cable = link_name(&links, peer).with_context(|| format!("the node has no link {peer}"))?;
    cx.remember(json!({ "cable": cable }));
    cluster.room().tool("ip", &["link", "set", &cable, "down"]).map(|_| ())
}

fn join(cluster: &Cluster, memo: &Value) -> Result<()> {
    let Some(cable) = memo["cable"].as_str() else { return Ok(()) };
    let links = cluster.room().tool("ip", &["-o", "link", "show"])?;
    if !links.contains(&format!(" {cable}@")) {
        return Ok(()); // it went with its pod
    }
    cluster.room().tool("ip", &["link", "set", cable, "up"]).map(|_| ())
}

/// The number behind `eth0@if`.
fn peer_index(shown: &str) -> Option<u32> {
    let (_, rest) = shown.split_once("eth0@if")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The name of link number `index` in what `ip -o link show` prints.
fn link_name(shown: &str, index: u32) -> Option<String> {
    let start = format!("{index}: ");
    let line = shown.lines().find_map(|l| l.strip_prefix(&start))?;
    line.split(['@', ':']).next().map(str::to_owned)
}

fn workload(aim: &str) -> Result<Ref<'_>> {
    let words: Vec<&str> = aim.split('/').collect();
    match words.as_slice() {
        [namespace, "deployment", name] => Ok(Ref("apps/v1", "Deployment", namespace, name)),
        [namespace, "statefulset", name] => Ok(Ref("apps/v1", "StatefulSet", namespace, name)),
        _ => bail!("`{aim}` is neither NAMESPACE/deployment/NAME nor NAMESPACE/statefulset/NAME"),
    }
}

async fn scale_down(cx: &LabCx, cluster: &Cluster, aim: &str) -> Result<()> {
    let workload = workload(aim)?;
    let object = cluster.objects().get(workload).await?.with_context(|| format!("there is no {aim}"))?;
    cx.remember(json!({ "replicas": object["spec"]["replicas"] }));
    cluster.objects().merge(workload, &json!({"spec": {"replicas": 0}})).await
}

async fn scale_back(cluster: &Cluster, aim: &str, memo: &Value) -> Result<()> {
    if memo.is_null() {
        return Ok(());
    }
    let workload = workload(aim)?;
    cluster.objects().merge(workload, &json!({"spec": {"replicas": memo["replicas"]}})).await?;
    cluster.objects().rolled_out(workload, LIMIT).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cable_is_found_from_the_pods_end() {
        let inside = "2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP";
        assert_eq!(peer_index(inside), Some(7));
        let node = "1: lo: <LOOPBACK,UP>\n17: vethzz@if2: <UP>\n7: veth12ab@if2: <BROADCAST,UP>\n";
        assert_eq!(link_name(node, 7).as_deref(), Some("veth12ab"));
        assert_eq!(link_name(node, 1).as_deref(), Some("lo"));
        assert_eq!(link_name(node, 3), None);
    }

    #[test]
    fn a_workload_is_named_in_full() {
        assert_eq!(workload("kafka/deployment/op").unwrap().1, "Deployment");
        assert!(workload("kafka/op").is_err() && workload("kafka/job/x").is_err());
    }
}
