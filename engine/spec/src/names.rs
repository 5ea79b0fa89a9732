//! How ids and names are written, and paths like `group.member` or `flux[apps].release`.

use checkrun_model::{Node, Span, SpecError};

/// `[a-z][a-z0-9-]*`
pub(crate) fn is_id(text: &str) -> bool {
    begins(text) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// `[a-z][a-z0-9_]*`
pub(crate) fn is_name(text: &str) -> bool {
    begins(text) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn begins(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// The error of a word that is no id.
pub(crate) fn bad_id(text: &str, span: Span) -> SpecError {
    SpecError::new("spec::id", span, format!("`{text}` is not an id"), "not an id")
        .help("ids are written with small letters, digits and hyphens, and begin with a letter")
}

/// The error of a word that is no name.
pub(crate) fn bad_name(text: &str, span: Span) -> SpecError {
    SpecError::new("spec::name", span, format!("`{text}` is not a name"), "not a name")
        .help("names are written with small letters, digits and underscores, and begin with a letter")
}

/// Names that the engine gives; a variable of a suite cannot take them.
pub(crate) const ENGINE: [&str; 8] = ["it", "first", "inputs", "checks", "run", "cluster", "hook", "secret"];

/// The parts of `flux[apps].release`: `flux`, `apps`, `release`. `None` where brackets do not match.
pub(crate) fn path(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        parts.push(rest[..end].to_owned());
        rest = &rest[end..];
        if let Some(key) = rest.strip_prefix('[') {
            let close = key.find(']')?;
            parts.push(key[..close].to_owned());
            rest = &key[close + 1..];
        }
        match rest.strip_prefix('.') {
            Some(next) => rest = next,
            None if rest.is_empty() => break,
            None => return None,
        }
    }
    parts.iter().all(|part| !part.is_empty()).then_some(parts)
}

/// The texts of a list, each with its node; anything else is a mistake.
pub(crate) fn texts<'n>(node: &'n Node, what: &str) -> Result<Vec<(String, &'n Node)>, Vec<SpecError>> {
    let Some(items) = node.as_list() else {
        let message = format!("a list of {what} is wanted here, not {}", node.sort_name());
        return Err(vec![SpecError::new("spec::type", node.span, message, "a list is wanted").help("write `[a, b]`")]);
    };
    let mut errors = Vec::new();
    let mut texts = Vec::new();
    for item in items {
        match item.scalar_text() {
            Some(text) => texts.push((text.into_owned(), item)),
            None => {
                let message = format!("text is wanted here, not {}", item.sort_name());
                errors.push(SpecError::new("spec::type", item.span, message, "text is wanted"));
            }
        }
    }
    if errors.is_empty() { Ok(texts) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_keys_in_brackets() {
        let of = |text: &str| path(text).map(|parts| parts.join("|"));
        assert_eq!(of("flux[apps].release").as_deref(), Some("flux|apps|release"));
        assert_eq!(of("crds[a.b.c]").as_deref(), Some("crds|a.b.c"));
        assert_eq!(of("a.b").as_deref(), Some("a|b"));
        for wrong in ["a[b", "a[b]c", "a..b", "", "a."] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ids_have_hyphens_and_names_underscores() {
        assert!(is_id("kafka-ready2") && !is_id("Kafka") && !is_id("2a") && !is_id("a_b") && !is_id(""));
        assert!(is_name("test_topic") && !is_name("a-b") && !is_name("_a"));
    }
}
