//! The verdict of a whole run in one word and one sentence. The exit code decides; the counts explain.

use checkrun_model::{Importance, Verdict};
use serde::Serialize;

use crate::criteria::Counts;
use crate::summary::{Node, Summary, Totals};

/// The fate of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunVerdict {
    /// Exit 0: every required check passed.
    Passed,
    /// Exit 1: a required check did not pass.
    Failed,
    /// Exit 2: nothing was judged, or nothing that was judged passed and it is all minor.
    NothingJudged,
    /// Exit 3: the program could not do its work, or left something behind.
    Broken,
    /// Exit 130: stopped from outside.
    Interrupted,
    /// The journal stops before the run does.
    Unfinished,
}

impl RunVerdict {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NothingJudged => "nothing judged",
            Self::Broken => "broken",
            Self::Interrupted => "interrupted",
            Self::Unfinished => "unfinished",
        }
    }
}

impl Summary {
    /// The fate of the run.
    #[must_use]
    pub fn verdict(&self) -> RunVerdict {
        match self.exit {
            Some(0) if self.contradicts_a_pass() => RunVerdict::Broken,
            Some(0) => RunVerdict::Passed,
            Some(1) => RunVerdict::Failed,
            Some(2) => RunVerdict::NothingJudged,
            Some(130) => RunVerdict::Interrupted,
            Some(_) => RunVerdict::Broken,
            None => RunVerdict::Unfinished,
        }
    }

    /// Whether what may fail a run has no verdict or a bad one: no run that passed has that in its journal.
    fn contradicts_a_pass(&self) -> bool {
        let mut required = self.nodes.iter().filter(|node| node.planned.severity != Importance::Minor);
        required.any(|node| node.was_stopped() || !matches!(node.verdict(), Some(Verdict::Passed | Verdict::Skipped)))
    }

    /// Why it is so, in one sentence without a full stop.
    #[must_use]
    pub fn reason(&self) -> String {
        let mut parts = Vec::new();
        match self.verdict() {
            RunVerdict::NothingJudged => {
                let totals = self.totals();
                let judged = totals.failed + totals.error > 0;
                parts.push(if judged { "no check passed" } else { "no check came to be judged" }.to_owned());
            }
            RunVerdict::Failed if self.interrupted.is_some() => {
                parts.push(format!("stopped by {}", self.interrupted.as_deref().unwrap_or_default()));
            }
            RunVerdict::Interrupted => {
                parts.push(format!("stopped by {}", self.interrupted.as_deref().unwrap_or("a signal")));
            }
            RunVerdict::Unfinished => parts.push("the journal stops before the run does".to_owned()),
            RunVerdict::Broken if self.exit == Some(0) => {
                parts.push("the journal ends with a pass that its verdicts contradict".to_owned());
            }
            RunVerdict::Passed | RunVerdict::Failed | RunVerdict::Broken => {}
        }
        let left = self.left_behind().len();
        if left > 0 {
            parts.push(format!("{} left behind", things(left, "object")));
        }
        parts.push(checks(&self.totals()));
        if self.verdict() == RunVerdict::Passed && self.checks().any(Node::did_not_pass) {
            parts.push("what did not pass is minor".to_owned());
        }
        parts.extend(criteria(&self.selected()));
        parts.join("; ")
    }
}

/// `12 of 12 checks passed`, or `2 failed, 1 blocked, 9 passed of 12 checks`.
fn checks(totals: &Totals) -> String {
    let all = things(totals.checks, "check");
    if totals.passed == totals.checks {
        return format!("{all} passed");
    }
    let counts = [
        (totals.failed, "failed"),
        (totals.error, "error"),
        (totals.blocked, "blocked"),
        (totals.skipped, "skipped"),
        (totals.stopped, "stopped"),
        (totals.not_run, "not run"),
        (totals.unjudged, "not judged"),
        (totals.passed, "passed"),
    ];
    format!("{} of {all}", listed(&counts))
}

