//! Observation and expectations into a judgement. Pure: the same input gives the same judgement, so a
//! recorded observation can be judged again.

use std::sync::Arc;

use checkrun_lang::{Expectation, Hook, ReadinessRules, Scope};
use checkrun_model::event::{Finding, Outcome};
use checkrun_model::{Asked, KindDoc, Ruling, Span};
use serde_json::Value as Json;

/// All that judging may look at.
pub struct Case<'a> {
    /// What the kind says of itself; none: the check judges saved values.
    pub doc: Option<&'static KindDoc>,
    /// The kind's own rule, applied by the caller; none: no kind.
    pub ruling: Option<Ruling>,
    /// Where the kind's key stands.
    pub kind_span: Span,
    /// What was seen.
    pub seen: Arc<Json>,
    /// What the witness saw.
    pub witness: Option<&'a Json>,
    /// Names in scope, the observation and `first` among them.
    pub scope: &'a Scope,
    /// What must hold.
    pub expectations: &'a [Expectation],
    /// The hook, its `observed` values already in scope.
    pub hook: Option<&'a Hook>,
    /// How objects say that they are ready.
    pub readiness: &'a ReadinessRules,
    /// `none`, `allow_empty`.
    pub asked: Asked,
}

/// One expectation, judged; the report's [`Finding`] with the place instead of the snippet.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Where the expectation stands.
    pub span: Span,
    /// What came of it; its `snippet` is empty.
    pub finding: Finding,
}

/// The whole.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The kind's rule first, then the expectations in their order.
    pub findings: Vec<Judged>,
    /// The worst of them: Error, then Final, Unmet, Met.
    pub outcome: Outcome,
    /// Sentences for the report.
    pub notes: Vec<String>,
}

/// What the words of a check ask of its kind's own rule.
#[must_use]
pub fn asked(expectations: &[Expectation], allow_empty: bool) -> Asked {
    let none = expectations.iter().any(|one| matches!(one.what, checkrun_lang::What::None));
    Asked { none, allow_empty }
}

/// Judges.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judgement {
    let _ = case;
    unimplemented!()
}
