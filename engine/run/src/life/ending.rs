//! How a check's life is told: verdict, reason, findings, what was seen last.

use checkrun_model::event::{Finding, Judged, Outcome};
use checkrun_model::{Broken, Verdict};
use checkrun_spec::plan::NodeIx;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::look::Seen;
use super::{Life, is_bad, one_line, passed};
use crate::message::Ending;
use crate::room::Saved;
use crate::state::End;

/// Why a check of a run that was stopped has no other verdict.
const STOPPED: &str = "the run was stopped before it had its verdict";

/// So many changes of a wait are told, the last among them.
const TOLD: usize = 40;

/// What is known of a life so far.
#[derive(Debug, Clone)]
pub struct Story {
    ix: NodeIx,
    started: Timestamp,
    /// Looks taken.
    pub attempts: u32,
    /// What a wait saw change.
    pub transitions: Vec<(Timestamp, String)>,
    /// Changes that are not in `transitions` any more.
    pub untold: u32,
    /// Whether it may have done something to the world.
    pub touches: bool,
}

impl Story {
    /// A life that has begun.
    pub fn new(ix: NodeIx, started: Timestamp) -> Self {
        Self { ix, started, attempts: 0, transitions: Vec::new(), untold: 0, touches: false }
    }

    /// Keeps what a wait sees now; whether that is news. After too many changes only the first and the last are told.
    pub fn changes_to(&mut self, what: &str) -> bool {
        if self.transitions.last().is_some_and(|(_, last)| last == what) {
            return false;
        }
        if self.transitions.len() == TOLD {
            self.transitions.remove(TOLD / 2);
            self.untold += 1;
        }
        self.transitions.push((Timestamp::now(), what.to_owned()));
        self.untold == 0
    }

    fn judged(&mut self, verdict: Verdict, reason: String) -> Judged {
        let mut notes = Vec::new();
        if self.untold > 0 {
            notes.push(format!("{} more changes while it waited", self.untold));
        }
        Judged {
            node: self.ix.0,
            verdict,
            reason,
            root: None,
            stopped: false,
            broken: None,
            findings: Vec::new(),
            saved: Json::Null,
            attempts: self.attempts,
            started: Some(self.started),
            ended: Timestamp::now(),
            transitions: std::mem::take(&mut self.transitions),
            notes,
        }
    }

    fn ending(judged: Judged, end: End) -> Ending {
        Ending { end, observed: None, judged, saved: None }
    }

    /// It could not observe.
    pub fn broken(&mut self, broken: Broken) -> Ending {
        self.broken_with(broken, Vec::new())
    }

    /// It could not observe; findings say where in the suite.
    pub fn broken_with(&mut self, broken: Broken, findings: Vec<Finding>) -> Ending {
        let mut judged = self.judged(Verdict::Error, broken.cause.clone());
        judged.broken = Some(Box::new(broken));
        judged.findings = findings;
        Self::ending(judged, Verdict::Error.into())
    }

    /// It did not end at its deadline and may still be at work.
    pub fn hangs(&mut self, broken: Broken) -> Ending {
        let cause = format!("{}; it does not end and was given up", broken.cause);
        let mut ending = self.broken(Broken { cause, ..broken });
        ending.end.abandoned = true;
        ending
    }

    /// The run was stopped while it ran.
    pub fn stopped(&mut self, hangs: bool) -> Ending {
        let mut ending = self.broken(Broken::fatal(STOPPED));
        ending.end.abandoned = hangs;
        ending.judged.stopped = true;
        ending
    }

    /// It may not do what it would do.
    pub fn skipped(&mut self, why: String) -> Ending {
        let judged = self.judged(Verdict::Skipped, why);
        Self::ending(judged, Verdict::Skipped.into())
    }
}

impl Life<'_> {
    /// The verdict of what was seen last.
    pub(super) fn conclude(&mut self, mut seen: Seen, mut notes: Vec<String>) -> Ending {
        let verdict = match (seen.judgement.outcome, &seen.unreadable) {
            (Outcome::Met, None) => Verdict::Passed,
            (Outcome::Met, Some(_)) | (Outcome::Error | Outcome::NotJudged, _) => Verdict::Error,
            (Outcome::Unmet | Outcome::Final, _) => Verdict::Failed,
        };
        let observed = self.observed(&mut seen).map(Box::new);
        notes.append(&mut seen.judgement.notes);
        let findings = self.findings(&mut seen);
        let mut judged = self.story.judged(verdict, String::new());
        if !passed(verdict) {
            judged.reason = seen.unreadable.take().unwrap_or_else(|| worst(&findings, verdict));
        }
        judged.findings = findings;
        judged.notes.append(&mut notes);
        let saved = passed(verdict).then(|| {
            judged.saved = tagged(&seen.saves);
            Saved { values: std::mem::take(&mut seen.saves), started: self.story.started, ended: judged.ended }
        });
        Ending { end: verdict.into(), observed, judged, saved }
    }

    /// The run was stopped while it looked or waited: no verdict, but what was seen last is told.
    pub(super) async fn stopped(mut self, last: Option<Box<Seen>>, trouble: Option<Broken>) -> Ending {
        let hangs = self.flag.give_up().await;
        let mut ending = self.story.stopped(hangs);
        let Ending { observed, judged, .. } = &mut ending;
        let unseen = trouble.map(|broken| format!("the last look saw nothing: {}", broken.cause));
        let told = match last {
            Some(mut seen) => {
                let as_wanted = seen.passes();
                *observed = self.observed(&mut seen).map(Box::new);
                judged.notes.append(&mut seen.judgement.notes);
                judged.findings = self.findings(&mut seen);
                judged.notes.extend(unseen);
                let worst = || worst(&judged.findings, Verdict::Error);
                let unreadable = seen.unreadable.take();
                Some(if as_wanted { "all was as expected".to_owned() } else { unreadable.unwrap_or_else(worst) })
            }
            None => unseen,
        };
        if let Some(told) = told {
            judged.reason = format!("{STOPPED}; seen last: {told}");
            judged.broken = Some(Box::new(Broken::fatal(&judged.reason)));
        }
        ending
    }

    fn findings(&self, seen: &mut Seen) -> Vec<Finding> {
        let sources = &self.room.plan.sources;
        let all = std::mem::take(&mut seen.judgement.findings);
        all.into_iter()
            .map(|mut one| {
                if is_bad(&one.finding) {
                    one.finding.snippet = Some(Box::new(sources.snippet(one.span)));
                }
                one.finding
            })
            .collect()
    }
}

/// Saved values for the journal.
pub fn tagged(saves: &[(std::sync::Arc<str>, checkrun_lang::Value)]) -> Json {
    if saves.is_empty() {
        return Json::Null;
    }
    Json::Object(saves.iter().map(|(name, value)| (name.to_string(), value.to_tagged())).collect())
}

/// The finding that the verdict follows from, in one line.
fn worst(findings: &[Finding], verdict: Verdict) -> String {
    let decides = |finding: &&Finding| match verdict {
        Verdict::Error => finding.outcome == Outcome::Error,
        _ => matches!(finding.outcome, Outcome::Final),
    };
    let found = findings.iter().find(decides).or_else(|| findings.iter().find(|finding| is_bad(finding)));
    found.map_or_else(|| "there was nothing to judge by".to_owned(), one_line)
}
