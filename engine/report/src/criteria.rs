//! What became of the items that the story asks for. A skip validates nothing.

use checkrun_model::Verdict;
use checkrun_model::event::Criterion;
use serde::Serialize;

use crate::summary::{Node, Summary};

/// The fate of a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Every check that covers it passed, and there is at least one.
    Validated,
    /// A check that covers it failed.
    Failed,
    /// A check that covers it was skipped, blocked, not able to observe, or there is none.
    NotValidated,
}

impl State {
    /// The words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Validated => "validated",
            Self::Failed => "failed",
            Self::NotValidated => "not validated",
        }
    }
}

/// A criterion with the checks that stand for it.
#[derive(Debug, Clone)]
pub struct Judgement<'a> {
    /// The item.
    pub criterion: &'a Criterion,
    /// Its fate.
    pub state: State,
    /// Checks and groups that cover it, in the order of the plan.
    pub by: Vec<&'a Node>,
}

impl Judgement<'_> {
    /// Why it is not validated, in one line; empty where it is.
    #[must_use]
    pub fn why(&self) -> String {
        if self.by.is_empty() {
            return "no check covers it".to_owned();
        }
        let wrong = self.by.iter().filter(|node| node.verdict() != Some(Verdict::Passed));
        let words: Vec<String> = wrong.map(|node| format!("{} {}", node.planned.id, node.word())).collect();
        words.join(", ")
    }
}

/// Criteria that a selection left in the run, and how many it left out.
#[derive(Debug, Clone)]
pub struct Selected<'a> {
    /// Those that a selected check covers; all of them where nothing was left out by a selection.
    pub judgements: Vec<Judgement<'a>>,
    /// The others.
    pub left_out: usize,
}

/// How many criteria came to which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Validated.
    pub validated: usize,
    /// Failed.
    pub failed: usize,
    /// Not validated.
    pub not_validated: usize,
}

impl Counts {
    /// Counts `judgements`.
    #[must_use]
    pub fn of(judgements: &[Judgement<'_>]) -> Self {
        let count = |state| judgements.iter().filter(|judgement| judgement.state == state).count();
        Self {
            validated: count(State::Validated),
            failed: count(State::Failed),
            not_validated: count(State::NotValidated),
        }
    }
}

impl Summary {
    /// The criteria that this run is about.
    #[must_use]
    pub fn selected(&self) -> Selected<'_> {
        let mut judgements = self.judgements();
        let all = judgements.len();
        if self.checks().any(|node| node.planned.unselected) {
            judgements.retain(|judgement| judgement.by.iter().any(|node| !node.planned.unselected));
        }
        Selected { left_out: all - judgements.len(), judgements }
    }

    /// Every criterion with its fate, in the order of the suite.
    #[must_use]
    pub fn judgements(&self) -> Vec<Judgement<'_>> {
        let mut by: std::collections::HashMap<&str, Vec<&Node>> = std::collections::HashMap::new();
        for node in &self.nodes {
            for id in &node.planned.covers {
                by.entry(id).or_default().push(node);
            }
            // A group may pass although a minor member did not, or was left out: what it covers is not shown then.
            let unshown = !node.planned.group && (node.did_not_pass() || self.is_left_out(node));
            for group in self.groups_of(node).filter(|_| unshown) {
                for id in &group.planned.covers {
                    by.entry(id).or_default().push(node);
                }
            }
        }
        self.criteria
            .iter()
            .map(|criterion| {
                let by = by.remove(criterion.id.as_str()).unwrap_or_default();
                Judgement { criterion, state: state(&by), by }
            })
            .collect()
    }
}

fn state(by: &[&Node]) -> State {
    if by.iter().any(|node| node.verdict() == Some(Verdict::Failed)) {
        return State::Failed;
    }
    let validated = !by.is_empty() && by.iter().all(|node| node.verdict() == Some(Verdict::Passed));
    if validated { State::Validated } else { State::NotValidated }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn fate(sample: Sample) -> State {
        sample.summary().judgements()[0].state
    }

    fn two() -> Sample {
        Sample::new(&["a", "b"]).criterion("AC1").covers(0, "AC1").covers(1, "AC1")
    }

    #[test]
    fn validated_when_all_that_cover_it_passed() {
        assert_eq!(fate(two().passed(0).passed(1)), State::Validated);
    }

    #[test]
    fn one_failed_check_fails_it() {
        assert_eq!(fate(two().passed(0).failed(1, "2 == 3")), State::Failed);
    }

    #[test]
    fn a_minor_member_that_fails_keeps_its_group_from_validating() {
        let sample = || Sample::new(&["g", "g.a", "g.b"]).group(0, &[1, 2]).criterion("AC1").covers(0, "AC1").passed(1);
        assert_eq!(fate(sample().passed(2).passed(0)), State::Validated);
        let failed = sample().failed(2, "x").passed(0).summary();
        assert_eq!(failed.judgements()[0].state, State::Failed);
        assert_eq!(failed.judgements()[0].why(), "g.b failed");
    }

    #[test]
    fn a_minor_member_that_was_left_out_keeps_its_group_from_validating() {
        let sample = || Sample::new(&["g", "g.a", "g.b"]).group(0, &[1, 2]).minor(2).criterion("AC1").covers(0, "AC1");
        let part = sample().passed(1).unselected(2).passed(0).summary();
        assert_eq!(part.judgements()[0].state, State::NotValidated);
        assert_eq!(part.judgements()[0].why(), "g.b skipped");
        let mut when = crate::sample::judged(2, Verdict::Skipped);
        when.started = None;
        assert_eq!(fate(sample().passed(1).fate(when).passed(0)), State::Validated, "its author left it out");
    }

    #[test]
    fn a_selection_is_about_the_criteria_that_it_covers_and_validates_none_by_a_part_of_its_checks() {
        let sample = Sample::new(&["a", "b", "c"]).criterion("AC1").criterion("AC2").criterion("AC3");
        let sample = sample.covers(0, "AC1").covers(1, "AC1").covers(2, "AC2").covers(0, "AC3");
        let summary = sample.clone().passed(0).unselected(1).unselected(2).summary();
        let selected = summary.selected();
        let states: Vec<_> = selected.judgements.iter().map(|one| (&*one.criterion.id, one.state)).collect();
        assert_eq!(states, [("AC1", State::NotValidated), ("AC3", State::Validated)]);
        assert_eq!(selected.left_out, 1);
        assert_eq!(sample.passed(0).passed(1).passed(2).summary().selected().left_out, 0);
    }

    #[test]
    fn a_skip_validates_nothing() {
        assert_eq!(fate(two().skipped(0, "--skip").skipped(1, "--skip")), State::NotValidated);
        assert_eq!(fate(two().passed(0).skipped(1, "not allowed")), State::NotValidated);
    }

    #[test]
    fn what_could_not_be_observed_validates_nothing() {
        assert_eq!(fate(two().passed(0).broken(1, "connection refused")), State::NotValidated);
        assert_eq!(fate(two().passed(0)), State::NotValidated);
    }

    #[test]
    fn what_no_check_covers_is_not_validated() {
        let summary = Sample::new(&["a"]).criterion("AC1").passed(0).summary();
        assert_eq!(summary.judgements()[0].state, State::NotValidated);
        assert_eq!(summary.judgements()[0].why(), "no check covers it");
    }
}
