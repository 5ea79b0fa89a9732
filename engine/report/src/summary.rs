//! A run as a whole. Data, and the questions that every report asks of it; knows no format.

use std::collections::BTreeMap;
use std::sync::Arc;

use checkrun_model::event::{Criterion, Evidence, Judged, NodeIndex, PlannedNode, RunStarted};
use checkrun_model::{IntentId, Verdict};
use jiff::Timestamp;

/// Everything that reports tell about a run.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The first event: suite, target, environment, inputs.
    pub run: RunStarted,
    /// When the first line was written.
    pub started: Timestamp,
    /// When the run ended; none: its journal stops before.
    pub ended: Option<Timestamp>,
    /// Its exit code.
    pub exit: Option<i32>,
    /// Sentences about the end.
    pub remarks: Vec<String>,
    /// What asked it to stop.
    pub interrupted: Option<String>,
    /// Checks and groups in the order of the files.
    pub nodes: Vec<Node>,
    /// Criteria in the order of the suite.
    pub criteria: Vec<Criterion>,
    /// Announced effects.
    pub intents: BTreeMap<IntentId, Effected>,
    /// What a `cleanup:` entry could not do.
    pub left: Vec<Left>,
    /// Where the journal is and what it hashes to; set by whoever read it.
    pub journal: Option<JournalRef>,
}

/// A check or group and what became of it.
#[derive(Debug, Clone)]
pub struct Node {
    /// As planned.
    pub planned: PlannedNode,
    /// Its verdict; none: the run ended before it had one.
    pub judged: Option<Arc<Judged>>,
    /// What was kept of what it saw, oldest first.
    pub seen: Vec<Seen>,
}

/// Where an observation is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Number of the look.
    pub attempt: u32,
    /// Line of the journal, 1-based.
    pub line: u64,
    /// File beside the journal, where it is not in the line itself.
    pub file: Option<String>,
    /// SHA-256 of that file.
    pub sha256: Option<String>,
    /// Whether something was cut from it.
    pub cut: bool,
    /// Sentences of the kind.
    pub notes: Vec<String>,
}

/// The fate of an announced effect.
#[derive(Debug, Clone)]
pub struct Effected {
    /// The check.
    pub node: NodeIndex,
    /// For people.
    pub object: String,
    /// Whether it is to be undone.
    pub undo: bool,
    /// How far it came.
    pub state: EffectState,
}

/// How far an effect came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectState {
    /// Announced; whether it happened is not known.
    Announced,
    /// It happened.
    Made,
    /// It certainly did not happen.
    Void,
    /// Undone, or found gone.
    Undone,
    /// That it was made was never confirmed, and it was not seen; what is not known.
    NotSeen(String),
    /// Not undone, with the reason.
    Left(String),
}

/// Something left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What, for people.
    pub object: String,
    /// Why.
    pub why: String,
    /// The check that made it, where it is known.
    pub check: Option<String>,
}

/// The journal that a report was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRef {
    /// The run's folder, as people know it.
    pub dir: String,
    /// SHA-256 of the whole journal file, in hex.
    pub sha256: Option<String>,
}

/// How many checks (groups are not counted) came to which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// All of the plan.
    pub checks: usize,
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Could not observe.
    pub error: usize,
    /// A need did not pass.
    pub blocked: usize,
    /// Left out.
    pub skipped: usize,
    /// Ended while they looked, because the run was stopped.
    pub stopped: usize,
    /// Not begun when the run was stopped.
    pub not_run: usize,
    /// The run ended before they had a verdict.
    pub unjudged: usize,
}

