//! The document that a platform is signed off with. Everything in it stands in the journal that it names.

mod tables;

use std::fmt::Write as _;

use checkrun_model::Verdict;

use crate::style::{Paint, elapsed, harmless};
use crate::{Summary, terminal};

/// The document; ends with a line end.
#[must_use]
pub fn text(summary: &Summary) -> String {
    let mut out = String::new();
    head(&mut out, summary);
    environment(&mut out, summary);
    tables::inputs(&mut out, summary);
    tables::criteria(&mut out, summary);
    failures(&mut out, summary);
    blocked(&mut out, summary);
    skipped(&mut out, summary);
    stopped(&mut out, summary);
    left(&mut out, summary);
    tables::checks(&mut out, summary);
    tables::evidence(&mut out, summary);
    tables::files(&mut out, summary);
    out
}

fn head(out: &mut String, summary: &Summary) {
    let run = &summary.run;
    let title = if run.title.is_empty() { String::new() } else { format!(": {}", inline(&run.title)) };
    let _ = writeln!(out, "# {}{title}\n", inline(&run.suite));
    let _ = writeln!(out, "**{}**: {}\n", summary.verdict().word(), inline(&summary.reason()));
    let _ = writeln!(out, "| | |\n| --- | --- |");
    let mut row = |key: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "| {key} | {} |", inline(value));
        }
    };
    row("suite", &run.path);
    row("target", &run.target);
    row("run", &run.run);
    row("started", &summary.started.to_string());
    row("ended", &summary.ended.map(|at| at.to_string()).unwrap_or_default());
    row("took", &summary.seconds().map(elapsed).unwrap_or_default());
    row("exit code", &summary.exit.map(|exit| exit.to_string()).unwrap_or_default());
    row("read only", if run.read_only { "yes" } else { "" });
    row("checkrun", &run.version);
    if let Some(journal) = &summary.journal {
        row("journal", &format!("{}/journal.jsonl", journal.dir.trim_end_matches('/')));
        row("journal SHA-256", journal.sha256.as_deref().unwrap_or_default());
    }
    for remark in &summary.remarks {
        row("note", remark);
    }
    out.push('\n');
}

fn environment(out: &mut String, summary: &Summary) {
    if summary.run.environment.is_empty() {
        return;
    }
    out.push_str("## Environment\n\n");
    for sentence in &summary.run.environment {
        let _ = writeln!(out, "- {}", inline(sentence));
    }
    out.push('\n');
}

fn failures(out: &mut String, summary: &Summary) {
    let failures = summary.failures();
    if failures.is_empty() {
        return;
    }
    out.push_str("## What did not pass\n\n");
    for node in failures {
        let _ = writeln!(out, "### {}\n", inline(&node.name()));
        let story = terminal::failure(summary, node, Paint::Plain);
        let fence = fence(&story);
        let _ = writeln!(out, "{fence}text\n{}\n{fence}\n", story.trim_end());
    }
}

fn blocked(out: &mut String, summary: &Summary) {
    let groups = summary.blocked_by_root();
    if groups.is_empty() {
        return;
    }
    out.push_str("## Blocked\n\n");
    for (root, nodes) in groups {
        let _ = writeln!(out, "- by `{root}`: {}", ids(&nodes));
    }
    out.push('\n');
}

fn skipped(out: &mut String, summary: &Summary) {
    let groups = summary.skipped_by_reason();
    if groups.is_empty() {
        return;
    }
    out.push_str("## Skipped\n\nA skipped check validates nothing.\n\n");
    for (reason, nodes) in groups {
        let _ = writeln!(out, "- {}: {}", inline(&reason), ids(&nodes));
    }
    out.push('\n');
}

fn stopped(out: &mut String, summary: &Summary) {
    let (ended, never) = summary.stopped();
    if ended.is_empty() && never.is_empty() {
        return;
    }
    out.push_str("## Stopped\n\nThe run ended before these had a verdict.\n\n");
    for (word, nodes) in [("stopped while they looked", ended), ("not run", never)] {
        if !nodes.is_empty() {
            let _ = writeln!(out, "- {word}: {}", ids(&nodes));
        }
    }
    out.push('\n');
}

fn ids(nodes: &[&crate::summary::Node]) -> String {
    nodes.iter().map(|node| format!("`{}`", node.planned.id)).collect::<Vec<_>>().join(", ")
}

fn left(out: &mut String, summary: &Summary) {
    let (left, kept) = (summary.left_behind(), summary.kept());
    out.push_str("## Left behind\n\n");
    if left.is_empty() && kept.is_empty() {
        out.push_str("Nothing.\n\n");
        return;
    }
    for one in left {
        let by = one.check.map(|check| format!(", made by `{check}`")).unwrap_or_default();
        let _ = writeln!(out, "- {}{by}: {}", inline(&one.object), inline(&one.why));
    }
    for one in kept {
        let _ = writeln!(out, "- {}: kept on purpose", inline(&one.object));
    }
    out.push('\n');
}

/// Text that cannot end the cell, the line or the emphasis that it stands in.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for c in harmless(text).chars() {
        if matches!(c, '|' | '*' | '_' | '`' | '<' | '>' | '[' | ']' | '\\' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A fence longer than any run of backticks in `text`.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// The word for a verdict in a table; what needs a look is bold.
fn word(node: &crate::summary::Node) -> String {
    match node.verdict() {
        Some(Verdict::Failed | Verdict::Error) | None => format!("**{}**", node.word()),
        Some(_) => node.word().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn a_criterion_stands_with_its_verdict_and_the_checks_that_prove_it() {
        let sample = Sample::new(&["a"]).criterion("AC1.v1").covers(0, "AC1.v1").passed(0).ended(0);
        let document = text(&sample.summary());
        assert!(document.contains("| AC1.v1 | The text of AC1.v1 | validated | `a` passed |"), "{document}");
    }

    #[test]
    fn a_failure_is_told_with_its_caret_in_a_fence() {
        let document = text(&Sample::new(&["a"]).failed(0, "2 == 3 ```").ended(1).summary());
        assert!(document.contains("````text\nfailed a") && document.contains("^^^^"), "{document}");
    }

    #[test]
    fn text_from_outside_stays_in_its_cell() {
        assert_eq!(inline("a | b\n<script>"), "a \\| b\\\\n\\<script\\>");
    }

    #[test]
    fn a_run_that_left_nothing_says_so() {
        let document = text(&Sample::new(&["a"]).passed(0).ended(0).summary());
        assert!(document.contains("## Left behind\n\nNothing."), "{document}");
    }

    #[test]
    fn skipped_checks_stand_with_their_reason() {
        let document = text(&Sample::new(&["a"]).skipped(0, "the target allows read").ended(2).summary());
        assert!(document.contains("- the target allows read: `a`"), "{document}");
    }
}
