//! What the owner does at each step of the states, and when a check has ended.

use std::sync::Arc;

use checkrun_model::event::{Event, Judged};
use checkrun_model::{Importance, Verdict};
use checkrun_spec::plan::NodeIx;
use jiff::Timestamp;

use super::{Owner, Running, plain};
use crate::life;
use crate::message::Ending;
use crate::room::Saved;
use crate::scope;
use crate::state::graph::at;
use crate::state::{Cause, End, Settled, Step};

/// So many checks that only judge are one task and one answer: few enough that a slow one holds up no more than these.
const TOGETHER: usize = 32;

impl Owner {
    /// Does what the states ask for.
    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Ask(ix) => self.ask_when(ix),
            Step::LockWait(ix, lock, holder) => {
                let holder = holder.map(|holder| format!(" held by {}", self.room.node(holder).id)).unwrap_or_default();
                let what = format!("lock {}{holder}", self.states.lock_name(lock));
                self.write(Event::Waiting { node: ix.0, what });
            }
            Step::Open(ix) => {
                let started = self.write(Event::Started { node: ix.0 });
                self.opened.insert(ix, started);
            }
            Step::Start(ix) => self.start(ix),
            Step::Look(ix) => {
                let until = self.silence(ix);
                if let Some(running) = self.running.get_mut(&ix) {
                    running.silent_until = until;
                    running.go.take().map(|go| go.send(()));
                }
            }
            Step::Settled(ix, settled) => {
                let mut judged = plain(ix, settled.verdict, self.why(ix, settled), None);
                judged.root = settled.root.filter(|root| *root != ix).map(|root| root.0);
                judged.stopped = settled.cause == Cause::Stopped;
                self.judge(ix, judged);
            }
            Step::Sum(ix, sum) => self.sum(ix, sum),
            Step::Unmake(ix) => self.unmake(ix),
        }
    }

    /// Evaluates `when`: small, pure and bounded, so it is done here.
    fn ask_when(&mut self, ix: NodeIx) {
        let Some((when, span)) = &self.room.node(ix).when else { return self.states.go(ix) };
        let scope = scope::of(&self.room, ix);
        let mut judged = match when.holds(&scope) {
            Ok(true) => return self.states.go(ix),
            Ok(false) => {
                let values = when.explain(&scope).into_iter().next().filter(|line| line != when.text());
                let values = values.map(|line| format!(" ({line})")).unwrap_or_default();
                plain(ix, Verdict::Skipped, format!("when {}{values}", when.text()), None)
            }
            Err(error) => {
                let mut judged = plain(ix, Verdict::Error, format!("when {}: {}", when.text(), error.message), None);
                judged.findings.push(life::unjudged(&self.room, when.text(), *span, error));
                judged
            }
        };
        judged.started = None;
        let verdict = judged.verdict;
        self.judge(ix, judged);
        self.states.ended(ix, End { willing: verdict == Verdict::Skipped, ..verdict.into() });
    }

    fn start(&mut self, ix: NodeIx) {
        let judges = life::only_judges(self.room.node(ix));
        // A check that only judges has its verdict in the same moment, and that names when it began.
        let started = if judges { Timestamp::now() } else { self.write(Event::Started { node: ix.0 }) };
        let silent_until = self.silence(ix);
        self.running.insert(ix, Running { started, silent_until, go: None });
        if judges {
            self.judges.push((ix, started));
        } else {
            self.runtime.spawn(life::live(Arc::clone(&self.room), ix, started));
        }
    }

    /// Checks that only judge take microseconds each: waking a worker for every one of them would cost more.
    pub(super) fn send_judges(&mut self) {
        for some in self.judges.chunks(TOGETHER) {
            self.runtime.spawn(life::live_in_turn(Arc::clone(&self.room), some.to_vec()));
        }
        self.judges.clear();
    }

    /// A check has ended, by its own word or because it was given up.
    pub(super) fn ended(&mut self, ix: NodeIx, ending: Ending) {
        if self.running.remove(&ix).is_none() {
            return;
        }
        let Ending { end, observed, judged, saved } = ending;
        if end.abandoned {
            self.abandoned.push(ix);
        }
        if let Some(event) = observed {
            self.write(*event);
        }
        if let Some(saved) = saved {
            self.room.save(ix, saved);
        }
        let failed = matches!(judged.verdict, Verdict::Failed | Verdict::Error);
        self.judge(ix, judged);
        self.states.ended(ix, end);
        let required = self.room.node(ix).severity != Importance::Minor;
        if failed && required && self.options.fail_fast && !self.stopping {
            self.tally.cut = true;
            self.stop("--fail-fast");
        }
    }

    /// All members of a group have ended: its verdict and its saves.
    fn sum(&mut self, ix: NodeIx, sum: Settled) {
        let started = self.opened.get(&ix).copied();
        let mut judged = plain(ix, sum.verdict, String::new(), started);
        if sum.verdict == Verdict::Passed {
            self.save_group(ix, &mut judged, started);
        } else {
            judged.root = sum.root.map(|root| root.0);
            judged.reason = self.why(ix, sum);
            judged.stopped = sum.root.is_some_and(|root| self.stopped.contains(&root));
        }
        let verdict = judged.verdict;
        if sum.verdict == Verdict::Passed && verdict == Verdict::Error {
            self.tally.group_error(self.room.node(ix).severity);
        }
        self.judge(ix, judged);
        self.states.ended(ix, verdict.into());
    }

    fn save_group(&mut self, ix: NodeIx, judged: &mut Judged, started: Option<Timestamp>) {
        let node = self.room.node(ix);
        let scope = if node.saves.is_empty() { checkrun_lang::Scope::default() } else { scope::of(&self.room, ix) };
        let mut values = Vec::with_capacity(node.saves.len());
        for (name, save, span) in &node.saves {
            match save.eval(&scope) {
                Ok(value) => values.push((Arc::clone(name), value)),
                Err(error) => {
                    judged.verdict = Verdict::Error;
                    judged.reason = format!("save `{name}` cannot be read: {}", error.message);
                    judged.findings.push(life::unjudged(&self.room, save.text(), *span, error));
                    return;
                }
            }
        }
        judged.saved = life::tagged(&values);
        self.room.save(ix, Saved { values, started: started.unwrap_or(judged.ended), ended: judged.ended });
    }

    /// Writes a verdict; the one place where that happens.
    pub(super) fn judge(&mut self, ix: NodeIx, judged: Judged) {
        let verdict = judged.verdict;
        let acted = judged.started.is_some();
        if verdict != Verdict::Passed && !self.reasons.contains_key(&ix) {
            self.reasons.insert(ix, judged.reason.clone());
        }
        if judged.stopped {
            self.stopped.insert(ix);
        }
        self.verdicts[at(ix)] = Some(verdict);
        self.tally.count(&self.room.plan, ix, verdict, acted, self.options.read_only);
        self.write(Event::Judged(Arc::new(judged)));
    }

    /// Why a node has the verdict that follows from others, in one line.
    fn why(&self, ix: NodeIx, settled: Settled) -> String {
        let id = |ix: NodeIx| self.room.node(ix).id.to_string();
        let word = |ix: NodeIx| self.verdicts[at(ix)].unwrap_or(Verdict::Skipped).word();
        let root = settled.root.filter(|root| *root != ix);
        let first = |from: NodeIx| match (settled.verdict, root) {
            (Verdict::Skipped, Some(root)) => format!(": {}", self.reasons.get(&root).map_or("", String::as_str)),
            (_, Some(root)) if root != from => format!(" because of {}, {}", id(root), word(root)),
            _ => String::new(),
        };
        match settled.cause {
            Cause::Own => String::new(),
            Cause::LeftOut => self.room.node(ix).skip.clone().unwrap_or_default(),
            Cause::Need(need) if self.room.node(need).parent == Some(ix) => {
                format!("{} {}{}", id(need), word(need), first(need))
            }
            Cause::Need(need) => format!("needs {}, {}{}", id(need), word(need), first(need)),
            Cause::Group(group) => format!("its group {}, {}{}", id(group), word(group), first(group)),
            Cause::Lock(lock) => {
                let holder = root.map(|root| format!(" is kept by {}, which does not end", id(root)));
                let holder = holder.unwrap_or_else(|| " is held by a group that waits for this check".into());
                format!("lock {}{holder}", self.states.lock_name(lock))
            }
            Cause::Stopped => "the run was stopped before its turn".into(),
            Cause::Stuck => "its turn can never come: what it needs waits for it".into(),
        }
    }
}
