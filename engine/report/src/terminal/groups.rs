//! What is told together: the blocked by their root, the skipped by their reason, criteria by their group.

use std::fmt::Write as _;

use crate::Summary;
use crate::criteria::{Counts, Judgement, Selected, State};
use crate::style::{Paint, cut, harmless};
use crate::summary::Node;
use crate::verdict::{criteria_counted, things};

/// Ids of one group that are named before the rest is counted.
const MOST_IDS: usize = 6;

pub(super) fn blocked(out: &mut String, summary: &Summary, paint: Paint) {
    for (root, nodes) in summary.blocked_by_root() {
        let word = paint.odd("blocked");
        let _ = writeln!(out, "{word} by {}: {}", paint.bold(&harmless(&root)), ids(&nodes));
    }
}

pub(super) fn skipped(out: &mut String, summary: &Summary, paint: Paint) {
    for (reason, nodes) in summary.skipped_by_reason() {
        let count = things(nodes.len(), "check");
        let _ = writeln!(out, "{} {count}, {}: {}", paint.odd("skipped"), harmless(&reason), ids(&nodes));
    }
}

pub(super) fn ids(nodes: &[&Node]) -> String {
    let named: Vec<&str> = nodes.iter().take(MOST_IDS).map(|node| &*node.planned.id).collect();
    match nodes.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// What a stop left without a verdict: not looked at to the end, not begun.
pub(super) fn stopped(out: &mut String, summary: &Summary, paint: Paint) {
    let by = summary.interrupted.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    let (ended, never) = summary.stopped();
    for (word, why, nodes) in [("stopped", format!("{by} while they looked"), ended), ("not run", String::new(), never)]
    {
        if !nodes.is_empty() {
            let count = things(nodes.len(), "check");
            let _ = writeln!(out, "{} {count}{}: {}", paint.odd(word), harmless(&why), ids(&nodes));
        }
    }
}

/// One row a group of criteria; those that are not validated are named with the reason. Groups that no check
/// covers at all are named together.
pub(super) fn criteria(out: &mut String, summary: &Summary, paint: Paint) {
    let Selected { judgements, left_out } = summary.selected();
    if !judgements.is_empty() {
        table(out, &judgements, paint);
    }
    if left_out > 0 {
        let verb = if left_out == 1 { "is" } else { "are" };
        let line = format!("{} {verb} not in this run: no selected check covers them", criteria_counted(left_out));
        let _ = writeln!(out, "{}", paint.dim(&line));
    }
}

fn table(out: &mut String, judgements: &[Judgement<'_>], paint: Paint) {
    let covered = |group: &&(&str, Vec<Judgement<'_>>)| group.1.iter().any(|one| !one.by.is_empty());
    let (groups, bare): (Vec<_>, Vec<_>) = grouped(judgements).into_iter().partition(|group| covered(&group));
    let widest = groups.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max("criteria".len());
    let _ = writeln!(out, "{:widest$}  validated  failed  not validated", "criteria");
    for (name, judgements) in &groups {
        row(out, name, judgements, widest, paint);
    }
    if !bare.is_empty() {
        let names: Vec<&str> = bare.iter().map(|(name, _)| *name).collect();
        let count: usize = bare.iter().map(|(_, judgements)| judgements.len()).sum();
        let line = format!("no check covers any criterion of {} ({count} together)", names.join(", "));
        let _ = writeln!(out, "{}", paint.odd(&harmless(&line)));
    }
}

fn row(out: &mut String, name: &str, judgements: &[Judgement<'_>], widest: usize, paint: Paint) {
    let counts = Counts::of(judgements);
    let failed = format!("{:>6}", counts.failed);
    let failed = if counts.failed > 0 { paint.bad(&failed) } else { failed };
    let missing = format!("{:>13}", counts.not_validated);
    let missing = if counts.not_validated > 0 { paint.odd(&missing) } else { missing };
    let why = reasons(judgements);
    let line = format!("{name:widest$}  {:>9}  {failed}  {missing}  {}", counts.validated, paint.dim(&harmless(&why)));
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Why criteria of one group are not validated: those that checks cover by name, the others by their number.
fn reasons(judgements: &[Judgement<'_>]) -> String {
    let (bare, wrong): (Vec<&Judgement<'_>>, Vec<_>) =
        judgements.iter().filter(|one| one.state != State::Validated).partition(|one| one.by.is_empty());
    let named = wrong.iter().take(MOST_IDS).map(|one| format!("{} ({})", one.criterion.id, one.why()));
    let mut parts = vec![cut(&named.collect::<Vec<_>>().join("; "), 160).into_owned()];
    if wrong.len() > MOST_IDS {
        parts.push(format!("{} more", wrong.len() - MOST_IDS));
    }
    if !bare.is_empty() {
        parts.push(format!("{} covered by no check", bare.len()));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

/// By group, in the order in which groups first turn up.
fn grouped<'a>(judgements: &[Judgement<'a>]) -> Vec<(&'a str, Vec<Judgement<'a>>)> {
    let mut groups: Vec<(&str, Vec<Judgement<'a>>)> = Vec::new();
    for judgement in judgements {
        let name = judgement.criterion.group.as_str();
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push(judgement.clone()),
            None => groups.push((name, vec![judgement.clone()])),
        }
    }
    groups
}

pub(super) fn environment(out: &mut String, summary: &Summary, paint: Paint) {
    for sentence in &summary.run.environment {
        let _ = writeln!(out, "{} {}", paint.dim("environment:"), harmless(sentence));
    }
}

pub(super) fn left(out: &mut String, summary: &Summary, paint: Paint) {
    for left in summary.left_behind() {
        let by = left.check.as_ref().map(|check| format!(" (made by {check})")).unwrap_or_default();
        let what = format!("{}{by}: {}", left.object, left.why);
        let _ = writeln!(out, "{} {}", paint.bad("left behind:"), harmless(&what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn said(write: fn(&mut String, &Summary, Paint), sample: Sample) -> String {
        let mut out = String::new();
        write(&mut out, &sample.summary(), Paint::Plain);
        out
    }

    #[test]
    fn blocked_checks_stand_under_their_root() {
        let sample = Sample::new(&["root", "b", "c"]).failed(0, "x").blocked(1, 0).blocked(2, 0);
        assert_eq!(said(blocked, sample), "blocked by root: b, c\n");
    }

    #[test]
    fn skipped_checks_stand_under_their_reason() {
        let sample = Sample::new(&["a", "b", "c"]).skipped(0, "--only").skipped(1, "not allowed").skipped(2, "--only");
        assert_eq!(said(skipped, sample), "skipped 2 checks, --only: a, c\nskipped 1 check, not allowed: b\n");
    }

    #[test]
    fn what_a_stop_ended_stands_apart_from_what_it_kept_from_starting() {
        let stop = checkrun_model::event::Event::Interrupted { by: "--timeout 5m".into() };
        let sample = Sample::new(&["a", "b", "c"]).event(stop).stopped(0, checkrun_model::Verdict::Error);
        let sample = sample.stopped(1, checkrun_model::Verdict::Skipped).stopped(2, checkrun_model::Verdict::Skipped);
        let text = "stopped 1 check by --timeout 5m while they looked: a\nnot run 2 checks: b, c\n";
        assert_eq!(said(stopped, sample), text);
    }

    #[test]
    fn criteria_that_no_selected_check_covers_are_only_counted() {
        let sample = Sample::new(&["a", "b"]).criterion("AC1").criterion("AC2").covers(0, "AC1").covers(1, "AC2");
        let said = said(criteria, sample.passed(0).unselected(1));
        assert!(said.contains("AC1") && !said.contains("AC2"), "{said}");
        assert!(said.ends_with("1 criterion is not in this run: no selected check covers them\n"), "{said}");
    }

    #[test]
    fn criteria_are_counted_by_group_and_the_unproven_named() {
        let sample = Sample::new(&["a", "b"]).criterion("AC1.v1").criterion("AC1.v2").criterion("AC2.v1");
        let sample = sample.criterion("AC1.e1").covers(0, "AC1.v1").covers(1, "AC1.v2").passed(0).failed(1, "x");
        insta::assert_snapshot!(said(criteria, sample), @r"
        criteria  validated  failed  not validated
        AC1               1       1              1  AC1.v2 (b failed); 1 covered by no check
        no check covers any criterion of AC2 (1 together)
        ");
    }
}
