//! How nodes end, what follows from it for others, and when what they made is undone.

use checkrun_model::Verdict;
use checkrun_spec::plan::NodeIx;

use super::graph::{at, node};
use super::slots::For;
use super::{Cause, Phase, Settled, States, Step, Unmaking, Work};

impl States {
    /// Gives a verdict to a node that was never looked at.
    pub(super) fn settle(&mut self, ix: NodeIx, verdict: Verdict, cause: Cause, root: Option<NodeIx>) {
        if self.states[at(ix)].phase == Phase::Ended {
            return;
        }
        let settled = Settled { verdict, cause, root };
        self.steps.push_back(Step::Settled(ix, settled));
        self.finish(ix, settled);
    }

    /// The one place where a node gets its verdict.
    pub(super) fn finish(&mut self, ix: NodeIx, settled: Settled) {
        let state = &mut self.states[at(ix)];
        debug_assert!(state.phase != Phase::Ended, "a node has one verdict");
        state.phase = Phase::Ended;
        state.settled = Some(settled);
        if state.holds_locks {
            self.to_free.push(ix);
        }
        self.agenda.push_back(Work::Ended(ix));
    }

    /// A node has ended: its members (if it never opened), dependents and group hear of it.
    pub(super) fn tell_ended(&mut self, ix: NodeIx) {
        let settled = self.states[at(ix)].settled;
        if let Some(settled) = settled.filter(|_| !self.states[at(ix)].started) {
            self.close_members(ix, settled);
        }
        for place in 0..self.graph.dependents[at(ix)].len() {
            self.one_before_less(self.graph.dependents[at(ix)][place]);
        }
        for place in 0..self.graph.gated[at(ix)].len() {
            self.one_before_less(self.graph.gated[at(ix)][place]);
        }
        if let Some(parent) = self.graph.shapes[at(ix)].parent {
            let group = &mut self.states[at(parent)];
            group.open_members -= 1;
            if group.open_members == 0 && group.phase == Phase::Open {
                self.sum(parent);
            }
        }
        self.try_unmake(ix);
    }

    /// A group that does not start takes its members with it.
    fn close_members(&mut self, ix: NodeIx, settled: Settled) {
        let verdict = if settled.verdict == Verdict::Skipped { Verdict::Skipped } else { Verdict::Blocked };
        let cause = if settled.cause == Cause::Stopped { Cause::Stopped } else { Cause::Group(ix) };
        for place in 0..self.graph.members[at(ix)].len() {
            let member = self.graph.members[at(ix)][place];
            self.states[at(member)].willing |= self.states[at(ix)].willing;
            self.settle(member, verdict, cause, settled.root.or(Some(ix)));
        }
    }

    /// All members of an open group have ended: what that makes of the group.
    pub(super) fn sum(&mut self, ix: NodeIx) {
        let mut sum = self.sum_of(ix, true);
        if sum.verdict == Verdict::Skipped || !self.any_passed(ix) {
            sum = self.sum_of(ix, false);
        }
        let willing = self.graph.members[at(ix)].iter().all(|member| self.states[at(*member)].willing);
        let state = &mut self.states[at(ix)];
        state.willing = willing && sum.verdict == Verdict::Skipped;
        state.phase = Phase::Summing;
        state.settled = Some(sum);
        self.active += 1;
        self.steps.push_back(Step::Sum(ix, sum));
    }

    fn any_passed(&self, ix: NodeIx) -> bool {
        let passed = |member: &NodeIx| self.states[at(*member)].settled.is_some_and(|s| s.verdict == Verdict::Passed);
        self.graph.members[at(ix)].iter().any(passed)
    }

