//! One check that did not pass: the line of YAML that asked, what was seen, what to look at next.

use std::fmt::Write as _;

use checkrun_model::event::{Finding, Judged, Outcome};
use jiff::Timestamp;

use crate::Summary;
use crate::shared::place;
use crate::snippet;
use crate::style::{Paint, cut, elapsed, harmless};
use crate::summary::Node;
use crate::verdict::things;

use super::groups::ids;

/// Lines under one expectation, and changes of one wait, beyond which the rest is counted.
const MOST_LINES: usize = 8;
/// Characters of one line of what was seen.
const WIDEST: usize = 240;

/// The whole story of `node`; ends with a line end.
pub(super) fn text(summary: &Summary, node: &Node, paint: Paint) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{} {}", paint.verdict(node.verdict(), node.word()), paint.bold(&harmless(&node.name())));
    let Some(judged) = &node.judged else { return out };
    let wrong: Vec<&Finding> = judged.findings.iter().filter(|finding| is_wrong(finding)).collect();
    for finding in &wrong {
        finding_text(&mut out, finding, paint);
    }
    if wrong.is_empty() {
        let _ = writeln!(out, "  --> {}:{}", harmless(&node.planned.file), node.planned.line);
    }
    trouble(&mut out, judged, wrong.is_empty(), paint);
    transitions(&mut out, judged, paint);
    facts(&mut out, summary, node, judged, paint);
    out
}

/// What several checks met at one place, told by the first of them; ends with a line end.
pub(super) fn shared(nodes: &[&Node], paint: Paint) -> String {
    let mut out = String::new();
    let Some((node, judged)) = nodes.iter().find_map(|node| node.judged.as_ref().map(|judged| (node, judged))) else {
        return out;
    };
    let place = judged.broken.as_ref().map_or("", |broken| place(node, broken));
    let at = if place.is_empty() { String::new() } else { format!(", {place}") };
    let title = format!("{}{at}", things(nodes.len(), "check"));
    let _ = writeln!(out, "{} {}", paint.verdict(node.verdict(), node.word()), paint.bold(&harmless(&title)));
    trouble(&mut out, judged, true, paint);
    let _ = writeln!(out, "  {} {}", paint.dim("checks:"), harmless(&ids(nodes)));
    if nodes.iter().all(|node| node.planned.severity == checkrun_model::Importance::Minor) {
        let _ = writeln!(out, "  {}", paint.dim("all minor: they do not fail the run"));
    }
    out
}

/// Whether this expectation is a reason for the verdict.
pub(crate) fn is_wrong(finding: &Finding) -> bool {
    matches!(finding.outcome, Outcome::Unmet | Outcome::Final | Outcome::Error)
}

fn finding_text(out: &mut String, finding: &Finding, paint: Paint) {
    let seen = harmless(&finding.seen);
    let seen = cut(&seen, WIDEST);
    match &finding.snippet {
        Some(snippet) => out.push_str(&snippet::draw(snippet, &seen, "  ", paint)),
        None => {
            let _ = writeln!(out, "  {}: {}", harmless(&finding.what), paint.bad(&seen));
        }
    }
    if finding.outcome == Outcome::Error {
        let _ = writeln!(out, "     could not be judged");
    }
    some(out, &finding.details, |out, detail| {
        let _ = writeln!(out, "     = {}", cut(&harmless(detail), WIDEST));
    });
    if let Some(hint) = &finding.hint {
        let _ = writeln!(out, "  {} {}", paint.odd("next:"), harmless(hint));
    }
}

/// The first [`MOST_LINES`] of `items`, then a count.
fn some<T>(out: &mut String, items: &[T], mut line: impl FnMut(&mut String, &T)) {
    for item in items.iter().take(MOST_LINES) {
        line(out, item);
    }
    if items.len() > MOST_LINES {
        let _ = writeln!(out, "     … and {} more", items.len() - MOST_LINES);
    }
}

/// What could not be observed, or a reason that no expectation tells.
fn trouble(out: &mut String, judged: &Judged, alone: bool, paint: Paint) {
    match &judged.broken {
        Some(broken) => {
            let _ =
                writeln!(out, "  {} {}", paint.bad("could not observe:"), cut(&harmless(&broken.cause), WIDEST * 2));
            if let Some(hint) = &broken.hint {
                let _ = writeln!(out, "  {} {}", paint.odd("next:"), harmless(hint));
            }
        }
        None if alone && !judged.reason.is_empty() => {
            let _ = writeln!(out, "  {}", paint.bad(&cut(&harmless(&judged.reason), WIDEST * 2)));
        }
        None => {}
    }
}

