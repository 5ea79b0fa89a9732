//! The end of a run for a person at a terminal: only what did not pass in detail, the verdict last.

mod failure;
mod groups;

use std::fmt::Write as _;

use crate::Summary;
use crate::shared::Told;
use crate::style::{Paint, elapsed, harmless};
use crate::summary::Node;
use crate::verdict::RunVerdict;

/// More failures than this are counted, not drawn.
const MOST: usize = 50;

/// The whole text; ends with a line end.
#[must_use]
pub fn text(summary: &Summary, paint: Paint) -> String {
    let mut out = String::new();
    failures(&mut out, summary, paint);
    groups::blocked(&mut out, summary, paint);
    groups::skipped(&mut out, summary, paint);
    groups::stopped(&mut out, summary, paint);
    groups::criteria(&mut out, summary, paint);
    groups::environment(&mut out, summary, paint);
    groups::left(&mut out, summary, paint);
    for remark in &summary.remarks {
        let _ = writeln!(out, "{} {}", paint.odd("note:"), harmless(remark));
    }
    last_line(&mut out, summary, paint);
    out
}

/// The story of one check that did not pass; ends with a line end.
#[must_use]
pub fn failure(summary: &Summary, node: &Node, paint: Paint) -> String {
    failure::text(summary, node, paint)
}

/// What the run still leaves behind, after a clean-up; ends with a line end.
#[must_use]
pub fn leftovers(summary: &Summary, paint: Paint) -> String {
    let mut out = String::new();
    groups::left(&mut out, summary, paint);
    if out.is_empty() {
        let _ = writeln!(out, "{}: {}", summary.run.run, paint.good("nothing is left behind"));
    }
    out
}

fn failures(out: &mut String, summary: &Summary, paint: Paint) {
    let told = summary.told();
    for one in told.iter().take(MOST) {
        match one {
            Told::One(node) => out.push_str(&failure::text(summary, node, paint)),
            Told::Shared(nodes) => out.push_str(&failure::shared(nodes, paint)),
        }
        out.push('\n');
    }
    let count = |one: &Told<'_>| match one {
        Told::One(_) => 1,
        Told::Shared(nodes) => nodes.len(),
    };
    let more: usize = told.iter().skip(MOST).map(count).sum();
    if more > 0 {
        let _ = writeln!(out, "… and {more} more that did not pass\n");
    }
}

fn last_line(out: &mut String, summary: &Summary, paint: Paint) {
    let run = &summary.run;
    let verdict = summary.verdict();
    let word = match verdict {
        RunVerdict::Passed => paint.good(verdict.word()),
        RunVerdict::NothingJudged | RunVerdict::Interrupted | RunVerdict::Unfinished => paint.odd(verdict.word()),
        RunVerdict::Failed | RunVerdict::Broken => paint.bad(verdict.word()),
    };
    if let Some(journal) = &summary.journal {
        let _ = writeln!(out, "{} {}", paint.dim("run:"), harmless(&journal.dir));
    }
    let exit = summary.exit.map(|exit| format!(" (exit {exit})")).unwrap_or_default();
    let time = summary.seconds().map(|seconds| format!(" in {}", elapsed(seconds))).unwrap_or_default();
    let _ = writeln!(out, "{}: {word}{exit}{time}: {}", paint.bold(&harmless(&run.suite)), summary.reason());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn plain(sample: Sample) -> String {
        text(&sample.summary(), Paint::Plain)
    }

    #[test]
    fn a_passed_run_is_one_line() {
        let said = plain(Sample::new(&["a", "b"]).passed(0).passed(1).ended(0));
        assert_eq!(
            said,
            "environment: strimzi: a stand-in of the lab\nstory-49: passed (exit 0) in 4.0s: 2 checks passed\n"
        );
    }

    #[test]
    fn passed_checks_are_not_listed_beside_a_failure() {
        let said = plain(Sample::new(&["good", "bad"]).passed(0).failed(1, "2 == 3").ended(1));
        assert!(!said.contains("good"), "{said}");
    }

    #[test]
    fn more_failures_than_can_be_read_are_counted() {
        let ids: Vec<String> = (0..60).map(|n| format!("c{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let sample = (0..60).fold(Sample::new(&ids), |sample, n| sample.failed(n, "2 == 3"));
        let said = plain(sample.ended(1));
        assert!(said.contains("… and 10 more that did not pass"), "{said}");
    }

    #[test]
    fn one_cause_is_one_block_and_every_check_still_counts() {
        let ids: Vec<String> = (0..22).map(|n| format!("c{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let sample = (0..22).fold(Sample::new(&ids), |sample, n| sample.unreachable(n, "GET /api: refused"));
        let said = plain(sample.ended(1));
        assert_eq!(said.matches("could not observe").count(), 1, "{said}");
        assert!(said.contains("22 error of 22 checks"), "{said}");
    }

    #[test]
    fn without_colours_there_is_no_escape_code() {
        let sample = Sample::new(&["a"]).failed(0, "\u{1b}[31mred").ended(1);
        assert!(!plain(sample).contains('\u{1b}'));
    }

    #[test]
    fn what_was_left_behind_is_listed() {
        let said = plain(Sample::new(&["a"]).made(0, 1, "ConfigMap default/x").left(1, "forbidden").ended(3));
        assert!(said.contains("left behind: ConfigMap default/x (made by a): forbidden"), "{said}");
    }
}
