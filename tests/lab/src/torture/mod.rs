//! Kills labs at random moments and shows that the next start cleans up: nothing of the lab is left, and nothing else
//! was touched, not even the labs that stand beside it. It works on labs of its own alone.

pub mod chance;
pub mod traces;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cache::Cache;
use crate::ledger::{Fate, Ledger};
use crate::machine::proc::{self, Identity};
use chance::Chance;
use traces::{Machine, Traces};

/// The latest moment of a kill, in lengths of a start that nobody disturbs: most fall into the start.
const LATEST: f64 = 1.5;
/// How many labs are killed side by side. None may touch another, nor the one that is left alone.
const AT_ONCE: usize = 2;
/// How long one `lab up` or `lab down` may take.
const LIMIT: Duration = Duration::from_secs(600);
/// What the lab that is left alone runs.
const BYSTANDER: &str = "web";

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    /// The command that a person typed.
    Command,
    /// The process that made the namespaces.
    Holder,
    /// The first process inside them.
    First,
    /// The lab's server.
    Server,
}

const VICTIMS: [Victim; 4] = [Victim::Command, Victim::Holder, Victim::First, Victim::Server];

/// One torture: which labs, which parts, by which program.
pub struct Torture {
    program: PathBuf,
    cache: Cache,
    name: String,
    parts: Vec<String>,
}

impl Torture {
    /// Of labs whose names begin with `name`; none may be up.
    pub fn new(cache: &Cache, name: &str, parts: &[String]) -> Result<Self> {
        let program = std::env::current_exe().context("finding this program")?;
        let torture = Self { program, cache: cache.clone(), name: name.into(), parts: parts.to_vec() };
        for lab in torture.labs().chain([torture.bystander()]) {
            ensure!(torture.holder(&lab)?.is_none(), "lab {lab} is up; torture wants one of its own: --name NAME");
        }
        Ok(torture)
    }

    /// The labs that are killed.
    fn labs(&self) -> impl Iterator<Item = String> {
        (1..=AT_ONCE).map(|n| format!("{}-{n}", self.name))
    }

    fn bystander(&self) -> String {
        format!("{}-by", self.name)
    }

    fn dir(&self, lab: &str) -> PathBuf {
        self.cache.labs().join(lab)
    }

    /// The process that a lab dies with, while it runs.
    fn holder(&self, lab: &str) -> Result<Option<Identity>> {
        match Ledger::read(&self.dir(lab))?.map(|l| l.fate_now()).transpose()? {
            Some(Fate::Runs(holder)) => Ok(Some(holder)),
            _ => Ok(None),
        }
    }

