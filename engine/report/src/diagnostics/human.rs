//! Diagnostics with carets under the text, by miette.

use std::fmt;

use checkrun_model::{DiagnosticSeverity, Source, SourceId, Sources, Span, SpecError};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity};

use crate::snippet;
use crate::style::{Paint, harmless};

pub(super) fn draw(shown: &[&SpecError], more: usize, sources: &Sources, paint: Paint) -> String {
    let theme = match paint {
        Paint::Colours => GraphicalTheme::unicode(),
        Paint::Plain => GraphicalTheme::unicode_nocolor(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(120).with_links(false).with_context_lines(1);
    let mut out = String::new();
    for one in shown {
        if is_long(one, sources) {
            out.push_str(&windowed(one, sources, paint));
            out.push('\n');
            continue;
        }
        let drawn = Drawn::new(one, sources);
        if handler.render_report(&mut out, &drawn).is_err() {
            out.push_str(&format!("{}: {}\n", one.code, harmless(&one.message)));
        }
        elsewhere(&mut out, one, sources, paint);
        out.push('\n');
    }
    if more > 0 {
        out.push_str(&format!("… and {more} more\n"));
    }
    out
}

/// What a diagnostic points at in other files than that of its first place: miette draws one.
fn elsewhere(out: &mut String, error: &SpecError, sources: &Sources, paint: Paint) {
    let main = error.span().map(|span| span.source);
    for (span, text) in error.labels.iter().filter(|(span, _)| Some(span.source) != main) {
        out.push_str(&snippet::draw(&sources.snippet(*span), text, "  ", paint));
    }
}

/// A diagnostic in miette's words, of one file.
#[derive(Debug)]
struct Drawn {
    code: String,
    message: String,
    help: Option<String>,
    severity: Severity,
    source: Option<NamedSource<Text>>,
    labels: Vec<LabeledSpan>,
}

/// A text, shared with the sources.
#[derive(Debug, Clone)]
struct Text(std::sync::Arc<str>);

impl miette::SourceCode for Text {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        (*self.0).read_span(span, before, after)
    }
}

impl Drawn {
    fn new(error: &SpecError, sources: &Sources) -> Self {
        let main = error.span().map(|span| span.source);
        let labels_of = |id: Option<SourceId>| error.labels.iter().filter(move |(span, _)| Some(span.source) == id);
        Self {
            code: error.code.to_owned(),
            message: harmless(&error.message).into_owned(),
            help: error.help.clone(),
            severity: match error.severity {
                DiagnosticSeverity::Error => Severity::Error,
                DiagnosticSeverity::Warning => Severity::Warning,
            },
            source: main.and_then(|id| named(sources, id)),
            labels: labels_of(main).filter_map(|(span, text)| label(sources, *span, text)).collect(),
        }
    }
}

/// A line longer than this is drawn by our own window: miette draws all of it, and counts columns in 16 bits.
const LONGEST: usize = 4 << 10;

/// Whether a line that miette would draw for `error` is too long for it.
fn is_long(error: &SpecError, sources: &Sources) -> bool {
    error.labels.iter().any(|(span, _)| {
        let Some((before, after)) =
            sources.get(span.source).and_then(|source| source.text.split_at_checked(span.start as usize))
        else {
            return false;
        };
        before.rsplit('\n').take(2).chain(after.split('\n').take(2)).any(|part| part.len() > LONGEST)
    })
}

/// A diagnostic of which only a part of each line is shown.
fn windowed(error: &SpecError, sources: &Sources, paint: Paint) -> String {
    let mut out = format!("{}\n\n  {}\n", error.code, harmless(&error.message));
    for (span, text) in &error.labels {
        out.push_str(&snippet::draw(&sources.snippet(*span), text, "  ", paint));
    }
    if let Some(help) = &error.help {
        out.push_str(&format!("  help: {}\n", harmless(help)));
    }
    out
}

fn named(sources: &Sources, id: SourceId) -> Option<NamedSource<Text>> {
    let Source { name, text } = sources.get(id)?;
    Some(NamedSource::new(name, Text(text.clone())))
}

/// A label on the first line of what it means: a whole block underlined says nothing more.
fn label(sources: &Sources, span: Span, text: &str) -> Option<LabeledSpan> {
    let length = sources.get(span.source)?.text.len();
    let start = (span.start as usize).min(length);
    let meant = sources.text(span);
    let first = meant.lines().next().map_or(0, str::len);
    let text = (!text.is_empty()).then(|| text.to_owned());
    Some(LabeledSpan::new(text, start, first.min(length - start)))
}

impl fmt::Display for Drawn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Drawn {}

impl Diagnostic for Drawn {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.code.is_empty()).then(|| Box::new(&self.code) as Box<dyn fmt::Display>)
    }
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, draw, tests::sample};
    use crate::style::Paint;

    #[test]
    fn the_caret_stands_under_the_key_with_the_advice_below() {
        let (sources, list) = sample();
        insta::assert_snapshot!(draw(&list[1..], &sources, Format::Human, Paint::Plain), @r"
        spec::unknown-key

          × unknown key or kind `exepct`
           ╭─[s/a.yaml:3:5]
         2 │   - id: a
         3 │     exepct: [ready]
           ·     ───┬──
           ·        ╰── not a key
         4 │   - id: a
           ╰────
          help: did you mean `expect`?
        ");
    }

    #[test]
    fn a_second_place_of_the_same_file_is_drawn_too() {
        let (sources, list) = sample();
        let drawn = draw(&list[..1], &sources, Format::Human, Paint::Plain);
        assert!(drawn.contains("again here") && drawn.contains("first here"), "{drawn}");
    }

    #[test]
    fn a_place_in_another_file_is_drawn_with_its_name() {
        let (mut sources, mut list) = sample();
        let other = sources.add("s/b.yaml", "- id: a\n");
        list[0] = list[0].clone().also(checkrun_model::Span::new(other, 6, 7), "and here");
        let drawn = draw(&list[..1], &sources, Format::Human, Paint::Plain);
        assert!(drawn.contains("s/b.yaml:1:7") && !drawn.contains("Advice"), "{drawn}");
    }

    #[test]
    fn of_a_line_that_is_very_long_a_part_is_drawn() {
        let mut sources = checkrun_model::Sources::default();
        let text = format!("a: 1\n{}wrong: 1\n", "x".repeat(100_000));
        let id = sources.add("s/a.yaml", text.as_str());
        let span = checkrun_model::Span::new(id, 100_005, 100_010);
        let error = checkrun_model::SpecError::new("spec::x", span, "no such thing", "here").help("write it well");
        let drawn = draw(&[error], &sources, Format::Human, Paint::Plain);
        assert!(drawn.contains("s/a.yaml:2:100001") && drawn.contains("^^^^^ here") && drawn.len() < 1000, "{drawn}");
        assert!(drawn.contains("no such thing") && drawn.contains("help: write it well"), "{drawn}");
    }

    #[test]
    fn of_a_block_the_first_line_is_underlined() {
        let (sources, list) = sample();
        let mut whole = list[1].clone();
        let span = whole.labels[0].0;
        whole.labels[0].0 = checkrun_model::Span::new(span.source, 0, 48);
        let drawn = draw(&[whole], &sources, Format::Human, Paint::Plain);
        assert!(!drawn.contains("- id: a\n    exepct"), "{drawn}");
        assert!(drawn.contains("s/a.yaml:1:1"), "{drawn}");
    }
}
