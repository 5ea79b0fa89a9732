//! What became of a check.

use serde::{Deserialize, Serialize};

/// The fate of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It observed, and what it saw is what was expected.
    Passed,
    /// It observed something else.
    Failed,
    /// It could not observe, or could not judge.
    Error,
    /// A check that it needs did not pass.
    Blocked,
    /// It was left out, with a reason.
    Skipped,
}

impl Verdict {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
        }
    }
}

/// How much a check weighs for the run: `severity:` in a suite. A minor one never fails the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Importance {
    /// The platform is not signed off without it.
    Critical,
    /// The default.
    #[default]
    Major,
    /// Shown; never fails the run.
    Minor,
}
