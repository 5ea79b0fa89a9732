//! Lines of a journal into a [`Summary`], one by one. Passes over what it does not know.

use std::sync::Arc;

use checkrun_model::event::{Event, Line, NodeIndex, RunStarted};
use checkrun_model::{Intent, IntentId};
use jiff::Timestamp;

use crate::summary::{EffectState, Effected, Left, Node, Seen, Summary};

/// A fold that is not finished; feed it lines in order.
#[derive(Debug, Default)]
pub struct Fold {
    summary: Option<Summary>,
}

impl Fold {
    /// All lines at once.
    pub fn all<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Self {
        let mut fold = Self::default();
        for line in lines {
            fold.line(line);
        }
        fold
    }

    /// What is known so far; none before the first event of a run.
    #[must_use]
    pub fn summary(self) -> Option<Summary> {
        self.summary
    }

    /// Takes one line.
    pub fn line(&mut self, line: &Line) {
        if let Event::RunStarted(run) = &line.event {
            if self.summary.is_none() {
                self.summary = Some(begin(run, line.t));
            }
            return;
        }
        if let Some(summary) = &mut self.summary {
            summary.take(line);
        }
    }
}

fn begin(run: &RunStarted, started: Timestamp) -> Summary {
    Summary {
        run: run.clone(),
        started,
        ended: None,
        exit: None,
        remarks: Vec::new(),
        interrupted: None,
        nodes: Vec::new(),
        criteria: Vec::new(),
        intents: std::collections::BTreeMap::new(),
        left: Vec::new(),
        journal: None,
    }
}

impl Summary {
    fn take(&mut self, line: &Line) {
        match &line.event {
            Event::Planned { nodes, criteria } => {
                let node = |planned: &_| Node { planned: Clone::clone(planned), judged: None, seen: Vec::new() };
                self.nodes = nodes.iter().map(node).collect();
                self.criteria.clone_from(criteria);
            }
            Event::Observed { node, attempt, seen, notes, .. } => {
                if let Some(node) = self.nodes.get_mut(*node as usize) {
                    node.seen.push(Seen::new(*attempt, line.seq + 1, seen, notes));
                }
            }
            Event::Judged(judged) => {
                if let Some(node) = self.nodes.get_mut(judged.node as usize) {
                    node.judged = Some(Arc::clone(judged));
                }
            }
            Event::Intended { intent, node, what } => self.intended(*intent, *node, what),
            Event::Made { intent, .. } => self.came_to(*intent, EffectState::Made),
            Event::Void { intent } => self.came_to(*intent, EffectState::Void),
            Event::Undone { intent, unknown: Some(why), .. } => {
                self.came_to(*intent, EffectState::NotSeen(why.clone()));
            }
            Event::Undone { intent, .. } => self.came_to(*intent, EffectState::Undone),
            Event::LeftBehind { intent: Some(intent), why, .. } if self.intents.contains_key(intent) => {
                self.came_to(*intent, EffectState::Left(why.clone()));
            }
            Event::LeftBehind { object, why, .. } => self.leave(object, why),
            Event::Interrupted { by } => self.interrupted = Some(by.clone()),
            Event::RunEnded { exit, remarks } => {
                self.ended = Some(line.t);
                self.exit = Some(*exit);
                self.remarks.clone_from(remarks);
            }
            Event::RunStarted(_)
            | Event::Started { .. }
            | Event::Waiting { .. }
            | Event::CleanedUp { .. }
            | Event::Unknown => {}
        }
    }

    fn intended(&mut self, intent: IntentId, node: NodeIndex, what: &Intent) {
        let effect = Effected { node, object: what.object.clone(), undo: what.undo, state: EffectState::Announced };
        self.intents.insert(intent, effect);
    }

    fn came_to(&mut self, intent: IntentId, state: EffectState) {
        if let Some(effect) = self.intents.get_mut(&intent) {
            effect.state = state;
        }
    }

    fn leave(&mut self, object: &str, why: &str) {
        self.left.push(Left { object: object.to_owned(), why: why.to_owned(), check: None });
    }
}

#[cfg(test)]
mod tests {
    use checkrun_model::event::Event;

    use super::*;
    use crate::sample::{Sample, lines};

    #[test]
    fn nothing_is_known_before_the_run_has_started() {
        let stray = lines([Event::Interrupted { by: "SIGINT".into() }]);
        assert!(Fold::all(&stray).summary().is_none());
    }

    #[test]
    fn an_event_of_a_later_version_is_passed_over() {
        let summary = Sample::new(&["a"]).event(Event::Unknown).passed(0).ended(0).summary();
        assert_eq!(summary.totals().passed, 1);
    }

    #[test]
    fn what_was_undone_later_is_not_left_behind() {
        let sample = Sample::new(&["a"]).made(0, 1, "ConfigMap x").left(1, "forbidden").ended(3);
        assert_eq!(sample.clone().summary().left_behind().len(), 1);
        let cleaned = sample.event(Event::Undone { intent: IntentId(1), already_gone: false, unknown: None });
        assert!(cleaned.summary().left_behind().is_empty());
    }

    #[test]
    fn effects_of_a_run_that_was_killed_count_as_left_behind() {
        let killed = Sample::new(&["a"]).made(0, 1, "ConfigMap x").summary();
        let left = killed.left_behind();
        assert_eq!(left[0].object, "ConfigMap x");
        assert_eq!(left[0].check.as_deref(), Some("a"));
    }

    #[test]
    fn checks_that_were_never_judged_are_counted_as_such() {
        let totals = Sample::new(&["a", "b"]).passed(0).summary().totals();
        assert_eq!((totals.checks, totals.passed, totals.unjudged), (2, 1, 1));
    }
}
