//! The keys of a check and of a group. A key that is not here is a kind, or a mistake.

use checkrun_model::{Node, Span, SpecError, suggest};

use crate::later;

/// Of checks and groups.
pub(crate) const COMMON: [&str; 12] = [
    "id",
    "title",
    "covers",
    "needs",
    "when",
    "foreach",
    "locks",
    "cluster",
    "endpoint",
    "severity",
    "allow_empty",
    "save",
];
/// Of checks only.
pub(crate) const CHECK: [&str; 10] =
    ["expect", "within", "holds_for", "timeout", "witness", "keep", "effect", "reason", "cleanup", "hook"];
/// Of groups only.
pub(crate) const GROUP: [&str; 5] = ["steps", "checks", "use", "with", "defaults"];

/// Whether `key` is one of ours.
pub(crate) fn is_known(key: &str) -> bool {
    COMMON.contains(&key) || CHECK.contains(&key) || GROUP.contains(&key)
}

/// The error of a key that is neither ours nor a kind.
pub(crate) fn unknown<'k>(key: &str, span: Span, kinds: impl Iterator<Item = &'k str> + Clone) -> SpecError {
    if later::CHECK.contains(&key) {
        return later::error(key, span);
    }
    let ours = COMMON.iter().chain(&CHECK).chain(&GROUP).chain(later::CHECK).copied();
    let error =
        SpecError::new("spec::unknown-key", span, format!("unknown key or kind `{key}`"), "neither a key nor a kind");
    if let Some(near) = suggest(key, ours.chain(kinds.clone())) {
        return error.help(format!("did you mean `{near}`?"));
    }
    let family = key.split('.').next().unwrap_or(key);
    let same: Vec<String> =
        kinds.filter(|kind| kind.split('.').next() == Some(family)).map(|kind| format!("`{kind}`")).collect();
    match same.is_empty() {
        false => error.help(format!("kinds of `{family}`: {}", same.join(", "))),
        true => error.help("`checkrun schema checks` has the keys of a check and all kinds; docs/suite.md and docs/kinds/ explain them"),
    }
}

/// A mapping's value under `key`, unless the reader marked it as a mistake.
pub(crate) fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.get(key).filter(|value| value.value != checkrun_model::NodeValue::Deferred)
}
