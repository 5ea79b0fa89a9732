//! Plan into events: scheduling, attempts, deadlines, fixtures, journal, clean-up.

mod journal;
mod redact;
mod state;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use checkrun_lang::SecretRef;
use checkrun_model::event::Line;
use checkrun_model::kind::BoxFuture;
use checkrun_model::{Broken, Cx, KindEntry};
use checkrun_spec::plan::Plan;

/// Reads a key of a Secret through `cx.place.cluster`; handed in because the clients are the kinds'.
pub type SecretReader = for<'a> fn(&'a SecretRef, &'a Cx) -> BoxFuture<'a, Result<String, Broken>>;

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
    let _ = (plan, options, sinks, stop);
    unimplemented!()
}

/// Undoes what a run that was killed left behind, from its journal alone.
///
/// # Errors
/// Where the journal cannot be read, or its run is still alive.
pub fn cleanup(
    dir: &std::path::Path,
    target: Arc<checkrun_spec::plan::Plan>,
    kinds: &'static [KindEntry],
    secrets: Option<SecretReader>,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<Ended, RunError> {
    let _ = (dir, target, kinds, secrets, sinks);
    unimplemented!()
}
