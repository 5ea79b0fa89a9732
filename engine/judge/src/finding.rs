//! Makes findings: one expectation with its outcome and what people want to know of it.

use checkrun_lang::EvalError;
use checkrun_model::event::{Finding, Outcome};

/// A finding with one line of what was seen.
pub fn of(what: &str, outcome: Outcome, seen: String) -> Finding {
    Finding { what: what.to_owned(), outcome, snippet: None, seen, details: Vec::new(), hint: None }
}

/// It holds.
pub fn met(what: &str) -> Finding {
    of(what, Outcome::Met, String::new())
}

/// It does not hold (yet).
pub fn unmet(what: &str, seen: String) -> Finding {
    of(what, Outcome::Unmet, seen)
}

/// It cannot be judged.
pub fn error(what: &str, seen: impl Into<String>) -> Finding {
    of(what, Outcome::Error, seen.into())
}

/// An expression that came out false: the first line of its explanation is what was seen.
pub fn explained(what: &str, lines: Vec<String>) -> Finding {
    let mut lines = lines.into_iter();
    let seen = lines.next().unwrap_or_else(|| "false".to_owned());
    Finding { details: lines.collect(), ..unmet(what, seen) }
}

/// An expression without a value: absent is "not yet", anything else an error.
pub fn unjudged(what: &str, error: EvalError) -> Finding {
    let outcome = if error.absent { Outcome::Unmet } else { Outcome::Error };
    Finding { hint: error.help, ..of(what, outcome, error.message) }
}
