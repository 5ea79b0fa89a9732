//! Starts a lab's holder in namespaces of its own, or finds it, and clears what a lab left behind.

use std::fs::{self, OpenOptions};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::cache::Cache;
use crate::control;
use crate::ledger::{self, Fate, LOGS, Ledger};
use crate::machine::{proc, process};

/// How long the holder may take to answer.
const ANSWER: Duration = Duration::from_secs(20);

/// How long a lab lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is ended.
    Own,
    /// No longer than this program.
    Mine,
}

/// Makes sure that the lab runs; whether it was started now. What a crashed one left is cleared first.
pub fn ensure(cache: &Cache, lab: &Path, name: &str, lifetime: Lifetime) -> Result<bool> {
    let _guard = cache.lock("launch")?;
    match answers(lab)? {
        Some(true) => return Ok(false),
        Some(false) => {
            eprintln!("clearing what lab {name} left when it crashed");
            ledger::clear(lab)?;
        }
        None => {}
    }
    if !nix::unistd::Uid::effective().is_root() {
        bail!("a lab has namespaces, mounts and control groups of its own; only root can make them");
    }
    start(cache, lab, name, lifetime)?;
    Ok(true)
}

/// Whether the lab that was noted answers, or has ended; nothing if none was. One whose server is gone is about to end,
/// and one whose command was ended while it started is about to answer.
fn answers(lab: &Path) -> Result<Option<bool>> {
    let limit = Instant::now() + ANSWER;
    while let Some(ledger) = Ledger::read(lab)? {
        match ledger.fate_now()? {
            Fate::Left => return Ok(Some(false)),
            Fate::Runs(_) if UnixStream::connect(control::socket(lab)).is_ok() => return Ok(Some(true)),
            Fate::Runs(holder) if Instant::now() > limit => {
                bail!("the lab's holder runs as {} and does not answer; `lab down` ends it", holder.pid);
            }
            Fate::Runs(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    Ok(None)
}

fn start(cache: &Cache, lab: &Path, name: &str, lifetime: Lifetime) -> Result<()> {
    let logs = lab.join(LOGS);
    if logs.exists() {
        fs::remove_dir_all(&logs).with_context(|| format!("removing {}", logs.display()))?;
    }
    fs::create_dir_all(&logs).with_context(|| format!("making {}", logs.display()))?;
    let log = logs.join("lab.log");
    let mut child = holder(name, lifetime, &log)?.spawn().context("starting unshare, of the package util-linux")?;
    let identity = proc::identify(child.id() as i32);
    note(cache, lab, &Ledger { holder: identity, boot: ledger::boot()?, ..Ledger::default() })?;
    let mut first = None;
    let limit = Instant::now() + ANSWER;
    while first.is_none() || UnixStream::connect(control::socket(lab)).is_err() {
        if first.is_none()
            && let Some(found) = child_of(child.id() as i32)
        {
            first = Some(found);
            note(cache, lab, &Ledger { holder: identity, first, boot: ledger::boot()?, ..Ledger::default() })?;
        }
        if let Some(status) = child.try_wait().context("looking at the lab's holder")? {
            bail!("the lab's holder ended with {status}:\n{}", process::tail(&log, 8));
        }
        if Instant::now() > limit {
            bail!("the lab's holder does not answer:\n{}", process::tail(&log, 8));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Writes down who holds the lab, before anything else is noted there.
fn note(cache: &Cache, lab: &Path, ledger: &Ledger) -> Result<()> {
    let _guard = cache.lock("ledgers")?;
    ledger.write(lab)
}

/// The only child of a process; `unshare` has one as soon as the namespaces are there.
fn child_of(parent: i32) -> Option<proc::Identity> {
    let all = proc::parents();
    all.iter().find(|(_, of)| **of == parent).and_then(|(pid, _)| proc::identify(*pid))
}

/// A process namespace, so that all goes when its first process goes, and a mount namespace, so that nothing of the
/// machine's folders is touched.
fn holder(name: &str, lifetime: Lifetime, log: &Path) -> Result<Command> {
    let me = std::env::current_exe().context("finding this program")?;
    let file = OpenOptions::new().create(true).append(true).open(log)?;
    let mut command = match lifetime {
        Lifetime::Own => Command::new("unshare"),
        Lifetime::Mine => {
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL", "--", "unshare"]);
            command
        }
    };
    command.args(["--pid", "--fork", "--kill-child=KILL", "--mount", "--propagation", "private", "--mount-proc", "--"]);
    command.arg(me).args(["hold", name]);
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
    Ok(command)
}

/// Ends the lab and removes all but its logs.
pub fn clear(cache: &Cache, lab: &Path) -> Result<()> {
    let _guard = cache.lock("launch")?;
    ledger::clear(lab)
}
