//! What a kind saw, why it could not see, and its own rule applied.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What a kind saw. All that judging may look at.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// A JSON object; its top-level keys are in scope of the check's expressions.
    pub value: Json,
    /// What of it nobody may read afterwards: taken out of evidence, findings and saves, while expressions see it.
    pub secrets: Vec<Hidden>,
    /// Plain sentences for the evidence: "polled: no right to watch".
    pub notes: Vec<String>,
}

/// A secret that a kind came to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// What stands in its place: `«secret:NAME»`.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl From<Json> for Observation {
    fn from(value: Json) -> Self {
        Self { value, ..Self::default() }
    }
}

/// Why a kind could not observe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// Whether waiting may help (connection refused, 429, 5xx); 401, 403, an unknown kind do not get better.
    pub transient: bool,
    /// What happened.
    pub cause: String,
    /// What to do or to look at.
    pub hint: Option<String>,
    /// The place itself does not answer, whatever it is asked: reports tell that once for all checks that met it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage: Option<Outage>,
}

/// A place that does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The place with its address: ``cluster `apps` at https://10.0.0.1:6443``.
    pub at: String,
    /// What happens there, without anything of the single request: `Connection refused`.
    pub why: String,
}

impl Broken {
    /// A trouble that waiting may end.
    #[must_use]
    pub fn transient(cause: impl Into<String>) -> Self {
        Self { transient: true, cause: cause.into(), hint: None, outage: None }
    }

    /// A trouble that stays.
    #[must_use]
    pub fn fatal(cause: impl Into<String>) -> Self {
        Self { transient: false, cause: cause.into(), hint: None, outage: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that the place `at` does not answer at all, and `why`.
    #[must_use]
    pub fn outage(mut self, at: impl Into<String>, why: impl Into<String>) -> Self {
        self.outage = Some(Outage { at: at.into(), why: why.into() });
        self
    }
}

/// What the check's words change about the kind's own rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// `none` is expected: an empty selection is what is wanted.
    pub none: bool,
    /// `allow_empty: true`.
    pub allow_empty: bool,
}

/// The kind's own rule, applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It holds.
    Met,
    /// Not (yet); under `within` it is looked at again. The text says what was seen.
    NotYet(String),
    /// Not, and waiting does not help.
    Final(String),
}
