//! What the language will have and this version has not: refused by name, never accepted and ignored.

use std::borrow::Cow;

use checkrun_model::{Entry, Node, NodeValue, Span, SpecError};

use crate::diags::Diags;

/// Keys of `suite.yaml`.
pub(crate) const SUITE: &[&str] = &["prerequisites", "risks", "crds"];
/// Keys of a check file or template.
pub(crate) const FILE: &[&str] = &["diagnostics", "procedure"];
/// Keys of a check or group.
pub(crate) const CHECK: &[&str] = &["during", "each", "waive", "baseline", "on_failure", "diagnostics", "ask"];

/// The error of a word that a later version knows.
pub(crate) fn error(word: &str, span: Span) -> SpecError {
    SpecError::new("spec::not-in-this-version", span, format!("`{word}` is not in this version"), "not yet")
        .help("take it out; it would not be heeded")
}

/// The mapping without the keys of a later version, each of which is a mistake.
pub(crate) fn without<'n>(node: &'n Node, keys: &[&str], diags: &mut Diags) -> Cow<'n, Node> {
    let entries = node.as_map().unwrap_or(&[]);
    let is_later = |entry: &&Entry| keys.contains(&entry.key.as_str());
    if !entries.iter().any(|entry| is_later(&entry)) {
        return Cow::Borrowed(node);
    }
    diags.extend(entries.iter().filter(is_later).map(|entry| error(&entry.key, entry.key_span)));
    let kept = entries.iter().filter(|entry| !is_later(entry)).cloned().collect();
    Cow::Owned(Node { value: NodeValue::Map(kept), ..node.clone() })
}
