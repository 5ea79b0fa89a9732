//! The shape of the JSON document. Doc comments are the descriptions of its schema.

use checkrun_model::event::Outcome;
use checkrun_model::{Effect, Importance, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

use crate::criteria::State;
use crate::verdict::RunVerdict;

/// A run of checkrun.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    /// Version of this shape. Fields may be added while it stays the same.
    pub format: u32,
    /// Version of checkrun that made the run.
    pub checkrun: String,
    /// The run as a whole.
    pub run: Run,
    /// Counts of checks; groups are not counted.
    pub totals: Totals,
    /// Criteria of the suite, in their order.
    pub criteria: Vec<CriterionState>,
    /// Checks and groups, in the order of the files.
    pub checks: Vec<Check>,
    /// What is still there although it should not be.
    pub left_behind: Vec<Left>,
    /// What `keep: true` left on purpose.
    pub kept: Vec<String>,
    /// Files that were read.
    pub files: Vec<File>,
}

/// The run as a whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Run {
    /// Its id: 8 characters `[a-z0-9]`.
    pub id: String,
    /// Name of the suite.
    pub suite: String,
    /// Title of the suite.
    pub title: String,
    /// Folder of the suite, as it was given.
    pub path: String,
    /// Name of the target; empty: none.
    pub target: String,
    /// Sentences of the target about the place.
    pub environment: Vec<String>,
    /// Whether the place was the sandbox, an embedded world: then the run proves nothing about any platform.
    pub sandbox: bool,
    /// Inputs, defaults filled in.
    pub inputs: serde_json::Value,
    /// Whether it ran with `--read-only`.
    pub read_only: bool,
    /// Observations in flight at most.
    pub jobs: usize,
    /// RFC 3339.
    pub started: String,
    /// RFC 3339; null: the journal stops before the run does.
    pub ended: Option<String>,
    /// From start to end.
    pub seconds: Option<f64>,
    /// The fate of the run.
    pub verdict: RunVerdict,
    /// Exit code.
    pub exit: Option<i32>,
    /// Why, in one sentence.
    pub reason: String,
    /// What asked it to stop.
    pub interrupted_by: Option<String>,
    /// Sentences about the end.
    pub remarks: Vec<String>,
    /// Folder of the run.
    pub folder: Option<String>,
    /// SHA-256 of its `journal.jsonl`, in hex.
    pub journal_sha256: Option<String>,
}

/// Counts of checks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Totals {
    /// All of the plan.
    pub checks: usize,
    /// Observed, and as expected.
    pub passed: usize,
    /// Observed, and not as expected.
    pub failed: usize,
    /// Could not observe.
    pub error: usize,
    /// A need did not pass.
    pub blocked: usize,
    /// Left out, with a reason.
    pub skipped: usize,
    /// Ended while they looked, because the run was stopped; their verdict is `error`, and they are not counted there.
    pub stopped: usize,
    /// Not begun when the run was stopped; their verdict is `skipped`, and they are not counted there.
    pub not_run: usize,
    /// Without a verdict when the run ended.
    pub not_judged: usize,
}

/// An item that the story asks for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CriterionState {
    /// Its id.
    pub id: String,
    /// Its text.
    pub title: String,
    /// Its group.
    pub group: String,
    /// Its fate. A skip validates nothing.
    pub state: State,
    /// Why it is not validated; empty where it is.
    pub why: String,
    /// Checks that cover it.
    pub checks: Vec<Proof>,
}

/// A check that stands for a criterion.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Proof {
    /// Its id.
    pub id: String,
    /// Its verdict.
    #[schemars(with = "Option<VerdictShape>")]
    pub verdict: Option<Verdict>,
}