impl Node {
    /// Its verdict, if it has one.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.judged.as_ref().map(|judged| judged.verdict)
    }

    /// Whether it has a verdict, and neither passed nor was left out.
    #[must_use]
    pub fn did_not_pass(&self) -> bool {
        matches!(self.verdict(), Some(Verdict::Failed | Verdict::Error | Verdict::Blocked))
    }

    /// Whether it failed or could not observe.
    #[must_use]
    pub fn went_wrong(&self) -> bool {
        matches!(self.verdict(), Some(Verdict::Failed | Verdict::Error))
    }

    /// Whether something is wrong with it that is not its members' trouble.
    fn has_own_trouble(&self) -> bool {
        self.judged.as_ref().is_some_and(|judged| judged.broken.is_some() || !judged.findings.is_empty())
    }

    /// The word for its fate.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.judged.as_ref().map_or("not judged", |judged| judged.word())
    }

    /// Whether it has no verdict of its own because the run was stopped.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        self.judged.as_ref().is_some_and(|judged| judged.stopped)
    }

    /// Seconds from its admission to its verdict; none for what never started.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        let judged = self.judged.as_ref()?;
        let started = judged.started?;
        Some(judged.ended.duration_since(started).as_secs_f64().max(0.0))
    }

    /// The id, followed by the title where there is one.
    #[must_use]
    pub fn name(&self) -> String {
        let planned = &self.planned;
        if planned.title.is_empty() || *planned.title == *planned.id {
            return planned.id.to_string();
        }
        format!("{}: {}", planned.id, planned.title)
    }
}

impl Summary {
    /// The node at `index`.
    #[must_use]
    pub fn node(&self, index: NodeIndex) -> Option<&Node> {
        self.nodes.get(index as usize)
    }

