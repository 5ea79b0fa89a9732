//! A run as one JSON document of a stable shape; `schemas/report.json` is made from these types.
//!
//! Fields are only ever added while `format` stays the same.

mod shape;

use checkrun_model::event::{Finding, Judged};

pub use shape::Document;
use shape::{Change, Check, CriterionState, Evidence, File, Left, Proof, Run, Seen, Totals, Unmet};

use crate::Summary;
use crate::criteria::Judgement;
use crate::summary::Node;

/// The document of a run; ends with a line end.
#[must_use]
pub fn text(summary: &Summary) -> String {
    let mut text = serde_json::to_string_pretty(&document(summary)).unwrap_or_default();
    text.push('\n');
    text
}

/// JSON Schema of [`Document`].
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

/// The document of a run.
#[must_use]
pub fn document(summary: &Summary) -> Document {
    Document {
        format: 1,
        checkrun: summary.run.version.clone(),
        run: run(summary),
        totals: totals(summary),
        criteria: summary.judgements().iter().map(criterion).collect(),
        checks: summary.nodes.iter().map(|node| check(summary, node)).collect(),
        left_behind: summary
            .left_behind()
            .into_iter()
            .map(|left| Left { object: left.object, why: left.why, check: left.check })
            .collect(),
        kept: summary.kept().into_iter().map(|effect| effect.object.clone()).collect(),
        files: summary
            .run
            .files
            .iter()
            .map(|(name, sha256)| File { name: name.to_string(), sha256: sha256.clone() })
            .collect(),
    }
}

fn run(summary: &Summary) -> Run {
    let run = &summary.run;
    let journal = summary.journal.as_ref();
    Run {
        id: run.run.clone(),
        suite: run.suite.clone(),
        title: run.title.clone(),
        path: run.path.clone(),
        target: run.target.clone(),
        environment: run.environment.clone(),
        sandbox: run.sandbox.is_some(),
        inputs: run.inputs.clone(),
        read_only: run.read_only,
        jobs: run.jobs,
        started: summary.started.to_string(),
        ended: summary.ended.map(|at| at.to_string()),
        seconds: summary.seconds(),
        verdict: summary.verdict(),
        exit: summary.exit,
        reason: summary.reason(),
        interrupted_by: summary.interrupted.clone(),
        remarks: summary.remarks.clone(),
        folder: journal.map(|journal| journal.dir.clone()),
        journal_sha256: journal.and_then(|journal| journal.sha256.clone()),
    }
}

fn totals(summary: &Summary) -> Totals {
    let counts = summary.totals();
    Totals {
        checks: counts.checks,
        passed: counts.passed,
        failed: counts.failed,
        error: counts.error,
        blocked: counts.blocked,
        skipped: counts.skipped,
        stopped: counts.stopped,
        not_run: counts.not_run,
        not_judged: counts.unjudged,
    }
}

fn criterion(judgement: &Judgement<'_>) -> CriterionState {
    CriterionState {
        id: judgement.criterion.id.clone(),
        title: judgement.criterion.title.clone(),
        group: judgement.criterion.group.clone(),
        state: judgement.state,
        why: judgement.why(),
        checks: judgement
            .by
            .iter()
            .map(|node| Proof { id: node.planned.id.to_string(), verdict: node.verdict() })
            .collect(),
    }
}

