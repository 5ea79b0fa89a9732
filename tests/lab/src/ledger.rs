//! What a lab writes down about itself, so that a later call can find it, or clean up after it when it crashed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::machine::cgroup;
use crate::machine::proc::{self, Identity};
use crate::ports::Ports;
use crate::target::write_whole;

/// How long what is killed may take to be gone.
const GONE: Duration = Duration::from_secs(20);
/// The folder that outlives its lab, for whoever asks why.
pub const LOGS: &str = "logs";

/// The notes of one lab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The process that everything of the lab dies with.
    pub holder: Option<Identity>,
    /// The first process of the lab's process namespace, the holder's child. It is gone only when all others of the
    /// namespace are, which may be some time after the holder.
    #[serde(default)]
    pub first: Option<Identity>,
    /// The boot of the machine in which the holder was started: process numbers mean nothing in another.
    pub boot: String,
    /// Control groups to remove.
    pub cgroups: BTreeSet<String>,
    /// Loopback ports that are the lab's.
    pub ports: Ports,
}

/// What a ledger means today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The lab runs, held by this process.
    Runs(Identity),
    /// Nothing of it runs; files and control groups may be left.
    Left,
}

impl Ledger {
    /// The notes in a lab's folder; none if it never started.
    pub fn read(lab: &Path) -> Result<Option<Self>> {
        let path = lab.join("ledger.json");
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map(Some).with_context(|| format!("reading {}", path.display()))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Writes the notes.
    pub fn write(&self, lab: &Path) -> Result<()> {
        write_whole(&lab.join("ledger.json"), serde_json::to_string_pretty(self)?.as_bytes())
    }

    /// Whether the lab still runs. `boot` is today's; `there` says whether that very process is there.
    pub fn fate(&self, boot: &str, there: impl Fn(Identity) -> bool) -> Fate {
        match self.holder {
            Some(holder) if self.boot == boot && there(holder) => Fate::Runs(holder),
            _ => Fate::Left,
        }
    }

    /// `fate` on this machine now.
    pub fn fate_now(&self) -> Result<Fate> {
        Ok(self.fate(&boot()?, proc::is_there))
    }
}

/// The machine's boot.
pub fn boot() -> Result<String> {
    let path = "/proc/sys/kernel/random/boot_id";
    Ok(fs::read_to_string(path).with_context(|| format!("reading {path}"))?.trim().to_owned())
}

/// The names of the labs that have a folder.
pub fn labs(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// The ports of all labs but `own` that still run.
pub fn ports_of_others(folder: &Path, own: &str) -> BTreeSet<u16> {
    let others = labs(folder).into_iter().filter(|name| name != own);
    let ledgers = others.filter_map(|name| Ledger::read(&folder.join(name)).ok().flatten());
    let live = ledgers.filter(|l| matches!(l.fate_now(), Ok(Fate::Runs(_))));
    live.flat_map(|l| l.ports.all().collect::<Vec<_>>()).collect()
}

/// Ends a lab if it runs and removes what is left of it, except its logs. The kernel ends everything that was started
/// under the holder, whatever became of its parents.
pub fn clear(lab: &Path) -> Result<()> {
    let Some(ledger) = Ledger::read(lab)? else { return Ok(()) };
    if let Fate::Runs(holder) = ledger.fate_now()? {
        end(holder)?;
    }
    if let Some(first) = ledger.first.filter(|_| boot().is_ok_and(|now| now == ledger.boot)) {
        end(first)?;
    }
    for group in &ledger.cgroups {
        cgroup::remove(group, GONE)?;
    }
    for entry in fs::read_dir(lab).with_context(|| format!("reading {}", lab.display()))? {
        let path = entry?.path();
        if !path.ends_with(LOGS) && !path.ends_with("ledger.json") {
            remove(&path)?;
        }
    }
    // last: as long as it is there, somebody can try again
    remove(&lab.join("ledger.json"))
}

/// Kills a process if it is there, and waits until it is gone.
fn end(process: Identity) -> Result<()> {
    let limit = Instant::now() + GONE;
    while proc::is_there(process) {
        // between the look and the kill it can only have ended: its number is not used again so soon
        match kill(Pid::from_raw(process.pid), Signal::SIGKILL) {
            Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
            Err(e) => return Err(e).with_context(|| format!("ending process {} of the lab", process.pid)),
        }
        if Instant::now() > limit {
            bail!("process {} was killed and is still there", process.pid);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn remove(path: &PathBuf) -> Result<()> {
    let gone = match path.is_dir() && !path.is_symlink() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    match gone {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(pid: i32) -> Ledger {
        Ledger { holder: Some(Identity { pid, started: 5 }), boot: "b".into(), ..Ledger::default() }
    }

    #[test]
    fn only_the_very_process_of_this_boot_is_the_lab() {
        let holder = Identity { pid: 7, started: 5 };
        assert_eq!(ledger(7).fate("b", |i| i == holder), Fate::Runs(holder));
        assert_eq!(ledger(7).fate("later", |_| true), Fate::Left, "numbers start anew with each boot");
        assert_eq!(ledger(7).fate("b", |_| false), Fate::Left);
        assert_eq!(Ledger::default().fate("b", |_| true), Fate::Left, "it crashed before it had a holder");
    }

    #[test]
    fn clearing_ends_the_holder_and_keeps_the_logs() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let holder = proc::identify(child.id() as i32).unwrap();
        fs::create_dir_all(dir.path().join("logs/apps")).unwrap();
        fs::create_dir_all(dir.path().join("apps/etcd")).unwrap();
        let ledger = Ledger { holder: Some(holder), boot: boot().unwrap(), ..Ledger::default() };
        ledger.write(dir.path()).unwrap();
        clear(dir.path()).unwrap();
        assert!(!child.wait().unwrap().success());
        let left: Vec<_> = labs(dir.path());
        assert_eq!(left, ["logs"]);
        clear(dir.path()).unwrap();
    }

    #[test]
    fn what_outlives_the_holder_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let first = proc::identify(child.id() as i32);
        Ledger { first, boot: boot().unwrap(), ..Ledger::default() }.write(dir.path()).unwrap();
        clear(dir.path()).unwrap();
        assert!(child.try_wait().unwrap().is_some(), "it is gone when clearing is over");
    }

    #[test]
    fn a_stranger_with_the_same_number_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let other = Identity { started: 1, ..proc::identify(child.id() as i32).unwrap() };
        Ledger { holder: Some(other), boot: boot().unwrap(), ..Ledger::default() }.write(dir.path()).unwrap();
        clear(dir.path()).unwrap();
        assert!(child.try_wait().unwrap().is_none(), "it still runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn ports_of_a_lab_that_crashed_are_free_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger { boot: boot().unwrap(), ..Ledger::default() };
        let port = ledger.ports.take("x", "api", &BTreeSet::new(), |_| true).unwrap();
        ledger.write(&dir.path().join("x")).unwrap();
        assert!(ports_of_others(dir.path(), "y").is_empty());
        ledger.holder = proc::identify(std::process::id() as i32);
        ledger.write(&dir.path().join("x")).unwrap();
        assert_eq!(ports_of_others(dir.path(), "y"), BTreeSet::from([port]));
        assert!(ports_of_others(dir.path(), "x").is_empty());
    }
}
