//! A mistake on its way out of serde.

use std::fmt;

use serde::de;

use crate::{Span, SpecError, suggest};

/// A mistake on its way out: serde's text, and the innermost place once it is known.
#[derive(Debug)]
pub struct Wrong {
    pub span: Option<Span>,
    pub code: &'static str,
    pub message: String,
    pub label: String,
    pub help: Option<String>,
}

impl Wrong {
    pub fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    pub fn into_error(self, span: Span) -> SpecError {
        let error = SpecError::new(self.code, span, self.message, self.label);
        match self.help {
            Some(help) => error.help(help),
            None => error,
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { span: None, code: "args::value", message: message.to_string(), label: "here".into(), help: None }
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            span: None,
            code: "args::missing-key",
            message: format!("`{field}` is missing"),
            label: format!("needs `{field}:`"),
            help: Some(format!("add `{field}: …`")),
        }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self {
            span: None,
            code: "args::unknown-value",
            message: format!("`{variant}` is not one of {}", list(expected)),
            label: "not known".into(),
            help: suggest(variant, expected.iter().copied()).map(|near| format!("did you mean `{near}`?")),
        }
    }
}

/// The error of a key that nobody reads.
#[must_use]
pub fn unknown_key(key: &str, span: Span, known: &[&str]) -> SpecError {
    let error = SpecError::new("args::unknown-key", span, format!("unknown key `{key}`"), "not a key here");
    match suggest(key, known.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("keys here: {}", list(known))),
    }
}

pub(super) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
