//! What query kinds share: the rule of at least one, and the refusal of an empty query.

use checkrun_model::{Asked, Node, Ruling, SpecError};

/// At least one of `what`, or none if that is what was asked for.
pub(super) fn one_at_least(what: &str, found: usize, asked: Asked) -> Ruling {
    if found > 0 || asked.none || asked.allow_empty {
        return Ruling::Met;
    }
    Ruling::NotYet(format!("the query gave no {what}"))
}

/// An error where `query` says nothing.
pub(super) fn needs_a_query(query: &str, node: &Node) -> Vec<SpecError> {
    if !query.trim().is_empty() {
        return Vec::new();
    }
    let span = node.get("query").unwrap_or(node).span;
    vec![SpecError::new("args::empty", span, "`query` is empty", "a query is wanted").help("write the query")]
}
