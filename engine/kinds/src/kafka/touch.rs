//! What kafka kinds touch, and what they refuse before they touch it.

use checkrun_model::{Broken, Cx, Node, Place, SpecError, Touch};

/// A touch of `object` at the check's endpoint.
pub(super) fn touch(place: &Place, object: String, verb: &str) -> Touch {
    let endpoint = place.endpoint.as_ref().map_or("", |endpoint| endpoint.name.as_str());
    Touch { system: format!("kafka:{endpoint}"), object, verb: verb.into() }
}

/// Refuses to change anything in a read-only run.
pub(super) fn may_write(cx: &Cx, what: &str) -> Result<(), Broken> {
    match cx.run.read_only {
        true => Err(Broken::fatal(format!("this run is read-only: {what} was not touched"))),
        false => Ok(()),
    }
}

/// The mistake in a topic's name, if there is one.
pub(super) fn name_errors(node: &Node, key: &str, name: &str) -> Vec<SpecError> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.is_empty() && name.len() <= 249 && name.chars().all(fine) && name != "." && name != ".." {
        return Vec::new();
    }
    let span = node.get(key).unwrap_or(node).span;
    let message = format!("`{name}` is not the name of a topic");
    vec![SpecError::new("args::value", span, message, "letters, digits, `.`, `_`, `-`; at most 249")]
}
