//! Workloads that cannot become ready, each for a reason of its own: they stand in a namespace of theirs.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use super::recipes::BUSYBOX_IMAGE;
use crate::cx::LabCx;
use crate::objects::{Objects, Ref};
use crate::part::Fault;

/// Where they stand.
pub const NAMESPACE: &str = "lab-broken";
/// How long one may take to show what is wrong, and to be gone.
const LIMIT: Duration = Duration::from_secs(120);

const fn fault(name: &'static str, seen: &'static str) -> Fault {
    Fault { name, seen, at: None, passes: false }
}

/// What can be asked for; each fault's name is its workload's.
pub const FAULTS: [Fault; 3] = [
    fault("claim-pending", "the claim lab-broken/claim-pending stays Pending, and so does its Deployment's pod"),
    fault("crash-loop", "the Deployment lab-broken/crash-loop has no ready pod: CrashLoopBackOff, restartCount grows"),
    fault("image-pull-failing", "the Deployment lab-broken/image-pull-failing has no ready pod: ErrImagePull"),
];

/// Whether this fault is one of these.
pub fn has(name: &str) -> bool {
    FAULTS.iter().any(|f| f.name == name)
}

/// Makes the workload and returns once it shows what is wrong.
pub async fn make(cx: &LabCx, objects: &Objects, name: &str) -> Result<()> {
    objects.apply(&all(name)).await?;
    cx.until("the broken workload", LIMIT, &[], || shows(objects, name)).await
}

async fn shows(objects: &Objects, name: &str) -> Result<()> {
    let pods = objects.list(Ref("v1", "Pod", NAMESPACE, ""), &format!("app={name}")).await?;
    let said: String = pods.iter().map(|pod| pod["status"].to_string()).collect();
    let wanted = match name {
        "claim-pending" => "Unschedulable",
        "crash-loop" => "CrashLoopBackOff",
        _ => "ErrImagePull",
    };
    ensure!(said.contains(wanted) || (name == "image-pull-failing" && said.contains("ImagePullBackOff")), "{said}");
    Ok(())
}

/// Removes the workload and returns once its pods are gone.
pub async fn remove(cx: &LabCx, objects: &Objects, name: &str) -> Result<()> {
    for object in all(name).iter().skip(1) {
        objects.delete(Ref::of(object)).await?;
    }
    let gone = || async {
        let left = objects.list(Ref("v1", "Pod", NAMESPACE, ""), &format!("app={name}")).await?.len();
        let claim = objects.get(Ref("v1", "PersistentVolumeClaim", NAMESPACE, name)).await?;
        if left > 0 || claim.is_some() {
            bail!("{left} pods are left, and the claim: {}", claim.is_some());
        }
        Ok(())
    };
    cx.until("the broken workload to be gone", LIMIT, &[], gone).await
}

/// The namespace first, then what is the workload's.
fn all(name: &str) -> Vec<Value> {
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
    let mut out = vec![namespace];
    let mut deployment = deployment(name, BUSYBOX_IMAGE, "trap 'exit 0' TERM; while :; do sleep 0.2; done");
    let pod = &mut deployment["spec"]["template"]["spec"];
    match name {
        "claim-pending" => {
            out.push(claim(name));
            pod["volumes"] = json!([{ "name": "data", "persistentVolumeClaim": { "claimName": name } }]);
            pod["containers"][0]["volumeMounts"] = json!([{ "name": "data", "mountPath": "/data" }]);
        }
        "crash-loop" => {
            let script = "echo cannot start: the configuration is missing; exit 1";
            pod["containers"][0]["command"] = json!(["/bin/sh", "-c", script]);
        }
        _ => pod["containers"][0]["image"] = json!("lab.local/no-such-image:1"),
    }
    out.push(deployment);
    out
}

fn claim(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": {
            "storageClassName": "no-such-class", "accessModes": ["ReadWriteOnce"],
            "resources": { "requests": { "storage": "1Mi" } },
        },
    })
}

fn deployment(name: &str, image: &str, script: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": {
            "replicas": 1, "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "containers": [{ "name": "main", "image": image, "command": ["/bin/sh", "-c", script] }],
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_workload_is_broken_in_one_way() {
        let spec = |name: &str| all(name).pop().unwrap()["spec"]["template"]["spec"].clone();
        for fault in FAULTS {
            let pod = spec(fault.name);
            assert_eq!(pod["containers"][0]["image"] != BUSYBOX_IMAGE, fault.name == "image-pull-failing");
            assert_eq!(pod["volumes"].is_array(), fault.name == "claim-pending");
            assert_eq!(pod.to_string().contains("exit 1"), fault.name == "crash-loop");
        }
        assert!(has("crash-loop") && !has("pod-killed"));
    }
}
