//! Blanks a value that the parser refuses, so that what stands behind it can be read as well.
//! The text keeps its length: every other span stays true.

use std::ops::Range;

use crate::mistakes::line_at;

/// The part of the line of `at` that is its value: after the indentation, dashes and the key.
/// `None` where nothing is left.
pub(crate) fn value_of_line(text: &str, at: usize) -> Option<Range<usize>> {
    let line = line_at(text, at);
    let mut from = line.start + indentation(&text[line.clone()]);
    while text[from..line.end].starts_with("- ") {
        from += 1 + indentation(&text[from + 1..line.end]);
    }
    if let Some(value) = after_key(&text[from..line.end]) {
        from += value;
    }
    (from < line.end).then_some(from..line.end)
}

fn indentation(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// Where the value begins in `key: value`.
fn after_key(text: &str) -> Option<usize> {
    if text.starts_with(['"', '\'', '[', '{', '#', '&', '*', '!']) {
        return None;
    }
    let colon = text.find(": ")?;
    let key = &text[..colon];
    let plain = !key.contains(['"', '\'', '[', '{', '(', '=', '<', '>']);
    plain.then(|| colon + 1 + indentation(&text[colon + 1..]))
}

/// A template as a value: up to the end of the line, or, within flow style, to the next sign of it.
pub(crate) fn template(text: &str, at: usize, in_flow: bool) -> Range<usize> {
    let line = line_at(text, at);
    let end = line.end.max(at);
    if !in_flow {
        let comment = text[at..end].find(" #").map_or(end, |cut| at + cut);
        return at..at + text[at..comment].trim_end().len();
    }
    let close = text[at..end].find("}}").map_or(end, |close| at + close + 2);
    let stop = text[close..end].find([',', '}', ']']).map_or(end, |stop| close + stop);
    at..at + text[at..stop].trim_end().len()
}

/// The text with `range` as a plain scalar of the same length, in bytes.
pub(crate) fn blank(text: &mut String, range: Range<usize>) {
    let filler = "x".repeat(range.len());
    text.replace_range(range, &filler);
}

/// The text with a whole line as a comment.
pub(crate) fn comment_out(text: &mut String, line: Range<usize>) {
    let filler = "#".repeat(line.len());
    text.replace_range(line, &filler);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_line() {
        let of = |text: &str| value_of_line(text, 0).map(|range| text[range].to_owned());
        assert_eq!(of("  - - a: [x]  ").as_deref(), Some("[x]"));
        assert_eq!(of("kube.get: { a: b }").as_deref(), Some("{ a: b }"));
        assert_eq!(of("- [1].all(|x| x: 1)").as_deref(), Some("[1].all(|x| x: 1)"));
        assert_eq!(of("key:"), Some("key:".into()));
        assert_eq!(of("   "), None);
    }

    #[test]
    fn a_template_ends_where_its_value_does() {
        let text = "{ a: {{ x }}-y, b: 1 }";
        assert_eq!(&text[template(text, 5, true)], "{{ x }}-y");
        let text = "a: {{ x }}/{{ y }}  # why";
        assert_eq!(&text[template(text, 3, false)], "{{ x }}/{{ y }}");
    }
}