    /// The worst of the members; a skip that its author asked for weighs nothing beside one that passed.
    fn sum_of(&self, ix: NodeIx, without_minor: bool) -> Settled {
        let members = self.graph.members[at(ix)].iter();
        let weighed = members.filter(|member| !(without_minor && self.graph.shapes[at(**member)].minor));
        let mut worst: Option<(u8, NodeIx, Settled)> = None;
        for member in weighed {
            let Some(settled) = self.states[at(*member)].settled else { continue };
            let weight = match settled.verdict {
                Verdict::Skipped if self.states[at(*member)].willing => 0,
                Verdict::Passed => 1,
                Verdict::Skipped => 2,
                Verdict::Blocked => 3,
                Verdict::Error => 4,
                Verdict::Failed => 5,
            };
            if worst.is_none_or(|(most, ..)| weight > most) {
                worst = Some((weight, *member, settled));
            }
        }
        match worst {
            Some((_, member, settled)) => Settled {
                verdict: settled.verdict,
                cause: Cause::Need(member),
                root: (settled.verdict != Verdict::Passed).then(|| settled.root.unwrap_or(member)),
            },
            None => Settled { verdict: Verdict::Skipped, cause: Cause::Own, root: None },
        }
    }

    /// Nobody who could use what it made is left.
    pub(super) fn clear(&mut self, ix: NodeIx) {
        for place in 0..self.graph.members[at(ix)].len() {
            self.one_holder_less(self.graph.members[at(ix)][place]);
        }
        self.try_unmake(ix);
    }

    /// It has ended and what it made is gone.
    pub(super) fn released(&mut self, ix: NodeIx) {
        self.unreleased -= 1;
        for place in 0..self.graph.shapes[at(ix)].needs.len() {
            self.one_holder_less(self.graph.shapes[at(ix)].needs[place]);
        }
        if let Some(parent) = self.graph.shapes[at(ix)].parent {
            self.states[at(parent)].unreleased_members -= 1;
            self.try_unmake(parent);
        }
    }

    fn one_holder_less(&mut self, ix: NodeIx) {
        let state = &mut self.states[at(ix)];
        state.held_by -= 1;
        if state.held_by == 0 {
            self.agenda.push_back(Work::Clear(ix));
        }
    }

    /// Undoes what a node made once it has ended and nobody holds it; a group waits for its members.
    fn try_unmake(&mut self, ix: NodeIx) {
        let state = &mut self.states[at(ix)];
        if state.phase != Phase::Ended || state.held_by > 0 || state.unreleased_members > 0 {
            return;
        }
        match state.unmaking {
            Unmaking::Nothing => {
                state.unmaking = Unmaking::Done;
                self.agenda.push_back(Work::Released(ix));
            }
            Unmaking::Due => {
                state.unmaking = Unmaking::Queued;
                self.active += 1;
                self.slots.ask(For::Undo { newer: state.order }, ix);
                let holders: Vec<usize> = self.around(ix).filter(|place| self.states[*place].holds_locks).collect();
                for place in holders {
                    self.states[place].undoing_below += 1;
                }
            }
            Unmaking::Queued | Unmaking::Running | Unmaking::Done => {}
        }
    }

    /// Frees the locks of those that have ended, once nothing is being undone below them.
    pub(super) fn free_locks(&mut self) {
        for ix in std::mem::take(&mut self.to_free) {
            let state = &mut self.states[at(ix)];
            if !state.holds_locks || state.keeps_locks || state.phase != Phase::Ended || state.undoing_below > 0 {
                continue;
            }
            state.holds_locks = false;
            let wants = &self.graph.locks;
            let served = self.locks.release(ix, &wants[at(ix)], |who| wants[at(who)].as_slice());
            self.serve(&served);
        }
    }

    fn serve(&mut self, served: &[NodeIx]) {
        for next in served {
            self.states[at(*next)].holds_locks = true;
            self.admitted(*next);
        }
    }

    /// Its locks, and those of the groups around it, are never given back: it may still be at work.
    pub(super) fn keep_locks(&mut self, ix: NodeIx) {
        let holders: Vec<usize> = self.around(ix).filter(|place| self.states[*place].holds_locks).collect();
        for place in holders {
            self.states[place].keeps_locks = true;
            for (who, lock) in self.locks.keep(&self.graph.locks[place]) {
                if self.states[at(who)].phase == Phase::InLine {
                    let wants = &self.graph.locks;
                    let served = self.locks.leave(who, &wants[at(who)], |other| wants[at(other)].as_slice());
                    self.settle(who, Verdict::Blocked, Cause::Lock(lock), Some(node(place)));
                    self.serve(&served);
                }
            }
        }
    }
}
