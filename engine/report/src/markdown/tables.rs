//! Tables of the sign-off document: inputs, criteria, checks, evidence, files.

use std::fmt::Write as _;

use super::{inline, word};
use crate::Summary;
use crate::criteria::{Judgement, State};
use crate::style::elapsed;

pub(super) fn inputs(out: &mut String, summary: &Summary) {
    let Some(inputs) = summary.run.inputs.as_object().filter(|inputs| !inputs.is_empty()) else { return };
    out.push_str("## Inputs\n\n| input | value |\n| --- | --- |\n");
    for (name, value) in inputs {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = writeln!(out, "| {} | {} |", inline(name), inline(&value));
    }
    out.push('\n');
}

pub(super) fn criteria(out: &mut String, summary: &Summary) {
    let judgements = summary.judgements();
    if judgements.is_empty() {
        return;
    }
    out.push_str("## Criteria\n\n| criterion | text | verdict | proved by |\n| --- | --- | --- | --- |\n");
    for judgement in &judgements {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            inline(&judgement.criterion.id),
            inline(&judgement.criterion.title),
            state(judgement.state),
            proofs(judgement),
        );
    }
    out.push('\n');
}

fn state(state: State) -> String {
    match state {
        State::Validated => state.words().to_owned(),
        State::Failed | State::NotValidated => format!("**{}**", state.words()),
    }
}

fn proofs(judgement: &Judgement<'_>) -> String {
    if judgement.by.is_empty() {
        return judgement.why();
    }
    let words = judgement.by.iter().map(|node| format!("`{}` {}", node.planned.id, node.word()));
    words.collect::<Vec<_>>().join(", ")
}

pub(super) fn checks(out: &mut String, summary: &Summary) {
    out.push_str(
        "## Checks\n\n| check | title | kind | where | verdict | took |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for node in summary.checks() {
        let planned = &node.planned;
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} |",
            planned.id,
            inline(&planned.title),
            planned.kind.as_deref().unwrap_or(""),
            inline(&planned.place),
            word(node),
            node.seconds().map(elapsed).unwrap_or_default(),
        );
    }
    out.push('\n');
}

pub(super) fn evidence(out: &mut String, summary: &Summary) {
    if summary.checks().all(|node| node.seen.is_empty()) {
        return;
    }
    out.push_str("## Evidence\n\n| check | look | kept in | SHA-256 |\n| --- | --- | --- | --- |\n");
    for node in summary.checks() {
        for seen in &node.seen {
            let place = match &seen.file {
                Some(file) if seen.cut => format!("{} (cut)", inline(file)),
                Some(file) => inline(file),
                None => format!("journal.jsonl, line {}", seen.line),
            };
            let hash = seen.sha256.as_deref().unwrap_or("");
            let _ = writeln!(out, "| `{}` | {} | {place} | {hash} |", node.planned.id, seen.attempt);
        }
    }
    out.push('\n');
}

pub(super) fn files(out: &mut String, summary: &Summary) {
    if summary.run.files.is_empty() {
        return;
    }
    out.push_str("## Files\n\n| file | SHA-256 |\n| --- | --- |\n");
    for (name, sha256) in &summary.run.files {
        let _ = writeln!(out, "| {} | {sha256} |", inline(name));
    }
}