/// A check or group.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Check {
    /// Full id.
    pub id: String,
    /// Title; the id where none is given.
    pub title: String,
    /// Kind; null for a group and for a check that judges saved values.
    pub kind: Option<String>,
    /// Whether it is a group.
    pub group: bool,
    /// Its weight.
    #[schemars(with = "ImportanceShape")]
    pub severity: Importance,
    /// What it may do.
    pub effect: Effect,
    /// Where it ran.
    pub place: String,
    /// Criteria.
    pub covers: Vec<String>,
    /// File of its id.
    pub file: String,
    /// Line of its id, 1-based.
    pub line: u32,
    /// Its fate; null: the run ended before it had one.
    #[schemars(with = "Option<VerdictShape>")]
    pub verdict: Option<Verdict>,
    /// Whether it has no verdict of its own because the run was stopped.
    pub stopped: bool,
    /// Why, in one line; empty for passed.
    pub reason: String,
    /// The check at the root of a `blocked` or `skipped`.
    pub root: Option<String>,
    /// Why it could not observe.
    pub could_not_observe: Option<String>,
    /// What to do about that.
    pub hint: Option<String>,
    /// When it was admitted; RFC 3339.
    pub started: Option<String>,
    /// When its verdict was known; RFC 3339.
    pub ended: Option<String>,
    /// From start to verdict.
    pub seconds: Option<f64>,
    /// Looks taken.
    pub attempts: u32,
    /// Its expectations, the kind's own rule first.
    pub expectations: Vec<Unmet>,
    /// What a wait saw change.
    pub changes: Vec<Change>,
    /// Saved values; null: none.
    pub saved: serde_json::Value,
    /// Sentences about the judging.
    pub notes: Vec<String>,
    /// What was kept of what it saw, oldest first.
    pub evidence: Vec<Evidence>,
}

/// One expectation, judged.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Expectation")]
pub struct Unmet {
    /// As written, or the kind's rule in words.
    pub what: String,
    /// What became of it.
    #[schemars(with = "OutcomeShape")]
    pub outcome: Outcome,
    /// Where it stands; only for what was not met.
    pub file: Option<String>,
    /// 1-based.
    pub line: Option<u32>,
    /// 1-based, in characters.
    pub column: Option<u32>,
    /// What was seen, in one line.
    pub seen: String,
    /// Values of the parts, offending elements.
    pub details: Vec<String>,
    /// What to look at next.
    pub hint: Option<String>,
}

/// A change that a wait saw.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Change {
    /// RFC 3339.
    pub at: String,
    /// The first unmet expectation or trouble then.
    pub what: String,
}

/// What was kept of one look.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Evidence {
    /// 1-based number of the look.
    pub attempt: u32,
    /// Where it is.
    #[serde(flatten)]
    pub kept: Seen,
    /// Sentences of the kind.
    pub notes: Vec<String>,
}

/// Where an observation is kept.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// In this line of the journal, 1-based.
    JournalLine(u64),
    /// In a file of the run's folder.
    File {
        /// Name under the run's folder.
        path: String,
        /// SHA-256 of its content, in hex.
        sha256: String,
        /// Whether something was cut from it, with a mark.
        cut: bool,
    },
}

/// Something left behind.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Left {
    /// What.
    pub object: String,
    /// Why.
    pub why: String,
    /// The check that made it.
    pub check: Option<String>,
}

/// A file that was read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct File {
    /// Its name.
    pub name: String,
    /// SHA-256, in hex.
    pub sha256: String,
}

/// The words of [`Verdict`], for the schema.
#[derive(JsonSchema)]
#[schemars(rename = "Verdict", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum VerdictShape {
    Passed,
    Failed,
    Error,
    Blocked,
    Skipped,
}

/// The words of [`Importance`], for the schema.
#[derive(JsonSchema)]
#[schemars(rename = "Severity", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum ImportanceShape {
    Critical,
    Major,
    Minor,
}

/// The words of [`Outcome`], for the schema.
#[derive(JsonSchema)]
#[schemars(rename = "Outcome", rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
enum OutcomeShape {
    Met,
    Unmet,
    Final,
    Error,
    NotJudged,
}
