//! Collects the mistakes of a load: each once, in the order of the files.

use std::collections::HashSet;

use checkrun_model::{DiagnosticSeverity, Span, SpecError, suggest};

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Diags {
    list: Vec<SpecError>,
    seen: HashSet<(&'static str, Option<Span>, String)>,
    errors: usize,
    muted: bool,
}

impl Diags {
    /// Adds a mistake; one that was already found at the same place (a template used twice) is dropped.
    pub(crate) fn push(&mut self, error: SpecError) {
        if self.muted {
            return;
        }
        let key = (error.code, error.span(), error.message.clone());
        if self.seen.insert(key) {
            self.errors += usize::from(error.severity == DiagnosticSeverity::Error);
            self.list.push(error);
        }
    }

    pub(crate) fn extend(&mut self, errors: impl IntoIterator<Item = SpecError>) {
        errors.into_iter().for_each(|error| self.push(error));
    }

    /// The value, its mistakes taken over.
    pub(crate) fn take<T>(&mut self, outcome: Result<T, Vec<SpecError>>) -> Option<T> {
        outcome.map_err(|errors| self.extend(errors)).ok()
    }

    /// While muted, mistakes are not taken: they follow from one that was found already.
    pub(crate) fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Takes out those that fit.
    pub(crate) fn take_out(&mut self, fits: impl Fn(&SpecError) -> bool) -> Vec<SpecError> {
        let (out, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.list).into_iter().partition(|error| fits(error));
        self.list = kept;
        self.errors -= out.iter().filter(|error| error.severity == DiagnosticSeverity::Error).count();
        out
    }

    /// How many errors (not warnings) there are.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// All of them, in the order of the files; those without a place first.
    pub(crate) fn finish(mut self) -> Vec<SpecError> {
        self.list.sort_by_key(|error| error.span().map(|span| (span.source, span.start, span.end)));
        self.list
    }
}

/// The help line for a name that is not known: the near one, or all there are.
pub(crate) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, what: &str) -> String {
    let mut names: Vec<&str> = known.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    if let Some(name) = suggest(word, names.iter().copied()) {
        return format!("did you mean `{name}`?");
    }
    match names.len() {
        0 => format!("there are no {what}"),
        1..=12 => format!("{what}: {}", quoted(&names)),
        more => format!("{what}: {} and {} more", quoted(&names[..12]), more - 12),
    }
}

/// `` `a`, `b` ``
pub(crate) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