/// What a wait saw change, counted from its start. A single one says nothing that is not said above.
fn transitions(out: &mut String, judged: &Judged, paint: Paint) {
    if judged.transitions.len() < 2 {
        return;
    }
    let start = judged.started.unwrap_or(judged.transitions[0].0);
    let _ = writeln!(out, "  {}", paint.dim("what changed while it waited:"));
    some(out, &judged.transitions, |out, (at, what)| {
        let _ = writeln!(out, "     +{} {}", since(start, *at), cut(&harmless(what), WIDEST));
    });
}

fn since(start: Timestamp, at: Timestamp) -> String {
    elapsed(at.duration_since(start).as_secs_f64())
}

fn facts(out: &mut String, summary: &Summary, node: &Node, judged: &Judged, paint: Paint) {
    for note in &judged.notes {
        let _ = writeln!(out, "  {} {}", paint.dim("note:"), harmless(note));
    }
    let mut facts = Vec::new();
    if let Some(seconds) = node.seconds() {
        let looks = if judged.attempts == 1 { "1 look".to_owned() } else { format!("{} looks", judged.attempts) };
        facts.push(format!("{looks} in {}", elapsed(seconds)));
    }
    if !node.planned.place.is_empty() {
        facts.push(node.planned.place.clone());
    }
    if !node.planned.covers.is_empty() {
        facts.push(format!("covers {}", node.planned.covers.join(", ")));
    }
    if node.planned.severity == checkrun_model::Importance::Minor {
        facts.push("minor: does not fail the run".to_owned());
    }
    if !facts.is_empty() {
        let _ = writeln!(out, "  {}", paint.dim(&harmless(&facts.join("; "))));
    }
    if let Some(evidence) = summary.evidence(node) {
        let _ = writeln!(out, "  {} {}", paint.dim("evidence:"), harmless(&evidence));
    }
}

#[cfg(test)]
mod tests {
    use checkrun_model::Verdict;

    use super::*;
    use crate::sample::{Sample, judged, unmet};

    fn first(sample: Sample) -> String {
        let summary = sample.summary();
        text(&summary, &summary.nodes[0], Paint::Plain)
    }

    #[test]
    fn the_caret_stands_under_the_expectation_beside_what_was_seen() {
        let sample = Sample::new(&["brokers-running"]).covers(0, "AC5.v1").seen(0, Some("evidence/ab.json"));
        insta::assert_snapshot!(first(sample.failed(0, "2 == 3")), @r"
        failed brokers-running: The title of brokers-running
            --> checks/a.yaml:14:9
          14 |       - items.len() == inputs.brokers
             |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 2 == 3
             = items.len() is 2
          next: look at the pods of the node pool
          1 look in 2.0s; cluster apps; covers AC5.v1
          evidence: evidence/ab.json
        ");
    }

    #[test]
    fn what_could_not_be_observed_says_why_and_what_to_do() {
        insta::assert_snapshot!(first(Sample::new(&["a"]).seen(0, None).broken(0, "connection refused")), @r"
        error a: The title of a
          --> checks/a.yaml:3
          could not observe: connection refused
          next: is it running?
          1 look in 2.0s; cluster apps
          evidence: journal.jsonl:3
        ");
    }

    #[test]
    fn what_many_met_is_told_once_with_the_place_and_their_ids() {
        let ids: Vec<String> = (0..8).map(|n| format!("c{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let sample = (0..8).fold(Sample::new(&ids), |sample, n| sample.unreachable(n, "GET /api: no answer: refused"));
        let summary = sample.summary();
        let nodes: Vec<&Node> = summary.checks().collect();
        insta::assert_snapshot!(shared(&nodes, Paint::Plain), @r"
        error 8 checks, cluster `apps` at https://a:6443
          could not observe: GET /api: no answer: refused
          next: is it running?
          checks: c0, c1, c2, c3, c4, c5 and 2 more
        ");
    }

    #[test]
    fn a_wait_tells_what_changed() {
        let mut fate = judged(0, Verdict::Failed);
        let start = fate.started.expect("the sample started");
        fate.findings = vec![unmet("2 == 3")];
        fate.transitions = vec![(start, "0 == 3".into()), (fate.ended, "2 == 3".into())];
        let said = first(Sample::new(&["a"]).fate(fate));
        assert!(said.contains("     +0ms 0 == 3\n     +2.0s 2 == 3\n"), "{said}");
    }

    #[test]
    fn only_the_expectations_that_did_not_hold_are_told() {
        let mut fate = judged(0, Verdict::Failed);
        let mut met = unmet("3 == 3");
        met.outcome = Outcome::Met;
        fate.findings = vec![met, unmet("2 == 3")];
        let said = first(Sample::new(&["a"]).fate(fate));
        assert!(!said.contains("3 == 3"), "{said}");
    }
}
