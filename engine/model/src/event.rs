//! What happens in a run, as the journal keeps it. Everything that people read is a fold over these.
//!
//! One event is one line of JSON. Readers pass over events and fields that they do not know.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{Broken, Effect, Importance, Intent, IntentId, Snippet, Verdict};

/// Version of the journal's format, in its first line.
pub const FORMAT: u32 = 1;

/// A check or group, by its place in [`Event::Planned`].
pub type NodeIndex = u32;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The first line.
    RunStarted(RunStarted),
    /// What will run. Follows the first line.
    Planned {
        /// Checks and groups, in the order of the files.
        nodes: Vec<PlannedNode>,
        /// Criteria of the suite, in their order.
        criteria: Vec<Criterion>,
    },
    /// A check was admitted: its needs passed, its locks are held, its deadline counts. Not of a check that only judges
    /// what others saved: its [`Judged`] says when it began.
    Started {
        /// Which.
        node: NodeIndex,
    },
    /// A check waits for something else than its turn; for progress.
    Waiting {
        /// Which.
        node: NodeIndex,
        /// For what: `not yet: status.phase == "Ready"`, `lock kafka held by broker-dies`.
        what: String,
    },
    /// What a check saw. Written when it is judged for the last time, and at each transition of a wait.
    Observed {
        /// Which.
        node: NodeIndex,
        /// 1-based number of the look.
        attempt: u32,
        /// What was seen, redacted.
        seen: Evidence,
        /// For the witness of an absence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        witness: Option<Evidence>,
        /// Sentences of the kind.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    },
    /// An effect is about to happen. On the disk before it does.
    Intended {
        /// Its number in the run.
        intent: IntentId,
        /// The check.
        node: NodeIndex,
        /// What.
        #[serde(flatten)]
        what: Intent,
    },
    /// The effect happened.
    Made {
        /// Which.
        intent: IntentId,
        /// What identifies it now.
        identity: Json,
    },
    /// The effect certainly did not happen.
    Void {
        /// Which.
        intent: IntentId,
    },
    /// It was undone, or found gone.
    Undone {
        /// Which.
        intent: IntentId,
        /// Whether it was already gone.
        #[serde(default)]
        already_gone: bool,
        /// What is not known of it: that it was made was never confirmed, and it was not seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<String>,
    },
    /// It could not be undone: it is left behind.
    LeftBehind {
        /// Which; none for a `cleanup:` entry.
        intent: Option<IntentId>,
        /// For people.
        object: String,
        /// Why.
        why: String,
    },
    /// The `cleanup:` of a check: one entry was run.
    CleanedUp {
        /// The check.
        node: NodeIndex,
        /// The kind.
        kind: String,
        /// Why it did not do its work, if so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed: Option<String>,
    },
    /// A check or group has its verdict.
    Judged(Arc<Judged>),
    /// The run was asked to stop.
    Interrupted {
        /// `SIGINT`, `SIGTERM`, `SIGHUP`, `--timeout 5m`, `--fail-fast`.
        by: String,
    },
    /// The last line.
    RunEnded {
        /// Exit code.
        exit: i32,
        /// Sentences about it: what was left behind, what was not allowed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    /// An event of a later version.
    #[serde(other)]
    Unknown,
}

/// The first event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of checkrun.
    pub version: String,
    /// The run's id.
    pub run: String,
    /// Name of the suite.
    pub suite: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its folder, as it was given.
    pub path: String,
    /// Name of the target; empty: none.
    #[serde(default)]
    pub target: String,
    /// The target's file, absolute: `cleanup` reads it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_file: Option<String>,
    /// Sentences about the place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<String>,
    /// The place was an embedded world, whose clock went so: a run there proves nothing about any platform, and
    /// cannot be signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<crate::Clock>,
    /// Inputs as they were, defaults filled in.
    #[serde(default)]
    pub inputs: Json,
    /// Process that runs it: `cleanup` refuses while it lives.
    pub pid: u32,
    /// Start time of that process in clock ticks since boot, so that a reused pid is not taken for it.
    #[serde(default)]
    pub pid_started: u64,
    /// `--jobs`.
    pub jobs: usize,
    /// `--read-only`.
    #[serde(default)]
    pub read_only: bool,
    /// SHA-256 of every file read, by name.
    #[serde(default)]
    pub files: Vec<(Arc<str>, String)>,
}