    /// Checks without the groups.
    pub fn checks(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| !node.planned.group)
    }

    /// Counts of checks.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for node in self.checks() {
            totals.checks += 1;
            let count = match node.verdict() {
                Some(Verdict::Error) if node.was_stopped() => &mut totals.stopped,
                Some(Verdict::Skipped) if node.was_stopped() => &mut totals.not_run,
                Some(Verdict::Passed) => &mut totals.passed,
                Some(Verdict::Failed) => &mut totals.failed,
                Some(Verdict::Error) => &mut totals.error,
                Some(Verdict::Blocked) => &mut totals.blocked,
                Some(Verdict::Skipped) => &mut totals.skipped,
                None => &mut totals.unjudged,
            };
            *count += 1;
        }
        totals
    }

    /// What is told in detail: checks that failed or could not observe, and groups that did so by themselves.
    #[must_use]
    pub fn failures(&self) -> Vec<&Node> {
        let told = |at: usize, node: &Node| {
            node.went_wrong()
                && !node.was_stopped()
                && (!node.planned.group || node.has_own_trouble() || !self.has_wrong_member(at))
        };
        self.nodes.iter().enumerate().filter(|(at, node)| told(*at, node)).map(|(_, node)| node).collect()
    }

    /// The groups around a node, the innermost first.
    pub(crate) fn groups_of<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        let around = |node: &&'a Node| node.planned.parent.and_then(|parent| self.node(parent));
        // A journal that was tampered with may name a circle.
        std::iter::successors(around(&node), around).take(self.nodes.len())
    }

    fn has_wrong_member(&self, group: usize) -> bool {
        let inside = |node: &Node| node.planned.parent.is_some_and(|parent| parent as usize == group);
        self.nodes.iter().any(|node| inside(node) && node.verdict().is_some_and(|v| v != Verdict::Passed))
    }

    /// Blocked checks by the check at their root, in the order of the plan.
    #[must_use]
    pub fn blocked_by_root(&self) -> Vec<(String, Vec<&Node>)> {
        self.grouped(Verdict::Blocked, |judged| match judged.root.and_then(|root| self.node(root)) {
            Some(root) => root.planned.id.to_string(),
            None => judged.reason.clone(),
        })
    }

    /// Skipped checks by their first cause, in the order of the plan; not those that the run did not come to.
    #[must_use]
    pub fn skipped_by_reason(&self) -> Vec<(String, Vec<&Node>)> {
        self.grouped(Verdict::Skipped, |judged| {
            let root = judged.root.and_then(|root| self.node(root)).and_then(|root| root.judged.as_ref());
            root.filter(|root| !root.reason.is_empty()).map_or(&judged.reason, |root| &root.reason).clone()
        })
    }

    fn grouped(&self, verdict: Verdict, key: impl Fn(&Judged) -> String) -> Vec<(String, Vec<&Node>)> {
        let mut groups: Vec<(String, Vec<&Node>)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for node in self.checks() {
            let fits = |judged: &&Arc<Judged>| judged.verdict == verdict && !judged.stopped;
            let Some(judged) = node.judged.as_ref().filter(fits) else { continue };
            let key = key(judged);
            let at = *places.entry(key.clone()).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(node);
        }
        groups
    }

    /// Checks that the run was stopped over: those that it ended, those that it did not begin.
    #[must_use]
    pub fn stopped(&self) -> (Vec<&Node>, Vec<&Node>) {
        let stopped = self.checks().filter(|node| node.was_stopped());
        stopped.partition(|node| node.verdict() == Some(Verdict::Error))
    }

    /// Whether a check was left out although its author wants it to run: by selection, permission or a stop, or
    /// because what it needs was.
    pub(crate) fn is_left_out(&self, node: &Node) -> bool {
        let Some(judged) = node.judged.as_ref().filter(|judged| judged.verdict == Verdict::Skipped) else {
            return false;
        };
        // A `when` is asked before a check starts: one that has started and is skipped was not permitted.
        let own =
            |node: &Node, judged: &Judged| node.planned.skip.is_some() || judged.stopped || judged.started.is_some();
        let root = judged.root.and_then(|root| self.node(root));
        own(node, judged) || root.is_some_and(|root| root.judged.as_ref().is_some_and(|judged| own(root, judged)))
    }

    /// What is still there although it should not be, in the order in which it was announced.
    #[must_use]
    pub fn left_behind(&self) -> Vec<Left> {
        let made = self.intents.values().filter_map(|effect| {
            let why = match &effect.state {
                EffectState::Left(why) => why.clone(),
                EffectState::Announced | EffectState::Made if effect.undo && self.ended.is_none() => {
                    "the run did not come to its end".to_owned()
                }
                EffectState::Announced
                | EffectState::Made
                | EffectState::Void
                | EffectState::Undone
                | EffectState::NotSeen(_) => return None,
            };
            let check = self.node(effect.node).map(|node| node.planned.id.to_string());
            Some(Left { object: effect.object.clone(), why, check })
        });
        made.chain(self.left.iter().cloned()).collect()
    }

    /// What `keep: true` left on purpose.
    #[must_use]
    pub fn kept(&self) -> Vec<&Effected> {
        self.intents.values().filter(|effect| !effect.undo && effect.state == EffectState::Made).collect()
    }

    /// Seconds from the first line to the end.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        Some(self.ended?.duration_since(self.started).as_secs_f64().max(0.0))
    }

    /// Where the last look of `node` is kept: a file of the run, or a line of its journal.
    #[must_use]
    pub fn evidence(&self, node: &Node) -> Option<String> {
        let seen = node.seen.last()?;
        let dir = self.journal.as_ref().map_or("", |journal| journal.dir.as_str());
        let slash = if dir.is_empty() || dir.ends_with('/') { "" } else { "/" };
        Some(match &seen.file {
            Some(file) => format!("{dir}{slash}{file}"),
            None => format!("{dir}{slash}journal.jsonl:{}", seen.line),
        })
    }
}

impl Seen {
    pub(crate) fn new(attempt: u32, line: u64, seen: &Evidence, notes: &[String]) -> Self {
        let (file, sha256, cut) = match seen {
            Evidence::Inline(_) => (None, None, false),
            Evidence::File { path, sha256, cut, .. } => (Some(path.clone()), Some(sha256.clone()), *cut),
        };
        Self { attempt, line, file, sha256, cut, notes: notes.to_vec() }
    }
}
