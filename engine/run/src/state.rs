//! Where every check and group of a run stands, and what may happen next. Pure and synchronous: it knows no
//! clock, no task, no journal. What happens is told to it; what is to be done is taken from it as [`Step`]s.
//!
//! The states are drawn in `docs/design/scheduler.md`.

mod ending;
pub mod graph;
mod locks;
mod slots;
#[cfg(test)]
mod tests;
mod words;

use std::collections::VecDeque;
use std::sync::Arc;

use checkrun_model::Verdict;
use checkrun_spec::plan::NodeIx;

use graph::{Graph, LockId, at, node};
use locks::{Asked, Locks};
use slots::{For, Slots};
pub use words::{Cause, End, Settled, Step};
use words::{Phase, State, Unmaking, Work};

/// So many checks that only judge are under way: enough that no worker is idle, few enough that what they found does
/// not pile up before it is written.
const JUDGING: usize = 512;

/// The states of all nodes.
#[derive(Debug)]
pub struct States {
    graph: Graph,
    states: Vec<State>,
    locks: Locks,
    /// For looks and undoings.
    slots: Slots,
    /// For checks that only judge: they load nothing, so `--jobs` does not count them.
    judging: Slots,
    steps: VecDeque<Step>,
    agenda: VecDeque<Work>,
    to_free: Vec<NodeIx>,
    /// Nodes with something under way that will be reported.
    active: usize,
    unreleased: usize,
    starts: u32,
}

impl States {
    /// All nodes before anything has happened; `jobs` observations at a time.
    pub fn new(graph: Graph, jobs: usize) -> Self {
        let state = |place: usize| State {
            phase: Phase::Idle,
            settled: None,
            before: graph.shapes[place].needs.len()
                + graph.gates[place].len()
                + usize::from(graph.shapes[place].parent.is_some()),
            open_members: graph.members[place].len(),
            held_by: graph.dependents[place].len() + usize::from(graph.shapes[place].parent.is_some()),
            unreleased_members: graph.members[place].len(),
            unmaking: Unmaking::Nothing,
            holds_locks: false,
            keeps_locks: false,
            undoing_below: 0,
            willing: false,
            started: false,
            order: 0,
        };
        let states: Vec<State> = (0..graph.shapes.len()).map(state).collect();
        let mut all = Self {
            locks: Locks::new(graph.lock_names.len()),
            slots: Slots::new(jobs),
            judging: Slots::new(JUDGING),
            steps: VecDeque::new(),
            agenda: VecDeque::new(),
            to_free: Vec::new(),
            active: 0,
            unreleased: states.len(),
            starts: 0,
            states,
            graph,
        };
        all.begin();
        all
    }

    fn begin(&mut self) {
        for place in 0..self.states.len() {
            if self.graph.shapes[place].left_out {
                self.settle(node(place), Verdict::Skipped, Cause::LeftOut, Some(node(place)));
            }
        }
        for place in 0..self.states.len() {
            if self.states[place].held_by == 0 {
                self.agenda.push_back(Work::Clear(node(place)));
            }
            if self.states[place].before == 0 {
                self.agenda.push_back(Work::Ready(node(place)));
            }
        }
        self.run_agenda();
    }

    /// What to do next, if anything is to be done now.
    pub fn step(&mut self) -> Option<Step> {
        if let Some(step) = self.steps.pop_front() {
            return Some(step);
        }
        if let Some(step) = self.next_in_slot() {
            return Some(step);
        }
        if self.active == 0 && self.unreleased > 0 {
            self.break_stall();
            return self.steps.pop_front();
        }
        None
    }

    /// Whether every node has its verdict and nothing is left to undo.
    pub fn finished(&self) -> bool {
        self.unreleased == 0 && self.steps.is_empty()
    }

    /// The verdict of a node that has ended.
    #[cfg(test)]
    pub fn verdict(&self, ix: NodeIx) -> Option<Verdict> {
        self.states[at(ix)].settled.map(|settled| settled.verdict)
    }

    /// The name of a lock.
    pub fn lock_name(&self, id: LockId) -> &Arc<str> {
        &self.graph.lock_names[id as usize]
    }

    /// Answers [`Step::Ask`]: its `when` holds.
    pub fn go(&mut self, ix: NodeIx) {
        if self.states[at(ix)].phase == Phase::Asked {
            self.active -= 1;
            self.want_locks(ix);
            self.run_agenda();
        }
    }

