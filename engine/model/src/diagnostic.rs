//! A mistake in what a user wrote, with its place. Data only: drawing it is the report's work.

use crate::Span;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The suite is refused (exit 2).
    Error,
    /// The suite runs; the engineer should know.
    Warning,
}

/// A mistake in a suite, a target or an option, found before anything runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// Class of the mistake, stable, kebab-case with an area: `yaml::duplicate-key`.
    pub code: &'static str,
    /// What is wrong, in one line, without a full stop.
    pub message: String,
    /// Where; the first is the one that the caret shows. Empty only for mistakes outside files.
    pub labels: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    /// Error or warning.
    pub severity: Severity,
}

impl SpecError {
    /// An error at `span`; the label under the caret is `label`.
    #[must_use]
    pub fn new(code: &'static str, span: Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            labels: vec![(span, label.into())],
            help: None,
            severity: Severity::Error,
        }
    }

    /// An error of the command line, without a place in a file.
    #[must_use]
    pub fn unplaced(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), labels: Vec::new(), help: None, severity: Severity::Error }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place that explains the first.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push((span, label.into()));
        self
    }

    /// Makes it a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The place that the caret shows.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|(span, _)| *span)
    }
}

/// The name of `known` that `word` is most likely a slip of, if any is near enough.
#[must_use]
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= limit || strsim::jaro_winkler(word, name) > 0.93)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn one_letter_off_is_suggested_and_another_word_is_not() {
        let keys = ["expect", "within", "needs"];
        assert_eq!(suggest("exepct", keys), Some("expect"));
        assert_eq!(suggest("wihtin", keys), Some("within"));
        assert_eq!(suggest("banana", keys), None);
    }
}
