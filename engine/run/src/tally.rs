//! What the verdicts, and what was left behind, make of a run: its exit code and the sentences about it.

use checkrun_model::{Effect, Importance, Verdict};
use checkrun_spec::plan::{Body, NodeIx, Plan};

use crate::state::graph::at;

/// Exit codes; the only place where they have numbers.
pub mod code {
    /// All required checks passed.
    pub const PASSED: i32 = 0;
    /// One did not.
    pub const NOT_PASSED: i32 = 1;
    /// Nothing was judged, or nothing passed and nothing had to.
    pub const NOTHING: i32 = 2;
    /// The program could not do its work, or left something behind.
    pub const TROUBLE: i32 = 3;
    /// Interrupted, and cleaned up.
    pub const INTERRUPTED: i32 = 130;
}

/// What is counted while a run goes on.
#[derive(Debug, Default)]
pub struct Tally {
    judged: usize,
    passed: usize,
    not_passed: usize,
    not_permitted: usize,
    not_permitted_critical: Vec<String>,
    left_behind: Vec<String>,
    unknown: Vec<String>,
    troubles: Vec<String>,
    /// Asked to stop from outside.
    pub interrupted: bool,
    /// Ended before its time by an option.
    pub cut: bool,
}

impl Tally {
    /// Counts a verdict. `acted`: it was admitted and only then found not to be permitted.
    pub fn count(&mut self, plan: &Plan, ix: NodeIx, verdict: Verdict, acted: bool, read_only: bool) {
        let node = &plan.nodes[at(ix)];
        let Body::Check(check) = &node.body else { return };
        let required = node.severity != Importance::Minor;
        match verdict {
            Verdict::Passed => (self.judged, self.passed) = (self.judged + 1, self.passed + 1),
            Verdict::Failed | Verdict::Error => {
                self.judged += 1;
                self.not_passed += usize::from(required);
            }
            Verdict::Blocked => self.not_passed += usize::from(required),
            Verdict::Skipped => {
                let allowed = if read_only { Effect::Read } else { check.allowed };
                let forbidden = acted || (node.skip.is_some() && check.planned_effect > allowed);
                self.not_permitted += usize::from(forbidden && required);
                if forbidden && node.severity == Importance::Critical {
                    self.not_permitted_critical.push(node.id.to_string());
                }
            }
        }
    }

    /// All members of a group passed, and what it says of them cannot be read.
    pub fn group_error(&mut self, severity: Importance) {
        self.not_passed += usize::from(severity != Importance::Minor);
    }

    /// Something could not be undone.
    pub fn left_behind(&mut self, object: &str) {
        self.left_behind.push(object.to_owned());
    }

    /// Something was not seen to undo it, and nothing says that it was made.
    pub fn unknown(&mut self, what: &str) {
        self.unknown.push(what.to_owned());
    }

    /// The program could not do its work.
    pub fn trouble(&mut self, why: String) {
        if !self.troubles.contains(&why) {
            self.troubles.push(why);
        }
    }

    /// The exit code: what the run could not do goes before what it found.
    pub fn exit(&self, require_all: bool) -> i32 {
        if !self.left_behind.is_empty() || !self.troubles.is_empty() {
            code::TROUBLE
        } else if self.interrupted {
            code::INTERRUPTED
        } else if self.not_passed > 0 || self.cut || (require_all && self.not_permitted > 0) {
            code::NOT_PASSED
        } else if self.passed == 0 {
            code::NOTHING
        } else {
            code::PASSED
        }
    }

    /// Sentences for the last line.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = self.troubles.clone();
        if !self.left_behind.is_empty() {
            remarks.push(format!("left behind: {}; `checkrun cleanup` tries again", self.left_behind.join(", ")));
        }
        remarks.extend(self.unknown.iter().cloned());
        if !self.not_permitted_critical.is_empty() {
            remarks.push(format!("critical and not permitted here: {}", self.not_permitted_critical.join(", ")));
        }
        if self.judged == 0 && !self.interrupted && !self.cut {
            remarks.push("nothing was judged".into());
        }
        remarks
    }
}
