//! The loop of a run. One thread owns the states, the journal and the sinks; it alone sends events. Checks run
//! on other threads and send it messages; it looks at none of their clients, and none can hold it up.

mod effects;
mod steps;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use checkrun_model::clock::spoken;
use checkrun_model::event::{Event, Judged};
use checkrun_model::{Broken, Intent, IntentId, Verdict};
use checkrun_spec::plan::{Body, NodeIx};
use jiff::Timestamp;
use serde_json::Value as Json;
use tokio::runtime::Runtime;

use crate::journal::Journal;
use crate::journal::sync::Syncer;
use crate::life::{ACT_ENDS, GRACE};
use crate::message::Msg;
use crate::room::Room;
use crate::state::States;
use crate::state::graph::Graph;
use crate::tally::Tally;
use crate::{Options, Sink, Stop};

/// How often the sinks hear of nothing, and the owner looks for requests and for what hangs.
const TICK: Duration = Duration::from_millis(100);
/// A worker that was told to end and says nothing for so long is given up. Longer than its own patience.
const SILENCE: Duration = Duration::from_secs(5);

/// The owner of a run.
pub struct Owner {
    room: Arc<Room>,
    options: Options,
    states: States,
    journal: Journal,
    syncer: Option<Syncer>,
    sinks: Vec<Box<dyn Sink>>,
    inbox: Receiver<Msg>,
    stop: Receiver<Stop>,
    runtime: Runtime,
    /// Checks that were admitted and have no verdict.
    running: BTreeMap<NodeIx, Running>,
    /// Effects that are not undone.
    open: BTreeMap<IntentId, (NodeIx, Intent)>,
    intents: u64,
    verdicts: Vec<Option<Verdict>>,
    /// For the reasons of those that follow from them.
    reasons: HashMap<NodeIx, String>,
    /// Nodes without a verdict of their own because the run was stopped.
    stopped: HashSet<NodeIx>,
    /// Checks that were given up.
    abandoned: Vec<NodeIx>,
    opened: HashMap<NodeIx, Timestamp>,
    /// Checks that were admitted and only judge: they go to the workers together.
    judges: Vec<(NodeIx, Timestamp)>,
    /// Checks whose effects are being undone.
    unmaking: HashSet<NodeIx>,
    tally: Tally,
    begun: Instant,
    ticked: Instant,
    stopping: bool,
    at_once: bool,
}

