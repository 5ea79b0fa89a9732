//! Undoes what a run that was killed left behind, from its journal alone. It may be run again at any time:
//! what is undone is not undone twice.

mod open;
mod restore;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use checkrun_lang::Scope;
use checkrun_model::clock::spoken;
use checkrun_model::event::{Event, Line};
use checkrun_model::kind::BoxFuture;
use checkrun_model::{
    Broken, Cx, Files, Intent, IntentId, KindEntry, Ledger, LoadCx, Node, Place, RunFacts, SourceId, Span,
};
use checkrun_spec::plan::Plan;
use serde_json::Value as Json;

use crate::journal::{Journal, NAME, read};
use crate::life::ACT_ENDS;
use crate::life::cleanup::{self, Gone, PREFIX};
use crate::redact::Redactor;
use crate::room::{Parts, Room};
use crate::{Ended, RunError, SecretReader, Sink, process};
use open::Left;

/// The journal and those who watch it.
struct Desk {
    journal: Journal,
    sinks: Vec<Box<dyn Sink>>,
    intents: u64,
    redactor: Arc<Redactor>,
}

impl Desk {
    fn write(&mut self, mut event: Event) {
        self.redactor.event(&mut event);
        let line = self.journal.write(event);
        self.sinks.iter_mut().for_each(|sink| sink.line(&line));
    }
}

/// What an undoing may use here.
struct Bench {
    room: Room,
    kinds: &'static [KindEntry],
    desk: Arc<Mutex<Desk>>,
}

/// What came of a clean-up.
#[derive(Default)]
struct Outcome {
    /// How much is left behind.
    behind: usize,
    /// What is not known of things that were never seen.
    unknown: Vec<String>,
}

