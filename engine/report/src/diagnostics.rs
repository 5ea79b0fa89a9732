//! Mistakes in suites, drawn: for people with carets, for machines as JSON, for GitHub as annotations.

mod github;
mod human;
mod machine;

use checkrun_model::{DiagnosticSeverity, Sources, SpecError};

use crate::style::Paint;
use crate::verdict::things;

/// More than this are counted, not shown.
pub const MOST: usize = 50;

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Carets under the text.
    Human,
    /// One JSON object.
    Json,
    /// Workflow commands.
    Github,
}

/// Writes `diagnostics` in the order of the files; the first [`MOST`], errors before warnings where not all fit.
#[must_use]
pub fn draw(diagnostics: &[SpecError], sources: &Sources, format: Format, paint: Paint) -> String {
    let shown = choose(diagnostics);
    let more = diagnostics.len() - shown.len();
    match format {
        Format::Human => human::draw(&shown, more, sources, paint),
        Format::Json => machine::draw(&shown, more, sources),
        Format::Github => github::draw(&shown, more, sources),
    }
}

/// `2 errors, 1 warning`.
#[must_use]
pub fn counts(diagnostics: &[SpecError]) -> String {
    let errors = diagnostics.iter().filter(|one| one.severity == DiagnosticSeverity::Error).count();
    let warnings = diagnostics.len() - errors;
    match (errors, warnings) {
        (errors, 0) => things(errors, "error"),
        (0, warnings) => things(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", things(errors, "error"), things(warnings, "warning")),
    }
}

fn choose(diagnostics: &[SpecError]) -> Vec<&SpecError> {
    let mut order: Vec<usize> = (0..diagnostics.len()).collect();
    order.sort_by_key(|at| (diagnostics[*at].severity != DiagnosticSeverity::Error, *at));
    order.truncate(MOST);
    let mut shown: Vec<&SpecError> = order.into_iter().map(|at| &diagnostics[at]).collect();
    shown.sort_by_key(|one| one.span().map(|span| (span.source, span.start)));
    shown
}

/// The word for its weight.
fn weight(one: &SpecError) -> &'static str {
    match one.severity {
        DiagnosticSeverity::Error => "error",
        DiagnosticSeverity::Warning => "warning",
    }
}

#[cfg(test)]
mod tests {
    use checkrun_model::Span;

    use super::*;

    pub(super) fn sample() -> (Sources, Vec<SpecError>) {
        let mut sources = Sources::default();
        let text = "checks:\n  - id: a\n    exepct: [ready]\n  - id: a\n";
        let id = sources.add("s/a.yaml", text);
        let span = |word: &str, nth: usize| {
            let at = text.match_indices(word).nth(nth).map(|(at, _)| at).expect("the word is in the text");
            Span::new(id, at, at + word.len())
        };
        let unknown =
            SpecError::new("spec::unknown-key", span("exepct", 0), "unknown key or kind `exepct`", "not a key")
                .help("did you mean `expect`?");
        let twice = SpecError::new("spec::duplicate-id", span("a\n", 1), "two checks are called `a`", "again here")
            .also(span("a\n", 0), "first here");
        (sources, vec![twice, unknown])
    }

    #[test]
    fn they_stand_in_the_order_of_the_file() {
        let (sources, list) = sample();
        let drawn = draw(&list, &sources, Format::Github, Paint::Plain);
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(lines[0].contains("exepct") && lines[1].contains("two checks"), "{drawn}");
    }

    #[test]
    fn the_first_fifty_then_a_count() {
        let (sources, list) = sample();
        let many: Vec<SpecError> = (0..60).map(|_| list[0].clone()).collect();
        let drawn = draw(&many, &sources, Format::Human, Paint::Plain);
        assert_eq!(drawn.matches("spec::duplicate-id").count(), 50);
        assert!(drawn.contains("and 10 more"), "{drawn}");
    }

    #[test]
    fn warnings_do_not_push_errors_out() {
        let (sources, list) = sample();
        let mut many: Vec<SpecError> = (0..60).map(|_| list[0].clone().warning()).collect();
        many.push(list[1].clone());
        let drawn = draw(&many, &sources, Format::Human, Paint::Plain);
        assert!(drawn.contains("exepct"), "{drawn}");
    }

    #[test]
    fn a_mistake_without_a_place_is_drawn_in_every_format() {
        let one = [SpecError::unplaced("cli::no-suite", "no such suite")];
        for format in [Format::Human, Format::Json, Format::Github] {
            let drawn = draw(&one, &Sources::default(), format, Paint::Plain);
            assert!(drawn.contains("no such suite"), "{drawn}");
        }
    }
}
