//! Statements and comments of Jinja: not in the language, and refused, for nobody means them as text.

use std::ops::Range;

use crate::fault::Fault;

const CHOOSE: &str = "to choose a value: `{{ \"a\" if inputs.x else \"b\" }}`; `when:` and `foreach:` leave out and repeat \
                      checks; a literal `{%` is written `{{ \"{%\" }}`";
const COMMENT: &str = "a comment of YAML begins with ` #`; a literal `{#` is written `{{ \"{#\" }}`";

/// The first statement or comment that begins in `part` of a text. `${#x}` is a shell's.
pub(super) fn found(text: &str, part: Range<usize>) -> Option<Fault> {
    let statement =
        pair(text, &part, "{%", "%}").map(|at| (at, "statements (`{% … %}`) are not in the language", CHOOSE));
    let comment = pair(text, &part, "{#", "#}").map(|at| (at, "comments (`{# … #}`) are not in the language", COMMENT));
    let first = [statement, comment].into_iter().flatten().min_by_key(|(at, ..)| at.start);
    first.map(|(at, message, help)| Fault::new("template::syntax", at, message).help(help))
}

fn pair(text: &str, part: &Range<usize>, open: &str, close: &str) -> Option<Range<usize>> {
    let opened = text[part.clone()].match_indices(open).map(|(at, _)| part.start + at);
    let mut opened = opened.filter(|at| !text[..*at].ends_with('$'));
    opened.find_map(|at| text[at + open.len()..].find(close).map(|len| at..at + open.len() + len + close.len()))
}