/// See [`crate::cleanup`].
pub fn run(
    dir: &Path,
    plan: Arc<Plan>,
    kinds: &'static [KindEntry],
    secrets: Option<SecretReader>,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<Ended, RunError> {
    let path = dir.join(NAME);
    let found = |lines: &[Line]| open::found(lines).map_err(|why| RunError(format!("{}: {why}", path.display())));
    let before = found(&read::read(&path).map_err(RunError)?.lines)?;
    if process::lives(before.pid, before.pid_started) {
        return Err(RunError(format!("run {} is still alive (process {}): stop it first", before.run, before.pid)));
    }
    let (journal, lines) = Journal::go_on(&path).map_err(RunError)?;
    let found = found(&lines)?;
    let facts = RunFacts { id: found.run, started: found.started, read_only: false, suite_dir: found.suite_dir };
    let (owner, _inbox) = std::sync::mpsc::channel();
    let room = Room::new(Parts { plan, facts, dir: dir.to_owned(), reader: secrets, world: None, owner });
    if let Some(why) = room.redactor.blind() {
        return Err(RunError(why.to_owned()));
    }
    let desk = Desk { journal, sinks, intents: found.next_intent, redactor: Arc::clone(&room.redactor) };
    let desk = Arc::new(Mutex::new(desk));
    let bench = Bench { room, kinds, desk: Arc::clone(&desk) };
    let runtime = crate::runtime().map_err(|error| RunError(format!("no threads to clean up on: {error}")))?;
    let Outcome { behind: left, unknown } = runtime.block_on(bench.undo_all(found.left));
    runtime.shutdown_background();
    let mut desk = lock(&desk);
    let exit = if left == 0 { crate::tally::code::PASSED } else { crate::tally::code::TROUBLE };
    if !found.ended {
        let undone =
            if left == 0 { "what it made was undone afterwards" } else { "not all that it made could be undone" };
        let remarks = std::iter::once(format!("the run was killed; {undone}")).chain(unknown).collect();
        desk.write(Event::RunEnded { exit: crate::tally::code::TROUBLE, remarks });
    }
    desk.journal.sync().map_err(RunError)?;
    match desk.journal.broken() {
        Some(why) => Err(RunError(format!("{} cannot be written: {why}", path.display()))),
        None => Ok(Ended { dir: dir.to_owned(), exit }),
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bench {
    /// Undoes all, newest first.
    async fn undo_all(&self, left: Vec<Left>) -> Outcome {
        let mut outcome = Outcome::default();
        let settled = tokio::time::Instant::now() + ACT_ENDS;
        for one in left {
            let done = match one.intent.kind.strip_prefix(PREFIX) {
                Some(kind) => {
                    if one.cut_off {
                        tokio::time::sleep_until(settled).await;
                    }
                    let done = self.entry(kind, &one.intent).await;
                    let failed = done.as_ref().err().cloned();
                    self.write(Event::CleanedUp { node: one.node, kind: kind.to_owned(), failed });
                    done
                }
                None => self.one(&one.intent).await,
            };
            match done {
                Ok(Gone { already: already_gone, unknown }) => {
                    outcome.unknown.extend(unknown.clone());
                    self.write(Event::Undone { intent: one.id, already_gone, unknown });
                }
                Err(why) => {
                    outcome.behind += 1;
                    self.write(Event::LeftBehind { intent: Some(one.id), object: one.intent.object, why });
                }
            }
        }
        outcome
    }

    fn write(&self, event: Event) {
        lock(&self.desk).write(event);
    }

    fn kind(&self, name: &str) -> Result<&'static KindEntry, String> {
        self.kinds.iter().find(|kind| kind.doc.name == name).ok_or_else(|| format!("this build has no kind `{name}`"))
    }

    async fn one(&self, intent: &Intent) -> Result<Gone, String> {
        let kind = self.kind(&intent.kind)?;
        let cx = self.cx(intent).await?;
        let identity = restore::restored(&self.room, intent.identity.clone(), &cx).await?;
        cleanup::undo(kind.undo, &identity, &cx).await
    }

    /// Runs a `cleanup:` entry with the arguments that the journal kept.
    async fn entry(&self, kind: &str, intent: &Intent) -> Result<Gone, String> {
        let entry = self.kind(kind)?;
        let cx = self.cx(intent).await?;
        let args = restore::restored(&self.room, intent.identity.clone(), &cx).await?;
        let nowhere = Span::new(SourceId(u32::MAX), 0, 0);
        let node = Node::from_json(nowhere, &args);
        let decoded = (entry.parse)(&node, &LoadCx { files: &NoFiles });
        let decoded =
            decoded.map_err(|errors| errors.first().map_or_else(String::new, |error| error.message.clone()))?;
        let seen = tokio::time::timeout_at(cx.deadline.into(), decoded.observe(&cx)).await;
        let seen =
            seen.map_err(|_| format!("not done within {}", spoken(cleanup::TIME)))?.map_err(|broken| broken.cause)?;
        let asked = checkrun_model::Asked { none: false, allow_empty: true };
        cleanup::judged(decoded.rule(&seen.value, asked)).map(|()| Gone::default())
    }

    async fn cx(&self, intent: &Intent) -> Result<Cx, String> {
        let target = &self.room.plan.target;
        let cluster = match &intent.cluster {
            Some(name) => {
                Some(target.clusters.get(name).ok_or_else(|| format!("the target has no cluster `{name}`"))?.clone())
            }
            None => None,
        };
        let mut cx = Cx {
            check: "cleanup".into(),
            place: Place { cluster, endpoint: None },
            target: Arc::clone(target),
            deadline: cleanup::deadline(),
            run: Arc::clone(&self.room.facts),
            shared: Arc::clone(&self.room.shared),
            ledger: Arc::new(Announce(Arc::clone(&self.desk))),
            cancelled: Arc::new(AtomicBool::new(false)),
            wait_epoch: None,
            wait_id: 0,
        };
        if let Some(name) = &intent.endpoint {
            let endpoint = target.endpoints.get(name).ok_or_else(|| format!("the target has no endpoint `{name}`"))?;
            let mut scope = Scope::default();
            scope.set("run", self.room.run_value.clone());
            let filled = self.room.endpoints.filled(&self.room, endpoint, &scope, &cx).await;
            cx.place.endpoint = Some(filled.map_err(|trouble| trouble.told(&self.room.plan.sources).0.cause)?);
        }
        Ok(cx)
    }
}

/// What clean-up itself does to the world is announced like any effect, and never undone.
struct Announce(Arc<Mutex<Desk>>);

impl Ledger for Announce {
    fn intend<'a>(&'a self, _check: &'a str, mut intent: Intent) -> BoxFuture<'a, Result<IntentId, Broken>> {
        intent.undo = false;
        let mut desk = lock(&self.0);
        let id = IntentId(desk.intents);
        desk.intents += 1;
        desk.write(Event::Intended { intent: id, node: 0, what: intent });
        let safe = desk.journal.sync().map(|()| id).map_err(Broken::fatal);
        Box::pin(std::future::ready(safe))
    }

    fn made<'a>(&'a self, id: IntentId, identity: Json) -> BoxFuture<'a, Result<(), Broken>> {
        lock(&self.0).write(Event::Made { intent: id, identity });
        Box::pin(std::future::ready(Ok(())))
    }

    fn void<'a>(&'a self, id: IntentId) -> BoxFuture<'a, Result<(), Broken>> {
        lock(&self.0).write(Event::Void { intent: id });
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The suite is not at hand when a run is cleaned up.
struct NoFiles;

impl Files for NoFiles {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        Err(format!("`{path}` cannot be read: clean-up works from the journal alone"))
    }
}