    /// `rounds` times: up, a kill at a random moment, up again, down, and a look at what is left.
    pub fn run(&self, rounds: usize, seed: u64, show: impl FnMut(&str) + Send) -> Result<()> {
        let show = Mutex::new(show);
        let say = |line: &str| (show.lock().unwrap_or_else(PoisonError::into_inner))(line);
        say(&format!("seed {seed}"));
        self.finish(&self.bystander(), &["up", BYSTANDER])?;
        let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
            let lane = |(n, lab): (usize, String)| {
                let say = &say;
                scope.spawn(move || {
                    let outcome = self.rounds(&lab, (n..rounds).step_by(AT_ONCE), seed, say);
                    // a round that went wrong may have left its lab up
                    let down = self.finish(&lab, &["down"]);
                    outcome.and(down).with_context(|| format!("lab {lab} with seed {seed}"))
                })
            };
            let lanes: Vec<_> = self.labs().enumerate().map(lane).collect();
            let panicked = |_| Err(anyhow::anyhow!("a thread panicked"));
            lanes.into_iter().map(|lane| lane.join().unwrap_or_else(panicked)).collect()
        });
        self.finish(&self.bystander(), &["down"])?;
        outcomes.into_iter().collect()
    }

    /// The rounds of one lab. Each has chances of its own, whatever the other lab does meanwhile.
    fn rounds(&self, lab: &str, rounds: impl Iterator<Item = usize>, seed: u64, say: &impl Fn(&str)) -> Result<()> {
        let start = Instant::now();
        self.finish(lab, &up_words(&self.parts))?;
        let latest = start.elapsed().mul_f64(LATEST);
        self.finish(lab, &["down"])?;
        for round in rounds {
            let mut chance = Chance::new(seed.wrapping_add(round as u64));
            let words = self.round(lab, latest, &mut chance).with_context(|| format!("round {}", round + 1))?;
            say(&format!("{:>3}: {words}", round + 1));
        }
        Ok(())
    }

    fn round(&self, lab: &str, latest: Duration, chance: &mut Chance) -> Result<String> {
        let by = self.holder(&self.bystander())?.context("the lab beside is not up")?;
        let before = Machine::look(&self.dir(lab))?;
        let moment = latest.mul_f64(chance.fraction());
        let victim = VICTIMS[chance.below(VICTIMS.len())];
        let start = Instant::now();
        let (mut traces, killed) = self.start_and_kill(lab, moment, victim)?;
        let again = Instant::now();
        self.finish(lab, &up_words(&self.parts))?;
        let up = again.elapsed().as_secs_f64();
        let holder = self.holder(lab)?.context("the lab is not up after its second start")?;
        traces.add(&Traces::of(holder));
        ensure!(!traces.processes.is_empty(), "no process of the lab was seen");
        self.finish(lab, &["down"])?;
        let left = traces.left(&self.dir(lab), lab)?;
        ensure!(left.is_empty(), "left over: {}", left.join("; "));
        let changed = before.changes(&Machine::look(&self.dir(lab))?);
        ensure!(changed.is_empty(), "touched: {}", changed.join("; "));
        ensure!(proc::is_there(by), "the lab beside was ended");
        let all = start.elapsed().as_secs_f64();
        Ok(format!(
            "{killed} killed after {:.1} s; up again in {up:.1} s; nothing left of {} processes, {} networks ({all:.0} s)",
            moment.as_secs_f64(),
            traces.processes.len(),
            traces.networks.len(),
        ))
    }

    /// Starts the lab and kills `victim` after `moment`; what was there just before.
    fn start_and_kill(&self, lab: &str, moment: Duration, victim: Victim) -> Result<(Traces, String)> {
        let mut child = self.command(lab, &up_words(&self.parts)).spawn().context("starting lab up")?;
        let start = Instant::now();
        while start.elapsed() < moment && child.try_wait()?.is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        // before the holder is noted there is only the command
        let holder = self.holder(lab)?;
        let traces = holder.map(Traces::of).unwrap_or_default();
        let pid = holder.and_then(|h| inner(victim, h)).unwrap_or(child.id() as i32);
        let words = if pid == child.id() as i32 { "Command".into() } else { format!("{victim:?}") };
        // one that has ended by itself cannot be killed, and need not
        let victim = proc::identify(pid);
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        if pid != child.id() as i32 {
            // whoever waits for the lab must see its end, not hang
            wait(&mut child)?;
        } else {
            child.wait()?;
        }
        let limit = Instant::now() + LIMIT;
        while victim.is_some_and(proc::is_there) {
            ensure!(Instant::now() < limit, "process {pid} outlives SIGKILL");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok((traces, words))
    }

    fn command(&self, lab: &str, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--name", lab]).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn finish(&self, lab: &str, words: &[&str]) -> Result<()> {
        let mut child = self.command(lab, words).stderr(Stdio::inherit()).spawn().context("starting lab")?;
        match wait(&mut child)? {
            0 => Ok(()),
            code => bail!("lab --name {lab} {} ended with {code}", words.join(" ")),
        }
    }
}

fn up_words(parts: &[String]) -> Vec<&str> {
    std::iter::once("up").chain(parts.iter().map(String::as_str)).collect()
}

/// The exit code of a command that ends in time; one that does not is ended, and an error.
fn wait(child: &mut Child) -> Result<i32> {
    let start = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status.code().unwrap_or(-1)),
            None if start.elapsed() > LIMIT => {
                child.kill()?;
                child.wait()?;
                bail!("it did not end within {LIMIT:?}");
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// The victim's number below the holder.
fn inner(victim: Victim, holder: Identity) -> Option<i32> {
    let parents = proc::parents();
    let child = |of: i32| parents.iter().find(|(_, parent)| **parent == of).map(|(pid, _)| *pid);
    match victim {
        Victim::Command => None,
        Victim::Holder => Some(holder.pid),
        Victim::First => child(holder.pid),
        Victim::Server => child(child(holder.pid)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lab_that_is_up_is_not_tortured() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let holder = proc::identify(std::process::id() as i32);
        let ledger = Ledger { holder, boot: crate::ledger::boot().unwrap(), ..Ledger::default() };
        ledger.write(&cache.labs().join("mine-2")).unwrap();
        let error = Torture::new(&cache, "mine", &[]).err().unwrap().to_string();
        assert!(error.contains("mine-2 is up"), "{error}");
        assert!(Torture::new(&cache, "other", &[]).is_ok());
    }
}