/// An item that the story asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// `AC5.v1`.
    pub id: String,
    /// Its text.
    pub title: String,
    /// `AC5`.
    pub group: String,
}

/// A check or group of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedNode {
    /// Full id.
    pub id: Arc<str>,
    /// Title; the id where none is given.
    pub title: String,
    /// Kind; none for a group and for a check that judges saved values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it is a group.
    #[serde(default, skip_serializing_if = "is_false")]
    pub group: bool,
    /// The group that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<NodeIndex>,
    /// What it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<NodeIndex>,
    /// Why the plan leaves it out: selection, permission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<String>,
    /// Whether `--only` or `--skip` leaves it out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unselected: bool,
    /// Criteria.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<String>,
    /// `severity:`.
    pub severity: Importance,
    /// What it may do.
    pub effect: Effect,
    /// Where: `cluster apps`, `endpoint registry`; empty: here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// File and line of its id.
    pub file: Arc<str>,
    /// 1-based.
    pub line: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What was seen: in the journal where it is small, in a file of the run beside it where it is not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The value.
    Inline(Json),
    /// A file under `evidence/`.
    File {
        /// Name under the run's folder.
        path: String,
        /// SHA-256 of its content.
        sha256: String,
        /// Bytes.
        size: u64,
        /// Whether something was cut from it, with a mark.
        #[serde(default)]
        cut: bool,
    },
}

/// A check or group with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Which.
    pub node: NodeIndex,
    /// Its fate.
    pub verdict: Verdict,
    /// Why, in one line; empty for `passed`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The check at the root of a `blocked` or `skipped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<NodeIndex>,
    /// The run was stopped before it had a verdict of its own: with `error` while it looked, with `skipped` before its
    /// turn. Neither says anything of the platform.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stopped: bool,
    /// What could not be observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Box<Broken>>,
    /// Every expectation, the kind's own rule first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Saved values (with their sort where they have one).
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub saved: Json,
    /// Looks taken.
    #[serde(default)]
    pub attempts: u32,
    /// When it was admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When its verdict was known.
    pub ended: Timestamp,
    /// What a wait saw change: moment and the first unmet expectation or trouble then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<(Timestamp, String)>,
    /// Notes for the report: `nothing to judge: the selection was empty`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Judged {
    /// The word for it: what a stop left without a verdict of its own is told apart.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Error if self.stopped => "stopped",
            Verdict::Skipped if self.stopped => "not run",
            verdict => verdict.word(),
        }
    }
}

/// One expectation, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The expectation as written, or the kind's rule in words.
    pub what: String,
    /// Met, unmet, or not judgeable.
    pub outcome: Outcome,
    /// Where it stands in the suite, with its line of text; only for what was not met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snippet: Option<Box<Snippet>>,
    /// What was seen, in one line: `2 == 3`, `status.phase is "Pending"`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seen: String,
    /// More lines: values of the parts, offending elements by concrete path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to look at next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What became of one expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Met,
    /// It does not (yet).
    Unmet,
    /// It does not, and waiting will not help.
    Final,
    /// It could not be judged: a type mismatch, a missing key, nothing to judge by.
    Error,
    /// Left out: the selection was empty and `allow_empty` says that this is fine.
    NotJudged,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// 0, 1, 2, …
    pub seq: u64,
    /// When.
    pub t: Timestamp,
    /// SHA-256 of the line before, in hex, without its end of line; empty for the first.
    pub prev: String,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}
