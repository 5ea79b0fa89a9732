//! Plan into events: scheduling, attempts, deadlines, fixtures, journal, clean-up.

mod endpoints;
mod journal;
mod ledger;
mod life;
mod message;
mod owner;
mod planned;
mod process;
mod recover;
mod redact;
mod room;
mod scope;
mod secrets;
mod state;
mod tally;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use checkrun_lang::SecretRef;
use checkrun_model::event::Line;
use checkrun_model::kind::BoxFuture;
use checkrun_model::{Broken, Cx, KindEntry, RunFacts};
use checkrun_spec::plan::Plan;

/// Reads a key of a Secret through `cx.place.cluster`; handed in because the clients are the kinds'.
pub type SecretReader = for<'a> fn(&'a SecretRef, &'a Cx) -> BoxFuture<'a, Result<String, Broken>>;

/// The embedded world behind the target: it can tell when it has done all that it had scheduled until now, and what
/// went wrong in it.
#[derive(Clone)]
pub struct Embedded {
    settled: Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
    troubles: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
}

impl Embedded {
    /// `settled` is awaited before looks that may be the last; with any of the `troubles` nothing that was judged counts.
    pub fn new(
        settled: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static,
        troubles: impl Fn() -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        Self { settled: Arc::new(settled), troubles: Arc::new(troubles) }
    }
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Embedded")
    }
}

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Observations in flight at most.
    pub jobs: usize,
    /// For the whole run.
    pub timeout: Option<Duration>,
    /// Stop at the first check that does not pass.
    pub fail_fast: bool,
    /// A critical check that was skipped for want of permission fails the run.
    pub require_all: bool,
    /// No effect above read.
    pub read_only: bool,
    /// Folder of runs; `.checkrun/runs` by default. The run makes `<time>-<id>` in it.
    pub out: PathBuf,
    /// Version of checkrun, for the journal.
    pub version: String,
    /// Reads secrets of clusters; none: this build speaks to no cluster.
    pub secrets: Option<SecretReader>,
    /// The embedded world that the target stands for, where it is in this process.
    pub world: Option<Embedded>,
}

/// Somebody who watches the run: progress, reports. Called by the owner of the run's state, in order.
pub trait Sink: Send {
    /// A line was written to the journal.
    fn line(&mut self, line: &Line);
    /// Called a few times a second while nothing is written.
    fn tick(&mut self) {}
}

/// Asked of a running run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// End what runs, clean up. The text is what the journal says (`SIGINT`).
    Soon(&'static str),
    /// Stop at once and say what is left.
    Now,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Its folder.
    pub dir: PathBuf,
    /// Exit code: 0, 1, 2, 3, 130.
    pub exit: i32,
}

/// The program could not do its work (exit 3).
#[derive(Debug)]
pub struct RunError(pub String);

/// Runs a plan. Blocks until the run has ended and cleaned up; brings its own runtime.
///
/// # Errors
/// Where the journal cannot be written at all.
pub fn run(
    plan: Arc<Plan>,
    options: Options,
    sinks: Vec<Box<dyn Sink>>,
    stop: std::sync::mpsc::Receiver<Stop>,
) -> Result<Ended, RunError> {
    let started = jiff::Timestamp::now();
    let id = run_id();
    let dir = journal::folder(&options.out, started, &id);
    let journal = journal::Journal::create(&dir).map_err(RunError)?;
    let facts = RunFacts { id, started, read_only: options.read_only, suite_dir: plan.dir.clone() };
    on(journal, dir, facts, plan, options, sinks, stop)
}

/// Runs a plan on a journal.
fn on(
    journal: journal::Journal,
    dir: PathBuf,
    facts: RunFacts,
    plan: Arc<Plan>,
    options: Options,
    sinks: Vec<Box<dyn Sink>>,
    stop: std::sync::mpsc::Receiver<Stop>,
) -> Result<Ended, RunError> {
    let runtime = runtime().map_err(|error| RunError(format!("no threads to run checks on: {error}")))?;
    let (owner, inbox) = std::sync::mpsc::channel();
    let parts =
        room::Parts { plan, facts, dir: dir.clone(), reader: options.secrets, world: options.world.clone(), owner };
    let room = Arc::new(room::Room::new(parts));
    if let Some(why) = room.redactor.blind() {
        return Err(RunError(why.to_owned()));
    }
    let owner = owner::Owner::new(room, options, journal, sinks, inbox, stop, runtime);
    Ok(Ended { dir, exit: owner.run() })
}

/// Threads for checks. At least two: one that a kind holds must not hold the clock of the others.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).thread_name("check").enable_all().build()
}

/// 8 characters `[a-z0-9]`, random.
fn run_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = RandomState::new().hash_one(std::process::id());
    let mut digit = || {
        let digit = random % 36;
        random /= 36;
        char::from(DIGITS[usize::try_from(digit).unwrap_or(0)])
    };
    (0..8).map(|_| digit()).collect()
}

/// SHA-256 in hex, as the journal's chain has it.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    journal::line::hash(bytes)
}

/// The lines of the journal in `dir`, its chain verified; a torn last line is left out.
///
/// # Errors
/// A sentence that names the file, and the line where it is not what was written.
pub fn read_journal(dir: &Path) -> Result<Vec<Line>, String> {
    Ok(journal::read::read(&dir.join(journal::NAME))?.lines)
}

/// The lines of a journal, its chain verified; a torn last line is left out.
///
/// # Errors
/// A sentence that names the line which is not what was written.
pub fn parse_journal(bytes: &[u8]) -> Result<Vec<Line>, String> {
    Ok(journal::read::parse(bytes)?.lines)
}

/// Undoes what a run that was killed left behind, from its journal alone.
///
/// # Errors
/// Where the journal cannot be read, or its run is still alive.
pub fn cleanup(
    dir: &Path,
    target: Arc<Plan>,
    kinds: &'static [KindEntry],
    secrets: Option<SecretReader>,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<Ended, RunError> {
    recover::run(dir, target, kinds, secrets, sinks)
}

#[cfg(test)]
mod tests;
