//! What a running lab leaves traces in, and whether any is left: processes, network namespaces, control groups, mounts,
//! loop devices, files. And what of the machine a lab must not change. It only reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::ledger::{self, Fate, LOGS, Ledger};
use crate::machine::cgroup;
use crate::machine::proc::{self, Identity};

/// What a lab had while it ran.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    /// Its processes.
    pub processes: BTreeSet<(i32, u64)>,
    /// Its network namespaces, by number.
    pub networks: BTreeSet<String>,
}

impl Traces {
    /// Of the lab that dies with `holder`: all processes below it, and those of pods, whose parent is its first one.
    pub fn of(holder: Identity) -> Self {
        let pids = proc::tree(&[holder.pid], &proc::parents());
        let identities = pids.iter().filter_map(|pid| proc::identify(*pid));
        let mut networks: BTreeSet<String> = pids.iter().filter_map(|pid| network(*pid)).collect();
        networks.retain(|n| Some(n) != network(std::process::id() as i32).as_ref());
        Self { processes: identities.map(|i| (i.pid, i.started)).collect(), networks }
    }

    /// Takes in others.
    pub fn add(&mut self, others: &Self) {
        self.processes.extend(&others.processes);
        self.networks.extend(others.networks.iter().cloned());
    }

    /// What is still there of a lab that has ended: in words.
    pub fn left(&self, dir: &Path, name: &str) -> Result<Vec<String>> {
        let mut left = Vec::new();
        let alive = |&(pid, started): &(i32, u64)| proc::is_there(Identity { pid, started });
        let words = |pid: i32| format!("process {pid}: {}", proc::command_line(pid));
        left.extend(self.processes.iter().filter(|p| alive(p)).map(|(pid, _)| words(*pid)));
        let pids: Vec<i32> = proc::parents().into_keys().collect();
        // with what follows it: another lab's name may begin with this one's
        let place = format!("{}/", dir.display());
        left.extend(pids.iter().filter(|pid| proc::command_line(**pid).contains(&place)).map(|pid| words(*pid)));
        let now = networks_without(&others(dir, name)?);
        left.extend(self.networks.intersection(&now).map(|n| format!("network namespace {n}")));
        left.extend(groups(name)?.into_iter().map(|g| format!("control group {}", g.display())));
        left.extend(mounts(&place)?.into_iter().map(|m| format!("mount {m}")));
        left.extend(loops(&place).into_iter().map(|l| format!("loop device {l}")));
        left.extend(files(dir)?.into_iter().map(|f| format!("file {}", f.display())));
        Ok(left)
    }
}

/// The holders of the other labs that run.
fn others(dir: &Path, name: &str) -> Result<Vec<i32>> {
    let folder = dir.parent().context("a lab's folder lies in one of all labs")?;
    let mut holders = Vec::new();
    let labs = ledger::labs(folder).into_iter().filter(|other| other != name && folder.join(other).is_dir());
    for other in labs {
        if let Some(Fate::Runs(holder)) = Ledger::read(&folder.join(other))?.map(|l| l.fate_now()).transpose()? {
            holders.push(holder.pid);
        }
    }
    Ok(holders)
}

/// The network namespaces of all processes but those below `holders`: the kernel gives the number of one that is gone to
/// the next that is made, which may be another lab's.
fn networks_without(holders: &[i32]) -> BTreeSet<String> {
    let parents = proc::parents();
    let theirs: BTreeSet<i32> = proc::tree(holders, &parents).into_iter().collect();
    parents.keys().filter(|pid| !theirs.contains(pid)).filter_map(|pid| network(*pid)).collect()
}

