//! Observation and expectations into a judgement. Pure: the same input gives the same judgement, so a
//! recorded observation can be judged again.

mod conditions;
mod finding;
mod matcher;
mod readiness;
mod same;
mod word;

use std::sync::Arc;

use checkrun_lang::{Expectation, Hook, ReadinessRules, Scope, What};
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
    /// The kind's rule first, then the expectations in their order, then the hook.
    pub findings: Vec<Judged>,
    /// The worst of them: Error, then Final, Unmet, Met.
    pub outcome: Outcome,
    /// Sentences for the report.
    pub notes: Vec<String>,
}

/// What the words of a check ask of its kind's own rule.
#[must_use]
pub fn asked(expectations: &[Expectation], allow_empty: bool) -> Asked {
    let none = expectations.iter().any(|one| matches!(one.what, What::None));
    Asked { none, allow_empty }
}

/// Judges every expectation, also after one that does not hold: a report shows all of them.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judgement {
    let rule = rule(case);
    let others = usize::from(rule.is_some()) + usize::from(case.hook.is_some());
    let mut findings = Vec::with_capacity(case.expectations.len() + others);
    let rule_holds = rule.as_ref().is_none_or(|found| found.finding.outcome == Outcome::Met);
    findings.extend(rule);
    let mut silent = Vec::new();
    for expectation in case.expectations {
        let (finding, absent) = expectation_finding(case, expectation);
        // An empty witness is what `none` is there to find: an empty selection does not set it aside.
        let none = rule_holds && matches!(expectation.what, What::None);
        if !none && (absent || finding.outcome == Outcome::Error) {
            silent.push(findings.len());
        }
        findings.push(Judged { span: expectation.span, finding });
    }
    findings.extend(hook(case));
    let notes = set_aside(case, &mut findings, &silent, rule_holds);
    let outcome = findings.iter().map(|one| one.finding.outcome).max_by_key(|outcome| weight(*outcome));
    Judgement { findings, outcome: outcome.unwrap_or(Outcome::Error), notes }
}

/// Errors come first: what could not be judged must not be read as "failed".
fn weight(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::NotJudged => 0,
        Outcome::Met => 1,
        Outcome::Unmet => 2,
        Outcome::Final => 3,
        Outcome::Error => 4,
    }
}

fn rule(case: &Case<'_>) -> Option<Judged> {
    let what = case.doc.map_or("", |doc| doc.rule);
    let finding = match case.ruling.as_ref()? {
        Ruling::Met => finding::met(what),
        Ruling::NotYet(seen) => finding::unmet(what, seen.clone()),
        Ruling::Final(seen) => finding::of(what, Outcome::Final, seen.clone()),
    };
    Some(Judged { span: case.kind_span, finding })
}

/// The finding, and whether it is unmet only because it reads what is not there.
fn expectation_finding(case: &Case<'_>, expectation: &Expectation) -> (Finding, bool) {
    let finding = match &expectation.what {
        What::Expr(expr) => match expr.proves(case.scope) {
            Ok(true) => finding::met(&expectation.text),
            Ok(false) => finding::explained(&expectation.text, expr.explain(case.scope)),
            Err(error) => {
                let absent = error.absent;
                return (finding::unjudged(&expectation.text, error), absent);
            }
        },
        What::Ready => word::ready(case),
        What::None => word::none(case),
        What::Matcher(matcher) => return matcher::judge(case, &expectation.text, matcher),
    };
    (finding, false)
}

fn hook(case: &Case<'_>) -> Option<Judged> {
    let hook = case.hook.filter(|hook| hook.has("judge"))?;
    let finding = match hook.judge(case.scope) {
        Ok(None) => finding::met("the hook's judge(it)"),
        Ok(Some(why)) => finding::unmet("the hook's judge(it)", why),
        Err(error) => finding::unjudged("the hook's judge(it)", error),
    };
    Some(Judged { span: case.kind_span, finding })
}

/// What could not be judged for a reason that is already said elsewhere is set aside: behind a kind's
/// rule that does not hold, and behind an empty selection that is allowed. Never what came out false.
fn set_aside(case: &Case<'_>, findings: &mut [Judged], silent: &[usize], rule_holds: bool) -> Vec<String> {
    let empty = case.asked.allow_empty && word::selection_is_empty(case);
    if rule_holds && !empty {
        return Vec::new();
    }
    for at in silent {
        findings[*at].finding.outcome = Outcome::NotJudged;
    }
    if empty && !silent.is_empty() {
        return vec![format!("nothing to judge: the selection is empty ({} expectations left out)", silent.len())];
    }
    Vec::new()
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
