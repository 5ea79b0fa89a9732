//! How the faults of `apps` and `infra` show to kubectl and curl, on a workload that is there for it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::Sign::{Change, Error};
use super::clients::SILENT;
use super::{LIMIT, Outside, PAUSE, Trial};
use crate::cluster::recipes::BUSYBOX_IMAGE;
use crate::cluster::{site, webhook, workloads};
use crate::target::write_whole;

/// Where the workload stands.
const NAMESPACE: &str = "lab-prove";
/// The pod that is broken.
pub const POD: &str = "lab-prove/victim-0";
const SET: &str = "lab-prove/statefulset/victim";
/// An answer that takes longer is slow.
const QUICK: Duration = Duration::from_secs(2);

const BOTH: &[&str] = &["apps", "infra"];

const fn trial(fault: &'static str, at: Option<&'static str>, look: super::Look, sign: super::Sign) -> Trial {
    Trial { parts: BOTH, fault, at, look, sign }
}

/// All of them.
pub const TRIALS: &[Trial] = &[
    trial("apiserver-restart", None, started, Change),
    trial("apiserver-down", None, api, Error(&["curl: (35)", "curl: (56)"])),
    trial("apiserver-paused", None, api, Error(&["curl: (28)"])),
    trial("apiserver-slow", None, api, Error(&["the answer took"])),
    trial("apiserver-429", None, api, Error(&["429: "])),
    trial("watches-refused", None, watch, Error(&["403: "])),
    trial("node-notready", None, node, Error(&["Unknown", "False"])),
    trial("pod-deleted", Some(POD), identity, Change),
    trial("pod-killed", Some(POD), restarts, Change),
    trial("pod-paused", Some(POD), page, Error(&["curl: (28)", "503", "502", "500"])),
    trial("pod-cut", Some(POD), page, Error(&["curl: (28)", "503", "502", "500"])),
    trial("scaled-to-zero", Some(SET), replicas, Error(&["0 pods"])),
    trial("claim-pending", None, broken, Error(&["the claim claim-pending is Pending"])),
    trial("crash-loop", None, broken, Error(&["CrashLoopBackOff"])),
    trial("image-pull-failing", None, broken, Error(&["ErrImagePull", "ImagePullBackOff"])),
    trial("webhook-refusing", None, admission, Error(&[webhook::REFUSAL])),
    trial("webhook-unreachable", None, admission, Error(&["failed calling webhook"])),
];

/// Makes the workload: a web server, and a pod that says something each second.
pub async fn set_up(outside: &Outside) -> Result<()> {
    let start = Instant::now();
    // what an earlier run made may still be going
    while outside
        .kubectl(&["get", "namespace", NAMESPACE, "-o", "jsonpath={.status.phase}"])
        .await
        .is_ok_and(|p| p == "Terminating")
    {
        ensure!(start.elapsed() < LIMIT, "the namespace {NAMESPACE} does not go");
        tokio::time::sleep(PAUSE).await;
    }
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects() });
    let file = std::env::temp_dir().join(format!("lab-prove-{}-{}.json", outside.part, std::process::id()));
    write_whole(&file, list.to_string().as_bytes())?;
    let name = file.to_string_lossy();
    let applied = loop {
        match outside.kubectl(&["apply", "-f", &name]).await {
            Err(_) if start.elapsed() < LIMIT => tokio::time::sleep(PAUSE).await,
            applied => break applied,
        }
    };
    std::fs::remove_file(&file).context("removing the manifest")?;
    applied?;
    while let Err(e) = page(outside).await {
        ensure!(start.elapsed() < LIMIT, "the workload does not answer: {e:#}");
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Removes it.
pub async fn tear_down(outside: &Outside) -> Result<()> {
    outside.kubectl(&["delete", "namespace", NAMESPACE, "--wait=false"]).await.map(|_| ())
}

fn objects() -> [Value; 3] {
    let web = "mkdir -p /www; echo here >/www/index.html; trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait";
    let talk = "trap 'exit 0' TERM; while :; do echo still talking; sleep 1; done";
    let workload = |name: &str, script: &str| {
        let labels = json!({ "app": name });
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": { "name": name, "namespace": NAMESPACE },
            "spec": {
                "replicas": 1, "serviceName": name, "selector": { "matchLabels": labels },
                "template": {
                    "metadata": { "labels": labels },
                    "spec": {
                        "terminationGracePeriodSeconds": 1,
                        "containers": [{
                            "name": "main", "image": BUSYBOX_IMAGE, "command": ["/bin/sh", "-c", script],
                        }],
                    },
                },
            },
        })
    };
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
    [namespace, workload("victim", web), workload("talker", talk)]
}