    /// A looking check waits now and gives its slot back.
    pub fn waits(&mut self, ix: NodeIx) {
        if self.states[at(ix)].phase == Phase::Looking {
            self.states[at(ix)].phase = Phase::Waiting;
            self.slots.free();
        }
    }

    /// A waiting check wants to look again: [`Step::Look`] comes when there is a slot.
    pub fn wants_look(&mut self, ix: NodeIx) {
        if self.states[at(ix)].phase == Phase::Waiting {
            self.states[at(ix)].phase = Phase::Queued;
            self.slots.ask(For::Again, ix);
        }
    }

    /// The check may have made something that is to be undone.
    pub fn may_have_made(&mut self, ix: NodeIx) {
        let state = &mut self.states[at(ix)];
        if state.unmaking == Unmaking::Nothing && state.phase != Phase::Ended {
            state.unmaking = Unmaking::Due;
        }
    }

    /// A check, a group that was summed up, or one that was asked has its verdict.
    pub fn ended(&mut self, ix: NodeIx, end: End) {
        match self.states[at(ix)].phase {
            Phase::Asked | Phase::Waiting | Phase::Summing => self.active -= 1,
            Phase::Looking => {
                self.active -= 1;
                self.slots_of(ix).free();
            }
            Phase::Queued => self.active -= 1,
            Phase::Idle | Phase::InLine | Phase::Open | Phase::Ended => return,
        }
        if end.abandoned {
            self.states[at(ix)].keeps_locks = true;
            self.keep_locks(ix);
        }
        let state = &mut self.states[at(ix)];
        state.willing |= end.willing;
        let root = state.settled.and_then(|summed| summed.root).or(Some(ix));
        self.finish(ix, Settled { verdict: end.verdict, cause: Cause::Own, root });
        self.run_agenda();
    }

    /// Answers [`Step::Unmake`].
    pub fn unmade(&mut self, ix: NodeIx) {
        if self.states[at(ix)].unmaking != Unmaking::Running {
            return;
        }
        self.active -= 1;
        self.slots.free();
        self.states[at(ix)].unmaking = Unmaking::Done;
        let holders: Vec<usize> = self.around(ix).filter(|place| self.states[*place].holds_locks).collect();
        for place in holders {
            self.states[place].undoing_below -= 1;
            self.to_free.push(node(place));
        }
        self.agenda.push_back(Work::Released(ix));
        self.run_agenda();
    }

    /// Nothing new starts: what has not started is skipped.
    pub fn stop(&mut self) {
        self.locks.disband();
        self.steps.retain(|step| !matches!(step, Step::Ask(_) | Step::LockWait(..)));
        for place in 0..self.states.len() {
            let state = &self.states[place];
            let unstarted = match state.phase {
                Phase::Idle | Phase::InLine => true,
                Phase::Asked => {
                    self.active -= 1;
                    true
                }
                Phase::Queued if !state.started => {
                    self.active -= 1;
                    true
                }
                _ => false,
            };
            if unstarted {
                self.settle(node(place), Verdict::Skipped, Cause::Stopped, None);
            }
        }
        self.run_agenda();
    }