fn check(summary: &Summary, node: &Node) -> Check {
    let planned = &node.planned;
    let judged = node.judged.as_deref();
    let root = judged.and_then(|judged| judged.root).and_then(|root| summary.node(root));
    Check {
        id: planned.id.to_string(),
        title: planned.title.clone(),
        kind: planned.kind.clone(),
        group: planned.group,
        severity: planned.severity,
        effect: planned.effect,
        place: planned.place.clone(),
        covers: planned.covers.clone(),
        file: planned.file.to_string(),
        line: planned.line,
        verdict: node.verdict(),
        stopped: node.was_stopped(),
        reason: judged.map(|judged| judged.reason.clone()).unwrap_or_default(),
        root: root.map(|root| root.planned.id.to_string()),
        could_not_observe: judged.and_then(|judged| judged.broken.as_ref()).map(|broken| broken.cause.clone()),
        hint: judged.and_then(|judged| judged.broken.as_ref()).and_then(|broken| broken.hint.clone()),
        started: judged.and_then(|judged| judged.started).map(|at| at.to_string()),
        ended: judged.map(|judged| judged.ended.to_string()),
        seconds: node.seconds(),
        attempts: judged.map_or(0, |judged| judged.attempts),
        expectations: judged.map(|judged| judged.findings.iter().map(expectation).collect()).unwrap_or_default(),
        changes: judged.map(changes).unwrap_or_default(),
        saved: judged.map(|judged| judged.saved.clone()).unwrap_or_default(),
        notes: judged.map(|judged| judged.notes.clone()).unwrap_or_default(),
        evidence: node.seen.iter().map(evidence).collect(),
    }
}

fn expectation(finding: &Finding) -> Unmet {
    let place = finding.snippet.as_ref().map(|snippet| &snippet.at);
    Unmet {
        what: finding.what.clone(),
        outcome: finding.outcome,
        file: place.map(|at| at.file.to_string()),
        line: place.map(|at| at.line),
        column: place.map(|at| at.column),
        seen: finding.seen.clone(),
        details: finding.details.clone(),
        hint: finding.hint.clone(),
    }
}

fn changes(judged: &Judged) -> Vec<Change> {
    judged.transitions.iter().map(|(at, what)| Change { at: at.to_string(), what: what.clone() }).collect()
}

fn evidence(seen: &crate::summary::Seen) -> Evidence {
    Evidence {
        attempt: seen.attempt,
        kept: match &seen.file {
            Some(path) => {
                Seen::File { path: path.clone(), sha256: seen.sha256.clone().unwrap_or_default(), cut: seen.cut }
            }
            None => Seen::JournalLine(seen.line),
        },
        notes: seen.notes.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn parsed(sample: Sample) -> serde_json::Value {
        serde_json::from_str(&text(&sample.summary())).expect("the document is JSON")
    }

    #[test]
    fn the_verdict_of_the_run_is_said_with_its_exit_code() {
        let document = parsed(Sample::new(&["a"]).failed(0, "2 == 3").ended(1));
        assert_eq!(document["run"]["verdict"], "failed");
        assert_eq!(document["run"]["exit"], 1);
    }

    #[test]
    fn an_unmet_expectation_has_its_place_and_what_was_seen() {
        let document = parsed(Sample::new(&["a"]).failed(0, "2 == 3").ended(1));
        let unmet = &document["checks"][0]["expectations"][0];
        assert_eq!(
            (&unmet["file"], &unmet["line"], &unmet["column"]),
            (&"checks/a.yaml".into(), &14.into(), &9.into())
        );
        assert_eq!((&unmet["outcome"], &unmet["seen"]), (&"unmet".into(), &"2 == 3".into()));
    }

    #[test]
    fn a_check_that_never_ran_has_no_verdict() {
        let document = parsed(Sample::new(&["a"]));
        assert!(document["checks"][0]["verdict"].is_null());
        assert_eq!(document["run"]["verdict"], "unfinished");
    }

    #[test]
    fn the_root_of_a_blocked_check_is_named() {
        let document = parsed(Sample::new(&["a", "b"]).broken(0, "refused").blocked(1, 0).ended(1));
        assert_eq!(document["checks"][1]["root"], "a");
    }

    #[test]
    fn evidence_is_a_line_of_the_journal_or_a_file() {
        let document = parsed(Sample::new(&["a"]).seen(0, None).seen(0, Some("evidence/x.json")).passed(0).ended(0));
        let evidence = &document["checks"][0]["evidence"];
        assert_eq!(evidence[0]["journal_line"], 3);
        assert_eq!(evidence[1]["file"]["path"], "evidence/x.json");
    }

    #[test]
    fn every_key_of_the_document_is_in_its_schema() {
        let schema = schema();
        let document = parsed(Sample::new(&["a"]).passed(0).ended(0));
        for key in document.as_object().expect("an object").keys() {
            assert!(schema["properties"].get(key).is_some(), "{key}");
        }
    }
}