fn network(pid: i32) -> Option<String> {
    let link = fs::read_link(format!("/proc/{pid}/ns/net")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

/// Control groups of the lab, in any hierarchy.
fn groups(name: &str) -> Result<Vec<PathBuf>> {
    let prefix = format!("checkrun-lab-{name}-");
    let mut found = Vec::new();
    let roots: BTreeSet<PathBuf> =
        cgroup::folders("x").into_iter().filter_map(|f| f.parent().map(Path::to_owned)).collect();
    for root in roots {
        for entry in fs::read_dir(&root).with_context(|| format!("reading {}", root.display()))?.flatten() {
            // the lab beside is called NAME-by
            let entry_name = entry.file_name().to_string_lossy().into_owned();
            if entry_name.starts_with(&prefix) && !entry_name.starts_with(&format!("{prefix}by-")) {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

fn mounts(place: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string("/proc/self/mounts").context("reading /proc/self/mounts")?;
    Ok(text.lines().filter(|l| l.contains(place)).map(str::to_owned).collect())
}

fn loops(place: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir("/sys/block") else { return Vec::new() };
    let backing = entries.flatten().filter_map(|e| {
        let file = fs::read_to_string(e.path().join("loop/backing_file")).ok()?;
        file.contains(place).then(|| format!("{} on {}", e.file_name().to_string_lossy(), file.trim()))
    });
    backing.collect()
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    Ok(entries.flatten().map(|e| e.path()).filter(|p| !p.ends_with(LOGS)).collect())
}

/// What of the machine must be the same afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine(BTreeMap<String, String>);

/// Settings that the kubelet would write.
const SETTINGS: [&str; 4] = [
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/kernel/panic",
    "/proc/sys/kernel/panic_on_oops",
    "/proc/sys/net/ipv4/ip_forward",
];
/// Folders that a node's programs would write to.
const FOLDERS: [&str; 6] =
    ["/run/containerd", "/var/lib/cni", "/var/log/containers", "/var/log/pods", "/tmp/hostpath_pv", "/etc/cni"];

impl Machine {
    /// As it is now; what lies in `dir` is the lab's own business.
    pub fn look(dir: &Path) -> Result<Self> {
        let mut seen = BTreeMap::new();
        for file in SETTINGS {
            seen.insert(file.to_owned(), fs::read_to_string(file).unwrap_or_default());
        }
        for folder in FOLDERS {
            let entries = fs::read_dir(folder).map(|e| e.flatten().map(|e| e.path()).collect::<BTreeSet<_>>());
            seen.insert(folder.to_owned(), format!("{:?}", entries.unwrap_or_default()));
        }
        for (what, program, words) in [
            ("addresses", "ip", &["-o", "address"][..]),
            ("routes", "ip", &["route", "show", "table", "all"]),
            ("named namespaces", "ip", &["netns", "list"]),
            ("packet rules", "iptables-save", &[]),
        ] {
            seen.insert(what.into(), told(program, words));
        }
        let text = fs::read_to_string("/proc/self/mounts").context("reading /proc/self/mounts")?;
        let place = format!("{}/", dir.display());
        seen.insert("mounts".into(), text.lines().filter(|l| !l.contains(&place)).collect::<Vec<_>>().join("\n"));
        Ok(Self(seen))
    }

    /// What is not as it was, in words.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let differs = |(what, before): (&String, &String)| {
            let after = now.0.get(what)?;
            (after != before).then(|| format!("{what}: `{before}` became `{after}`"))
        };
        self.0.iter().filter_map(differs).collect()
    }
}

/// What a program prints, without what counts time or packets; a machine without it has nothing to compare.
fn told(program: &str, words: &[&str]) -> String {
    let Some(path) = crate::cache::tools::program(program) else { return String::new() };
    let out = Command::new(path).args(words).output().map(|o| o.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&out).into_owned();
    let steady = text.lines().filter(|l| !l.starts_with('#') && !l.starts_with(':'));
    steady.map(|l| l.split(" valid_lft").next().unwrap_or(l)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_lives_on_is_left_over_and_one_that_ended_is_not() {
        let labs = tempfile::tempdir().unwrap();
        let dir = labs.path().join("no-such-lab");
        fs::write(labs.path().join("no-lab"), "").unwrap();
        fs::create_dir_all(dir.join(LOGS)).unwrap();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let traces = Traces::of(proc::identify(child.id() as i32).unwrap());
        let left = traces.left(&dir, "no-such-lab").unwrap();
        assert!(left.iter().any(|l| l.contains("sleep 60")), "{left:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(traces.left(&dir, "no-such-lab").unwrap().is_empty());
        fs::write(dir.join("ledger.json"), "").unwrap();
        assert_eq!(traces.left(&dir, "no-such-lab").unwrap().len(), 1, "a file is left over, too");
    }

    #[test]
    fn a_change_is_named_with_both_states() {
        let machine = |value: &str| Machine(BTreeMap::from([("/proc/x".to_owned(), value.to_owned())]));
        let changes = machine("0").changes(&machine("1"));
        assert_eq!(changes, ["/proc/x: `0` became `1`"]);
        assert!(machine("0").changes(&machine("0")).is_empty());
    }
}