fn api(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let start = Instant::now();
        outside.api("/api/v1/namespaces?limit=1").await?;
        ensure!(start.elapsed() < QUICK, "the answer took {:.1} s", start.elapsed().as_secs_f64());
        Ok("namespaces are listed".into())
    })
}

/// When the API server's process started.
fn started(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let metrics = outside.api("/metrics").await?;
        let line = metrics.lines().find(|l| l.starts_with("process_start_time_seconds "));
        Ok(line.context("the server does not say when it started")?.to_owned())
    })
}

fn watch(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        outside.api("/api/v1/namespaces?watch=true&timeoutSeconds=1").await?;
        Ok("a watch is answered".into())
    })
}

/// The node that runs pods: another part may play more of them.
fn node(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let node = outside.object(&["node", &site::node(&outside.part)]).await?;
        let conditions = node["status"]["conditions"].as_array().context("a node has conditions")?;
        let ready = conditions.iter().find(|c| c["type"] == "Ready").context("no condition Ready")?;
        ensure!(ready["status"] == "True", "Ready is {}: {}", ready["status"], ready["message"]);
        Ok("the node is Ready".into())
    })
}

async fn pod(outside: &Outside) -> Result<Value> {
    let pod = outside.object(&["-n", NAMESPACE, "pod", "victim-0"]).await?;
    let ready = pod["status"]["containerStatuses"][0]["ready"] == true;
    ensure!(ready, "the pod is not ready: {}", pod["status"]["containerStatuses"]);
    Ok(pod)
}

fn identity(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move { Ok(pod(outside).await?["metadata"]["uid"].to_string()) })
}

fn restarts(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let count = &pod(outside).await?["status"]["containerStatuses"][0]["restartCount"];
        Ok(format!("restartCount {count}"))
    })
}

/// The web server's page, through the API server.
fn page(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let told = outside.api(&format!("/api/v1/namespaces/{NAMESPACE}/pods/victim-0:8080/proxy/")).await?;
        ensure!(told.contains("here"), "the page is `{told}`");
        Ok("the pod's page is there".into())
    })
}

fn replicas(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let set = outside.object(&["-n", NAMESPACE, "statefulset", "victim"]).await?;
        let ready = set["status"]["readyReplicas"].as_u64().unwrap_or(0);
        ensure!(ready > 0, "0 pods are ready, {} are wanted", set["spec"]["replicas"]);
        Ok(format!("{ready} pods are ready"))
    })
}

/// Every claim is bound and every pod ready, in the namespace where they are not while a fault is in force.
fn broken(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let all = outside.object(&["-n", workloads::NAMESPACE, "persistentvolumeclaims,pods"]).await?;
        for object in all["items"].as_array().context("a list has items")? {
            let (name, status) = (&object["metadata"]["name"], &object["status"]);
            let name = name.as_str().unwrap_or_default();
            match object["kind"].as_str() {
                Some("PersistentVolumeClaim") if status["phase"] != "Bound" => {
                    bail!("the claim {name} is {}", status["phase"].as_str().unwrap_or_default());
                }
                Some("Pod") => {
                    let container = &status["containerStatuses"][0];
                    ensure!(container["ready"] == true, "the pod {name} is not ready: {}", container["state"]);
                }
                _ => {}
            }
        }
        Ok("nothing is broken".into())
    })
}

fn admission(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let words = ["-n", NAMESPACE, "run", "try", "--image=none", "--dry-run=server", "-o", "name"];
        let said = outside.kubectl(&words).await?;
        ensure!(!said.contains(SILENT), "{said}");
        Ok("a pod would be admitted".into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_aimed_at_is_there() {
        let names: Vec<_> = objects().iter().map(|o| o["metadata"]["name"].clone()).collect();
        assert!(names.contains(&json!("victim")) && POD.ends_with("/victim-0") && SET.ends_with("/victim"));
        assert!(objects().iter().skip(1).all(|o| o["metadata"]["namespace"] == NAMESPACE));
    }
}
