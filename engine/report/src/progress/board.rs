//! What runs, what waits for what, how many are done: kept from events, said on request. Draws nothing.

use std::collections::BTreeMap;

use checkrun_model::Verdict;
use checkrun_model::event::{Event, Line, NodeIndex};
use jiff::Timestamp;

use crate::style::{Paint, cut, elapsed, harmless};

/// The state of a run as far as progress is concerned.
#[derive(Debug, Default)]
pub struct Board {
    ids: Vec<(std::sync::Arc<str>, bool)>,
    checks: usize,
    begun: Option<Timestamp>,
    running: BTreeMap<NodeIndex, Timestamp>,
    waiting: BTreeMap<NodeIndex, String>,
    passed: usize,
    wrong: usize,
    blocked: usize,
    skipped: usize,
    ending: Option<String>,
}

impl Board {
    /// Takes one line.
    pub fn line(&mut self, line: &Line) {
        match &line.event {
            Event::RunStarted(_) => self.begun = Some(line.t),
            Event::Planned { nodes, .. } => {
                self.ids = nodes.iter().map(|node| (node.id.clone(), node.group)).collect();
                self.checks = nodes.iter().filter(|node| !node.group).count();
            }
            Event::Started { node } if !self.is_group(*node) => {
                self.running.insert(*node, line.t);
            }
            Event::Waiting { node, what } => {
                self.waiting.insert(*node, what.clone());
            }
            Event::Judged(judged) => self.judged(judged.node, judged.verdict),
            Event::Interrupted { by } => self.ending = Some(by.clone()),
            _ => {}
        }
    }

    fn judged(&mut self, node: NodeIndex, verdict: Verdict) {
        self.running.remove(&node);
        self.waiting.remove(&node);
        if self.is_group(node) {
            return;
        }
        let count = match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Failed | Verdict::Error => &mut self.wrong,
            Verdict::Blocked => &mut self.blocked,
            Verdict::Skipped => &mut self.skipped,
        };
        *count += 1;
    }

    fn is_group(&self, node: NodeIndex) -> bool {
        self.ids.get(node as usize).is_some_and(|(_, group)| *group)
    }

    /// The id of a node.
    #[must_use]
    pub fn id(&self, node: NodeIndex) -> &str {
        self.ids.get(node as usize).map_or("?", |(id, _)| id)
    }

    /// Counts in one line: `34 of 120 done, 2 not passed`.
    #[must_use]
    pub fn counts(&self, paint: Paint) -> String {
        let done = self.passed + self.wrong + self.blocked + self.skipped;
        let mut parts = vec![format!("{done} of {} done", self.checks)];
        if self.wrong > 0 {
            parts.push(paint.bad(&format!("{} did not pass", self.wrong)));
        }
        for (count, word) in [(self.blocked, "blocked"), (self.skipped, "skipped")] {
            if count > 0 {
                parts.push(paint.odd(&format!("{count} {word}")));
            }
        }
        if let Some(by) = &self.ending {
            parts.push(paint.odd(&format!("stopping ({by})")));
        }
        parts.join(", ")
    }

    /// Time since the run began.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> String {
        elapsed(self.begun.map_or(0.0, |begun| now.duration_since(begun).as_secs_f64()))
    }

    /// What runs and what waits, the longest first; at most `most` lines of `width` characters.
    #[must_use]
    pub fn busy(&self, now: Timestamp, most: usize, width: usize) -> Vec<String> {
        let mut running: Vec<(&NodeIndex, &Timestamp)> = self.running.iter().collect();
        running.sort_by_key(|(node, since)| (**since, **node));
        let mut lines: Vec<String> = running.iter().map(|(node, since)| self.busy_line(**node, **since, now)).collect();
        let not_yet = self.waiting.iter().filter(|(node, _)| !self.running.contains_key(node));
        lines.extend(not_yet.map(|(node, what)| format!("{}: {what}", self.id(*node))));
        if lines.len() > most {
            let more = lines.len() - most.saturating_sub(1);
            lines.truncate(most.saturating_sub(1));
            lines.push(format!("… and {more} more"));
        }
        lines.iter().map(|line| cut(&harmless(line), width).into_owned()).collect()
    }

    fn busy_line(&self, node: NodeIndex, since: Timestamp, now: Timestamp) -> String {
        let time = elapsed(now.duration_since(since).as_secs_f64());
        let waits = self.waiting.get(&node).map(|what| format!(": {what}")).unwrap_or_default();
        format!("{} ({time}){waits}", self.id(node))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::sample::Sample;

    fn board(sample: &Sample) -> (Board, Timestamp) {
        let mut board = Board::default();
        let lines = sample.lines();
        for line in &lines {
            board.line(line);
        }
        (board, lines[0].t + SignedDuration::from_secs(60))
    }

    #[test]
    fn what_runs_is_said_with_its_time_and_what_it_waits_for() {
        let wait = Event::Waiting { node: 0, what: "not yet: ready".into() };
        let (board, now) = board(&Sample::new(&["a", "b"]).event(Event::Started { node: 0 }).event(wait));
        assert_eq!(board.busy(now, 5, 80), ["a (58.0s): not yet: ready"]);
    }

    #[test]
    fn what_waits_for_a_lock_is_said_without_a_time() {
        let wait = Event::Waiting { node: 1, what: "lock kafka held by a".into() };
        let (board, now) = board(&Sample::new(&["a", "b"]).event(wait));
        assert_eq!(board.busy(now, 5, 80), ["b: lock kafka held by a"]);
    }

    #[test]
    fn what_is_judged_runs_no_more() {
        let (board, now) = board(&Sample::new(&["a"]).event(Event::Started { node: 0 }).failed(0, "x"));
        assert!(board.busy(now, 5, 80).is_empty());
        assert_eq!(board.counts(Paint::Plain), "1 of 1 done, 1 did not pass");
    }

    #[test]
    fn more_than_fits_is_counted() {
        let sample = (0..4).fold(Sample::new(&["a", "b", "c", "d"]), |s, node| s.event(Event::Started { node }));
        let (board, now) = board(&sample);
        let busy = board.busy(now, 3, 80);
        assert_eq!((busy.len(), busy[2].as_str()), (3, "… and 2 more"));
    }

    #[test]
    fn groups_are_not_counted() {
        let mut sample = Sample::new(&["group", "group.a"]);
        sample.nodes[0].group = true;
        let (board, _) = board(&sample.passed(1).passed(0));
        assert_eq!(board.counts(Paint::Plain), "1 of 1 done");
    }
}
