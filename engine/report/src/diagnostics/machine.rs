//! Diagnostics for machines: one JSON object, 1-based lines and columns (in characters), ends exclusive.

use checkrun_model::{Sources, Span, SpecError};
use serde::Serialize;

use super::weight;

#[derive(Serialize)]
struct Document<'a> {
    diagnostics: Vec<One<'a>>,
    /// How many more there are.
    omitted: usize,
}

#[derive(Serialize)]
struct One<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<Label<'a>>,
}

#[derive(Serialize)]
struct Label<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

pub(super) fn draw(shown: &[&SpecError], more: usize, sources: &Sources) -> String {
    let diagnostics = shown.iter().map(|error| one(error, sources)).collect();
    let document = Document { diagnostics, omitted: more };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn one<'a>(error: &'a SpecError, sources: &'a Sources) -> One<'a> {
    let label = |(span, text): &'a (Span, String)| Some(Label { place: place(*span, sources)?, text });
    One {
        severity: weight(error),
        code: error.code,
        message: &error.message,
        place: error.span().and_then(|span| place(span, sources)),
        help: error.help.as_deref(),
        labels: error.labels.iter().filter_map(label).collect(),
    }
}

fn place(span: Span, sources: &Sources) -> Option<Place<'_>> {
    let file = &sources.get(span.source)?.name;
    let start = sources.location(span);
    let end = sources.location(Span { start: span.end, ..span });
    Some(Place { file, line: start.line, column: start.column, end_line: end.line, end_column: end.column })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::{Format, draw, tests::sample};
    use crate::style::Paint;

    #[test]
    fn a_machine_finds_place_code_message_and_help() {
        let (sources, list) = sample();
        let drawn = draw(&list, &sources, Format::Json, Paint::Plain);
        let document: Value = serde_json::from_str(&drawn).expect("it is JSON");
        let first = &document["diagnostics"][0];
        assert_eq!((&first["file"], &first["line"], &first["column"]), (&"s/a.yaml".into(), &3.into(), &5.into()));
        assert_eq!((&first["end_line"], &first["end_column"]), (&3.into(), &11.into()));
        assert_eq!(first["code"], "spec::unknown-key");
        assert_eq!(first["help"], "did you mean `expect`?");
        assert_eq!(document["omitted"], 0);
    }
}