fn criteria(selected: &crate::criteria::Selected<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    let judgements = &selected.judgements;
    if !judgements.is_empty() {
        let counts = Counts::of(judgements);
        let words =
            [(counts.failed, "failed"), (counts.not_validated, "not validated"), (counts.validated, "validated")];
        parts.push(format!("{} of {}", listed(&words), criteria_counted(judgements.len())));
    }
    if selected.left_out > 0 {
        parts.push(format!("{} not in this run", criteria_counted(selected.left_out)));
    }
    parts
}

/// `1 criterion`, `2 criteria`.
pub(crate) fn criteria_counted(count: usize) -> String {
    format!("{count} {}", if count == 1 { "criterion" } else { "criteria" })
}

fn listed(counts: &[(usize, &str)]) -> String {
    let words = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    words.collect::<Vec<_>>().join(", ")
}

/// `1 check`, `2 checks`.
pub(crate) fn things(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn a_passed_run_says_how_many() {
        let summary = Sample::new(&["a", "b"]).passed(0).passed(1).ended(0).summary();
        assert_eq!(summary.verdict(), RunVerdict::Passed);
        assert_eq!(summary.reason(), "2 checks passed");
    }

    #[test]
    fn what_is_only_minor_is_called_so_and_proves_nothing_alone() {
        let some = Sample::new(&["a", "b"]).minor(1).passed(0).failed(1, "x").ended(0).summary();
        assert_eq!(some.reason(), "1 failed, 1 passed of 2 checks; what did not pass is minor");
        let none = Sample::new(&["a"]).minor(0).failed(0, "x").ended(2).summary();
        assert_eq!(none.reason(), "no check passed; 1 failed of 1 check");
    }

    #[test]
    fn criteria_without_proof_are_named_beside_a_pass() {
        let summary = Sample::new(&["a"]).criterion("AC1").passed(0).ended(0).summary();
        assert_eq!(summary.reason(), "1 check passed; 1 not validated of 1 criterion");
    }

    #[test]
    fn a_failed_run_counts_every_fate() {
        let sample = Sample::new(&["a", "b", "c"]).failed(0, "x").blocked(1, 0).passed(2).ended(1);
        assert_eq!(sample.summary().reason(), "1 failed, 1 blocked, 1 passed of 3 checks");
    }

    #[test]
    fn an_interrupted_run_names_the_signal() {
        let stop = checkrun_model::event::Event::Interrupted { by: "SIGTERM".into() };
        let summary = Sample::new(&["a"]).event(stop).ended(130).summary();
        assert_eq!(summary.reason(), "stopped by SIGTERM; 1 not judged of 1 check");
    }

    #[test]
    fn what_was_stopped_is_no_error_and_no_skip() {
        let stop = checkrun_model::event::Event::Interrupted { by: "--timeout 5m".into() };
        let sample = Sample::new(&["a", "b", "c"]).passed(0).event(stop).stopped(1, Verdict::Error);
        let summary = sample.stopped(2, Verdict::Skipped).ended(1).summary();
        assert_eq!(summary.verdict(), RunVerdict::Failed);
        assert_eq!(summary.reason(), "stopped by --timeout 5m; 1 stopped, 1 not run, 1 passed of 3 checks");
        assert!(summary.failures().is_empty() && summary.skipped_by_reason().is_empty());
    }

    #[test]
    fn a_journal_that_says_more_than_its_verdicts_is_no_pass() {
        let said = Sample::new(&["a", "b"]).passed(0).failed(1, "x").ended(0).summary();
        assert_eq!(said.verdict(), RunVerdict::Broken);
        assert!(said.reason().starts_with("the journal ends with a pass that its verdicts contradict; 1 failed"));
        assert_eq!(Sample::new(&["a", "b"]).passed(0).ended(0).summary().verdict(), RunVerdict::Broken);
        assert_eq!(Sample::new(&["a", "b"]).passed(0).skipped(1, "x").ended(0).summary().verdict(), RunVerdict::Passed);
        let not_run = Sample::new(&["a", "b"]).passed(0).stopped(1, Verdict::Skipped).ended(0).summary();
        assert_eq!(not_run.verdict(), RunVerdict::Broken);
    }

    #[test]
    fn a_journal_without_an_end_is_unfinished() {
        assert_eq!(Sample::new(&["a"]).passed(0).summary().verdict(), RunVerdict::Unfinished);
    }
}