    fn around(&self, ix: NodeIx) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(at(ix)).chain(self.graph.ancestors(at(ix)))
    }

    fn run_agenda(&mut self) {
        loop {
            match self.agenda.pop_front() {
                Some(Work::Ready(ix)) => self.ready(ix),
                Some(Work::Ended(ix)) => self.tell_ended(ix),
                Some(Work::Clear(ix)) => self.clear(ix),
                Some(Work::Released(ix)) => self.released(ix),
                None if self.to_free.is_empty() => return,
                None => self.free_locks(),
            }
        }
    }

    /// Everything before it has ended.
    fn ready(&mut self, ix: NodeIx) {
        if self.states[at(ix)].phase != Phase::Idle {
            return;
        }
        match self.hindered(ix) {
            Some(settled) => self.settle(ix, settled.verdict, settled.cause, settled.root),
            None if self.graph.shapes[at(ix)].asks => {
                self.states[at(ix)].phase = Phase::Asked;
                self.active += 1;
                self.steps.push_back(Step::Ask(ix));
            }
            None => self.want_locks(ix),
        }
    }

    /// What its needs make of it: blocked goes before skipped, the first in order names the root.
    fn hindered(&mut self, ix: NodeIx) -> Option<Settled> {
        let ended = |need: &NodeIx| self.states[at(*need)].settled.map(|settled| (*need, settled));
        let needs = &self.graph.shapes[at(ix)].needs;
        let mut bad = needs.iter().filter_map(ended).filter(|(_, settled)| settled.verdict != Verdict::Passed);
        let first = bad.clone().find(|(_, settled)| settled.verdict != Verdict::Skipped);
        let (need, settled) = first.or_else(|| bad.next())?;
        let verdict = if settled.verdict == Verdict::Skipped { Verdict::Skipped } else { Verdict::Blocked };
        let willing = self.states[at(need)].willing;
        self.states[at(ix)].willing = willing && verdict == Verdict::Skipped;
        Some(Settled { verdict, cause: Cause::Need(need), root: settled.root.or(Some(need)) })
    }

    fn want_locks(&mut self, ix: NodeIx) {
        if self.graph.locks[at(ix)].is_empty() {
            return self.admitted(ix);
        }
        match self.locks.ask(ix, &self.graph.locks[at(ix)]) {
            Asked::Granted => {
                self.states[at(ix)].holds_locks = true;
                self.admitted(ix);
            }
            Asked::Waits(lock, holder) => {
                self.states[at(ix)].phase = Phase::InLine;
                self.steps.push_back(Step::LockWait(ix, lock, holder));
            }
            Asked::Never(lock, holder) => self.settle(ix, Verdict::Blocked, Cause::Lock(lock), holder),
        }
    }

    /// It holds its locks: a group opens, a check waits for its slot.
    fn admitted(&mut self, ix: NodeIx) {
        if !self.graph.shapes[at(ix)].group {
            self.states[at(ix)].phase = Phase::Queued;
            self.active += 1;
            let alone = self.graph.locks[at(ix)].iter().any(|(_, mode)| *mode == checkrun_model::LockMode::Alone);
            let height = self.graph.height[at(ix)];
            self.slots_of(ix).ask(For::First { alone, height }, ix);
            return;
        }
        self.states[at(ix)].phase = Phase::Open;
        self.states[at(ix)].started = true;
        self.steps.push_back(Step::Open(ix));
        for place in 0..self.graph.members[at(ix)].len() {
            let member = self.graph.members[at(ix)][place];
            self.one_before_less(member);
        }
        if self.states[at(ix)].open_members == 0 {
            self.sum(ix);
        }
    }

    fn one_before_less(&mut self, ix: NodeIx) {
        let state = &mut self.states[at(ix)];
        state.before -= 1;
        if state.before == 0 {
            self.agenda.push_back(Work::Ready(ix));
        }
    }

    fn slots_of(&mut self, ix: NodeIx) -> &mut Slots {
        if self.graph.shapes[at(ix)].judges { &mut self.judging } else { &mut self.slots }
    }

    fn next_in_slot(&mut self) -> Option<Step> {
        loop {
            let ix = self.slots.next().or_else(|| self.judging.next())?;
            let state = &mut self.states[at(ix)];
            if state.unmaking == Unmaking::Queued {
                state.unmaking = Unmaking::Running;
                return Some(Step::Unmake(ix));
            }
            if state.phase != Phase::Queued {
                self.slots_of(ix).free();
                continue;
            }
            state.phase = Phase::Looking;
            if std::mem::replace(&mut state.started, true) {
                return Some(Step::Look(ix));
            }
            self.starts += 1;
            state.order = self.starts;
            return Some(Step::Start(ix));
        }
    }

    /// Nothing is under way and nothing can begin: a plan in which a group that holds a lock waits for one
    /// who wants it. Somebody gets a verdict, so that the run ends and says so.
    fn break_stall(&mut self) {
        let in_line = (0..self.states.len()).find(|place| self.states[*place].phase == Phase::InLine);
        let idle = || (0..self.states.len()).find(|place| self.states[*place].phase == Phase::Idle);
        if let Some(place) = in_line {
            let (lock, _) = self.graph.locks[place][0];
            let _ = self.locks.leave(node(place), &self.graph.locks[place], |_| &[]);
            self.settle(node(place), Verdict::Error, Cause::Lock(lock), None);
        } else if let Some(place) = idle() {
            self.settle(node(place), Verdict::Error, Cause::Stuck, None);
        } else if let Some(place) = (0..self.states.len()).find(|place| self.states[*place].unmaking == Unmaking::Due) {
            self.states[place].held_by = 0;
            self.agenda.push_back(Work::Clear(node(place)));
        } else {
            self.unreleased = 0;
        }
        self.run_agenda();
    }
}
