//! Takes secrets out of an event. Every field is named here, so that a new one cannot be forgotten.

use checkrun_model::event::{Event, Evidence, Finding, Judged, RunStarted};
use checkrun_model::{Broken, Outage};

use super::{Known, Redactor};

impl Redactor {
    /// Takes secrets out of everything that the event would write.
    pub fn event(&self, event: &mut Event) {
        if !self.is_idle() {
            self.known().event(event);
        }
    }
}

impl Known {
    fn event(&self, event: &mut Event) {
        match event {
            // Names of the suite: they were written in it before any secret was read.
            Event::Planned { nodes: _, criteria: _ } => {}
            Event::RunStarted(RunStarted { inputs, environment, .. }) => {
                self.json(inputs);
                environment.iter_mut().for_each(|text| self.text(text));
            }
            Event::Waiting { node: _, what } => self.sentence(what),
            Event::Observed { node: _, attempt: _, seen, witness, notes } => {
                self.evidence(seen);
                witness.iter_mut().for_each(|evidence| self.evidence(evidence));
                notes.iter_mut().for_each(|note| self.sentence(note));
            }
            Event::Intended { intent: _, node: _, what } => {
                self.sentence(&mut what.object);
                self.json(&mut what.identity);
            }
            Event::Made { intent: _, identity } => self.json(identity),
            Event::LeftBehind { intent: _, object, why } => {
                self.sentence(object);
                self.sentence(why);
            }
            Event::Undone { intent: _, already_gone: _, unknown } => {
                unknown.iter_mut().for_each(|what| self.sentence(what));
            }
            Event::CleanedUp { node: _, kind: _, failed } => failed.iter_mut().for_each(|why| self.sentence(why)),
            Event::Judged(judged) => self.judged(std::sync::Arc::make_mut(judged)),
            Event::RunEnded { exit: _, remarks } => remarks.iter_mut().for_each(|remark| self.sentence(remark)),
            Event::Started { node: _ } | Event::Void { intent: _ } | Event::Interrupted { by: _ } | Event::Unknown => {}
        }
    }

    fn evidence(&self, evidence: &mut Evidence) {
        match evidence {
            Evidence::Inline(value) => self.json(value),
            // Written without secrets, under a name that is the hash of that.
            Evidence::File { .. } => {}
        }
    }

    fn judged(&self, judged: &mut Judged) {
        let Judged { reason, broken, findings, saved, transitions, notes, .. } = judged;
        self.sentence(reason);
        if let Some(Broken { transient: _, cause, hint, outage }) = broken.as_deref_mut() {
            self.sentence(cause);
            hint.iter_mut().for_each(|hint| self.sentence(hint));
            if let Some(Outage { at, why }) = outage {
                self.sentence(at);
                self.sentence(why);
            }
        }
        findings.iter_mut().for_each(|finding| self.finding(finding));
        self.json(saved);
        transitions.iter_mut().for_each(|(_, what)| self.sentence(what));
        notes.iter_mut().for_each(|note| self.sentence(note));
    }

    fn finding(&self, finding: &mut Finding) {
        let Finding { what, outcome: _, snippet, seen, details, hint } = finding;
        self.sentence(what);
        self.sentence(seen);
        details.iter_mut().for_each(|line| self.sentence(line));
        hint.iter_mut().for_each(|hint| self.sentence(hint));
        snippet.iter_mut().for_each(|snippet| self.sentence(&mut snippet.text));
    }
}
