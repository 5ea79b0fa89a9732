//! Blanks a value that the parser refuses, so that what stands behind it can be read as well.
//! The text keeps its length: every other span stays true.

use std::ops::Range;

use crate::mistakes::line_at;

/// The part of the line of `at` that is its value: after the indentation, dashes and the key.
/// `None` where nothing is left, or where it has neither: then the line itself does not fit.
pub(crate) fn value_of_line(text: &str, at: usize) -> Option<Range<usize>> {
    let line = line_at(text, at);
    let mut from = line.start + indentation(&text[line.clone()]);
    while text[from..line.end].starts_with("- ") {
        from += 1 + indentation(&text[from + 1..line.end]);
    }
    if let Some(value) = after_key(&text[from..line.end]) {
        from += value;
    }
    let bare = text[line.start..from].trim().is_empty();
    (from < line.end && !bare).then_some(from..line.end)
}

/// The line of `at` without its indentation.
pub(crate) fn content_of_line(text: &str, at: usize) -> Range<usize> {
    let line = line_at(text, at);
    line.start + indentation(&text[line.clone()])..line.end
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

/// What is lost with a line that does not fit in its place: the rest of the list item that it stands in, or
/// all of it where the line begins one. The items before and behind are kept.
pub(crate) fn lost(text: &str, line: Range<usize>) -> Range<usize> {
    let own = indent_of(&text[line.clone()]);
    let limit = if is_item(&text[line.clone()]) { Some(own) } else { enclosing(&text[..line.start], own) };
    let Some(limit) = limit else { return line };
    let mut end = line.end;
    let mut next = line_after(text, line.end);
    while let Some(start) = next {
        let line = line_at(text, start);
        let content = text[line.clone()].trim();
        if !content.is_empty() && indent_of(&text[line.clone()]) <= limit {
            break;
        }
        end = line.end.max(end);
        next = line_after(text, line.end);
    }
    line.start..end
}

/// The indentation of the nearest list item above that stands further left.
fn enclosing(above: &str, own: usize) -> Option<usize> {
    above.lines().rev().find(|line| is_item(line) && indent_of(line) < own).map(indent_of)
}

fn is_item(line: &str) -> bool {
    let content = line.trim();
    content == "-" || content.starts_with("- ")
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn line_after(text: &str, at: usize) -> Option<usize> {
    text[at..].find('\n').map(|end| at + end + 1).filter(|start| *start < text.len())
}

/// The text with every line of a range as a comment.
pub(crate) fn comment_out(text: &mut String, range: Range<usize>) {
    let filler: String = text[range.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { '#' }).collect();
    text.replace_range(range, &filler);
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
        assert_eq!(of("  key:"), None);
        assert_eq!(of("- key:").as_deref(), Some("key:"));
        assert_eq!(of("   "), None);
    }

    #[test]
    fn a_template_ends_where_its_value_does() {
        let text = "{ a: {{ x }}-y, b: 1 }";
        assert_eq!(&text[template(text, 5, true)], "{{ x }}-y");
        let text = "a: {{ x }}/{{ y }}  # why";
        assert_eq!(&text[template(text, 3, false)], "{{ x }}/{{ y }}");
    }

    #[test]
    fn what_is_lost_is_the_rest_of_the_item() {
        let text = "c:\n  - id: a\n   look: x\n    with: y\n  - id: b\n";
        let at = text.find("   look").unwrap();
        assert_eq!(&text[lost(text, line_at(text, at))], "   look: x\n    with: y");
        let at = text.find("  - id: a").unwrap();
        assert_eq!(&text[lost(text, line_at(text, at))], "  - id: a\n   look: x\n    with: y");
        assert_eq!(lost(text, 0..2), 0..2);
    }
}
