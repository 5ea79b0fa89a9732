//! The processes of pods seen from the machine, by the pod's UID in their control group: stopped, continued, killed,
//! weighed. It knows no part.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::machine::memory;
use crate::objects::{Objects, Ref};

/// The process ids of the pod with this UID whose program is called `program`, or all of the pod.
pub fn find(proc: &Path, uid: &str, program: Option<&str>) -> Result<Vec<i32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(proc).with_context(|| format!("reading {}", proc.display()))? {
        let dir = entry?.path();
        let Some(pid) = dir.file_name().and_then(|n| n.to_str()?.parse::<i32>().ok()) else { continue };
        // a process may end between two looks
        let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap_or_default();
        if in_pod(&read("cgroup"), uid) && program.is_none_or(|p| read("comm").trim() == p) {
            found.push(pid);
        }
    }
    Ok(found)
}

/// Whether these cgroups are of the pod: cgroupfs spells its UID as it is, systemd with underscores.
fn in_pod(cgroups: &str, uid: &str) -> bool {
    cgroups.contains(&format!("pod{uid}")) || cgroups.contains(&format!("pod{}", uid.replace('-', "_")))
}

/// What is done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It ends at once.
    Kill,
    /// It stands still.
    Stop,
    /// It goes on.
    Continue,
}

/// Sends `signal` to every process of the pod called `program`; none is an error.
pub fn signal(uid: &str, program: &str, signal: Signal) -> Result<Vec<i32>> {
    let found = find(Path::new("/proc"), uid, Some(program))?;
    if found.is_empty() {
        bail!("the pod {uid} has no process called {program}");
    }
    let name = match signal {
        Signal::Kill => "-KILL",
        Signal::Stop => "-STOP",
        Signal::Continue => "-CONT",
    };
    for pid in &found {
        let done = Command::new("/bin/kill").arg(name).arg(pid.to_string()).status();
        anyhow::ensure!(done.context("running kill")?.success(), "kill {name} {pid} failed");
    }
    Ok(found)
}

/// The UID of a pod, by its name.
pub async fn uid(objects: &Objects, namespace: &str, name: &str) -> Result<String> {
    let pod = objects.get(Ref("v1", "Pod", namespace, name)).await?;
    let pod = pod.with_context(|| format!("there is no pod {namespace}/{name}"))?;
    Ok(pod["metadata"]["uid"].as_str().context("a pod has a UID")?.to_owned())
}

/// The UID of the only pod with these labels.
pub async fn only(objects: &Objects, namespace: &str, labels: &str) -> Result<String> {
    let pods = objects.list(Ref("v1", "Pod", namespace, ""), labels).await?;
    match pods.as_slice() {
        [pod] => Ok(pod["metadata"]["uid"].as_str().context("a pod has a UID")?.to_owned()),
        other => bail!("one pod with {labels} is wanted, {} are there", other.len()),
    }
}

/// What the pods with these labels hold in memory, each by its name; nothing of what cannot be told.
pub async fn memory(objects: &Objects, namespace: &str, labels: &str) -> Vec<(String, u64)> {
    let pods = objects.list(Ref("v1", "Pod", namespace, ""), labels).await.unwrap_or_default();
    let weigh = |pod: &serde_json::Value| {
        let meta = &pod["metadata"];
        let pids = find(Path::new("/proc"), meta["uid"].as_str()?, None).ok()?;
        Some((meta["name"].as_str()?.to_owned(), memory::shares(&pids)))
    };
    pods.iter().filter_map(weigh).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pods_own_program_is_found() {
        let proc = tempfile::tempdir().unwrap();
        let add = |pid: &str, cgroup: &str, comm: &str| {
            let dir = proc.path().join(pid);
            std::fs::create_dir(&dir).unwrap();
            std::fs::write(dir.join("cgroup"), cgroup).unwrap();
            std::fs::write(dir.join("comm"), format!("{comm}\n")).unwrap();
        };
        add("10", "4:memory:/kubelab-x/kubepods/burstable/podaa-bb/cid\n", "java");
        add("11", "4:memory:/kubelab-x/kubepods/burstable/podaa-bb/cid\n", "sh");
        add("12", "4:memory:/kubelab-x/kubepods/burstable/podcc-dd/cid\n", "java");
        add("13", "0::/kubepods.slice/kubepods-podaa_bb.slice/x\n", "java");
        add("self", "podaa-bb", "java");
        let mut found = find(proc.path(), "aa-bb", Some("java")).unwrap();
        found.sort_unstable();
        assert_eq!(found, [10, 13]);
        assert_eq!(find(proc.path(), "aa-bb", None).unwrap().len(), 3);
        assert!(find(proc.path(), "ee-ff", Some("java")).unwrap().is_empty());
    }

    #[test]
    fn a_pod_without_the_program_is_an_error() {
        let e = signal("no-such-uid", "java", Signal::Stop).unwrap_err();
        assert!(e.to_string().contains("no-such-uid"), "{e}");
    }
}
