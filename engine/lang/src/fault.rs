//! What can be wrong: with a text when it is compiled, with data when it is evaluated. Knows no language.

use std::ops::Range;

use checkrun_model::{Node, Sources, Span, SpecError};

/// A mistake in an expression, path or template: bytes of its text, so that the caller can point into the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// Class: `expr::syntax`, `expr::unknown-name`, `expr::sorts`, `template::syntax`, `path::syntax`, …
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Fault {
    pub(crate) fn new(code: &'static str, range: Range<usize>, message: impl Into<String>) -> Self {
        Self { range, code, message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// As an error in the file, given the node that holds the text and how its text maps to bytes of the file
    /// (a plain or quoted scalar of one line maps byte by byte after its opening quote; else the whole node is meant).
    #[must_use]
    pub fn in_node(self, node: &Node, sources: &Sources) -> SpecError {
        let span = place(node, sources, &self.range);
        let mut error = SpecError::new(self.code, span, self.message, "");
        error.help = self.help;
        error
    }
}

/// The bytes of the file that a part of a scalar's text stands for.
pub(crate) fn place(node: &Node, sources: &Sources, range: &Range<usize>) -> Span {
    let Some(text) = node.as_text() else { return node.span };
    let written = sources.text(node.span);
    let quoted =
        written.len() == text.len() + 2 && written.starts_with(['"', '\'']) && &written[1..=text.len()] == text;
    match (written == text, quoted) {
        (true, _) => node.span.part(range.start, range.end),
        (_, true) => node.span.part(range.start + 1, range.end + 1),
        _ => node.span,
    }
}

/// Why an expression has no value: a mistake in data or types. Names both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError {
    /// `text and a number do not compare: "3" > 2`.
    pub message: String,
    /// What to do: `number(x)` …
    pub help: Option<String>,
    /// It read a key that is not there (yet): under `within` this is "not yet".
    pub absent: bool,
}

impl EvalError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, absent: false }
    }

    /// Something that is read is not there.
    pub(crate) fn absent(message: impl Into<String>) -> Self {
        Self { absent: true, ..Self::new(message) }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}

/// What one evaluation may still do. Keeps a suite's mistake from becoming a run that does not end.
#[derive(Debug)]
pub(crate) struct Fuel {
    left: u64,
}

/// Steps that one evaluation may take.
pub(crate) const STEPS: u64 = 5_000_000;
/// Bytes that one text may grow to.
pub(crate) const MOST_TEXT: usize = 16 << 20;

impl Fuel {
    pub(crate) fn new() -> Self {
        Self { left: STEPS }
    }

    /// So much as another evaluation has left.
    pub(crate) fn of(left: u64) -> Self {
        Self { left }
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Counts `steps`.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), EvalError> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(steps).ok_or_else(|| {
            EvalError::new("it takes too many steps").help("look for a list that is gone over inside another")
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use checkrun_model::NodeValue;

    fn pointed(file: &str, scalar: Range<usize>, text: &str, range: Range<usize>) -> String {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", file);
        let node = Node::new(Span::new(id, scalar.start, scalar.end), NodeValue::Text(text.into()));
        let error = Fault::new("expr::syntax", range, "m").in_node(&node, &sources);
        sources.text(error.span().unwrap()).to_owned()
    }

    #[test]
    fn a_fault_points_into_plain_and_quoted_scalars_and_else_at_the_whole() {
        assert_eq!(pointed("a: b == c\n", 3..9, "b == c", 5..6), "c");
        assert_eq!(pointed("a: 'b == c'\n", 3..11, "b == c", 5..6), "c");
        assert_eq!(pointed("a: 'b == ''c'\n", 3..13, "b == 'c", 5..7), "'b == ''c'");
    }
}