/// A check that was admitted.
struct Running {
    started: Timestamp,
    /// While it looks: when a worker that still lives would have said something.
    silent_until: Option<Instant>,
    /// Answered when a check that waited may look again.
    go: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Owner {
    /// The owner of a run whose first events are still to be written.
    pub fn new(
        room: Arc<Room>,
        options: Options,
        journal: Journal,
        sinks: Vec<Box<dyn Sink>>,
        inbox: Receiver<Msg>,
        stop: Receiver<Stop>,
        runtime: Runtime,
    ) -> Self {
        let states = States::new(Graph::of(&room.plan), options.jobs);
        Self {
            states,
            journal,
            syncer: None,
            sinks,
            inbox,
            stop,
            runtime,
            running: BTreeMap::new(),
            open: BTreeMap::new(),
            intents: 0,
            verdicts: vec![None; room.plan.nodes.len()],
            reasons: HashMap::new(),
            stopped: HashSet::new(),
            abandoned: Vec::new(),
            opened: HashMap::new(),
            judges: Vec::new(),
            unmaking: HashSet::new(),
            tally: Tally::default(),
            begun: Instant::now(),
            ticked: Instant::now(),
            stopping: false,
            at_once: false,
            options,
            room,
        }
    }

    /// Runs until every node has its verdict and what was made is undone; the exit code.
    pub fn run(mut self) -> i32 {
        self.write(crate::planned::started(&self.room.plan, &self.options, &self.room.facts));
        self.write(crate::planned::planned(&self.room.plan));
        while !self.at_once {
            while let Some(step) = self.states.step() {
                self.step(step);
            }
            self.send_judges();
            if self.states.finished() {
                break;
            }
            self.hear();
            self.watch();
        }
        self.end()
    }

    /// Takes all that workers have said; waits only where they have said nothing.
    fn hear(&mut self) {
        let mut said = self.inbox.try_recv().ok();
        if said.is_none() {
            self.flush();
            said = self.inbox.recv_timeout(TICK).ok();
        }
        while let Some(msg) = said {
            self.message(msg);
            said = self.inbox.try_recv().ok();
        }
    }

    fn message(&mut self, msg: Msg) {
        match msg {
            Msg::Write(Event::Observed { node, .. } | Event::Waiting { node, .. })
                if !self.running.contains_key(&NodeIx(node)) => {}
            Msg::Write(event) => {
                self.write(event);
            }
            Msg::Waits(ix) => {
                if let Some(running) = self.running.get_mut(&ix).filter(|_| !self.stopping) {
                    running.silent_until = None;
                }
                self.states.waits(ix);
            }
            Msg::WantsLook(ix, go) => self.wants_look(ix, go),
            Msg::Safe(reply) => self.safe(reply),
            Msg::Intend { node, what, id, safe } => self.intend(node, what, id, safe),
            Msg::Made(id, identity) => self.made(id, identity),
            Msg::Void(id) => {
                self.open.remove(&id);
                self.write(Event::Void { intent: id });
            }
            Msg::Ended(ix, ending) => self.ended(ix, *ending),
            Msg::AllEnded(endings) => endings.into_iter().for_each(|(ix, ending)| self.ended(ix, ending)),
            Msg::Undone(id, done) => self.undone(id, done),
            Msg::Unmade(ix) => self.unmade(ix),
            Msg::Trouble(why) => self.trouble(why),
        }
    }

    /// What is looked at from time to time: what hangs, requests to stop, the time of the whole run.
    fn watch(&mut self) {
        if self.ticked.elapsed() >= TICK {
            self.ticked = Instant::now();
            self.sinks.iter_mut().for_each(|sink| sink.tick());
            self.give_up_silent();
        }
        while let Ok(stop) = self.stop.try_recv() {
            match stop {
                Stop::Soon(by) if !self.tally.interrupted => {
                    self.tally.interrupted = true;
                    self.stop(by);
                }
                Stop::Soon(_) | Stop::Now => {
                    self.tally.interrupted = true;
                    self.stop("a second request");
                    self.at_once = true;
                    self.room.now.cancel();
                }
            }
        }
        let over = self.options.timeout.filter(|most| self.begun.elapsed() >= *most);
        if let (Some(most), false) = (over, self.stopping) {
            self.tally.cut = true;
            self.stop(&format!("--timeout {}", spoken(most)));
        }
    }

    /// Nothing new starts, what runs is ended, what was made is undone.
    fn stop(&mut self, by: &str) {
        if std::mem::replace(&mut self.stopping, true) {
            return;
        }
        self.write(Event::Interrupted { by: by.to_owned() });
        self.room.stop.cancel();
        let until = Instant::now() + ACT_ENDS + SILENCE;
        for running in self.running.values_mut() {
            running.silent_until = Some(running.silent_until.map_or(until, |long| long.min(until)));
        }
        self.states.stop();
    }

    /// The program cannot do its work: no new effect starts, clean-up goes on.
    fn trouble(&mut self, why: String) {
        self.tally.trouble(why.clone());
        self.stop(&why);
    }

    /// A worker whose thread is held by its kind cannot say so itself.
    fn give_up_silent(&mut self) {
        let now = Instant::now();
        let silent = |running: &Running| running.silent_until.is_some_and(|until| until <= now);
        let hanging: Vec<NodeIx> = self.running.iter().filter(|(_, one)| silent(one)).map(|(ix, _)| *ix).collect();
        for ix in hanging {
            let started = self.running.get(&ix).map_or_else(Timestamp::now, |running| running.started);
            let waited = Timestamp::now().duration_since(started).unsigned_abs();
            let broken =
                Broken::fatal(format!("it does not end at its deadline and was given up after {}", spoken(waited)));
            let mut ending = crate::life::hanging(ix, started, broken);
            ending.judged.stopped = self.stopping;
            self.ended(ix, ending);
        }
    }

    /// When a worker that looks now would at last have said something.
    fn silence(&self, ix: NodeIx) -> Option<Instant> {
        let Body::Check(check) = &self.room.node(ix).body else { return None };
        Some(Instant::now() + check.timeout * 2 + GRACE + SILENCE)
    }

    /// Writes one event and tells the sinks.
    fn write(&mut self, mut event: Event) -> Timestamp {
        self.room.redactor.event(&mut event);
        let line = self.journal.write(event);
        for sink in &mut self.sinks {
            sink.line(&line);
        }
        self.mind_journal();
        line.t
    }

    /// Hands the journal's file what waits for it.
    fn flush(&mut self) {
        self.journal.flush();
        self.mind_journal();
    }

    /// A run whose journal cannot be written is stopped.
    fn mind_journal(&mut self) {
        if let Some(why) = self.journal.broken().map(str::to_owned)
            && !self.stopping
        {
            self.trouble(format!("the journal cannot be written: {why}"));
        }
        if let Some(why) = self.room.redactor.blind().filter(|_| !self.stopping) {
            self.trouble(why.to_owned());
        }
    }

    fn end(mut self) -> i32 {
        if self.at_once {
            self.leave_everything();
        }
        if let Some(why) = self.journal.broken().map(str::to_owned) {
            self.tally.trouble(format!("the journal cannot be written: {why}"));
        }
        if let Some(why) = self.room.redactor.blind() {
            self.tally.trouble(why.to_owned());
        }
        for why in self.options.world.iter().flat_map(|world| (world.troubles)()) {
            self.tally.trouble(format!("the sandbox: {why}"));
        }
        if let Some(syncer) = self.syncer.take() {
            syncer.end();
        }
        let exit = self.tally.exit(self.options.require_all);
        let remarks = self.tally.remarks();
        self.write(Event::RunEnded { exit, remarks });
        let synced = self.journal.sync();
        // What hangs is not waited for.
        self.runtime.shutdown_background();
        if synced.is_err() || self.journal.broken().is_some() { crate::tally::code::TROUBLE } else { exit }
    }

    /// Stopped at once: nobody is waited for, and what is left is said.
    fn leave_everything(&mut self) {
        for place in 0..self.verdicts.len() {
            let ix = crate::state::graph::node(place);
            if self.verdicts[place].is_none() {
                let verdict = if self.running.contains_key(&ix) { Verdict::Error } else { Verdict::Skipped };
                let started = self.running.get(&ix).map(|running| running.started);
                let judged = plain(ix, verdict, "the run was stopped at once".into(), started);
                self.judge(ix, Judged { stopped: true, ..judged });
            }
        }
        for (id, (_, intent)) in std::mem::take(&mut self.open) {
            if intent.undo {
                self.left(Some(id), intent.object, "the run was stopped at once".into());
            }
        }
    }
}

/// A verdict with nothing beside it.
fn plain(ix: NodeIx, verdict: Verdict, reason: String, started: Option<Timestamp>) -> Judged {
    Judged {
        node: ix.0,
        verdict,
        reason,
        root: None,
        stopped: false,
        broken: None,
        findings: Vec::new(),
        saved: Json::Null,
        attempts: 0,
        started,
        ended: Timestamp::now(),
        transitions: Vec::new(),
        notes: Vec::new(),
    }
}
