//! Diagnostics as workflow commands of GitHub: `::error file=…,line=…,col=…::message`.

use std::fmt::Write as _;

use checkrun_model::{Sources, Span, SpecError};

use super::weight;

pub(super) fn draw(shown: &[&SpecError], more: usize, sources: &Sources) -> String {
    let mut out = String::new();
    for error in shown {
        let mut message = error.message.clone();
        if let Some(help) = &error.help {
            let _ = write!(message, "\n{help}");
        }
        let place = error.span().map(|span| place(span, sources)).unwrap_or_default();
        let _ = writeln!(out, "::{} {place}title={}::{}", weight(error), property(error.code), data(&message));
    }
    if more > 0 {
        let _ = writeln!(out, "::notice ::… and {more} more");
    }
    out
}

fn place(span: Span, sources: &Sources) -> String {
    let start = sources.location(span);
    let end = sources.location(Span { start: span.end, ..span });
    // An end column is only valid for an annotation of one line.
    let columns = match end.line == start.line {
        true => format!("col={},endColumn={},", start.column, end.column.max(start.column)),
        false => format!("col={},", start.column),
    };
    format!("file={},line={},{columns}", property(&start.file), start.line)
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::{Format, draw, tests::sample};
    use crate::style::Paint;

    #[test]
    fn an_annotation_is_one_line_with_its_place() {
        let (sources, list) = sample();
        let drawn = draw(&list[1..], &sources, Format::Github, Paint::Plain);
        assert_eq!(
            drawn,
            "::error file=s/a.yaml,line=3,col=5,endColumn=11,title=spec%3A%3Aunknown-key::unknown key or kind `exepct`%0Adid you mean `expect`?\n"
        );
    }
}
