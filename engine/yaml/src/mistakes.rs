//! The mistakes that people make because YAML reads their text otherwise than they do: each has a name
//! and an error that shows the quoted form.

use std::ops::Range;

use checkrun_model::{SourceId, Span, SpecError};

use crate::quote;

const OPERATORS: [&str; 8] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">"];

/// The line around a byte, without its end.
pub(crate) fn line_at(text: &str, at: usize) -> Range<usize> {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let trimmed = text[start..end].trim_end().len();
    start..(start + trimmed).max(at.min(start + trimmed))
}

/// The dash of an empty item that the parser saw at `at`, behind blanks and comments.
pub(crate) fn dash_before(text: &str, at: usize) -> Range<usize> {
    let mut end = at;
    loop {
        let start = text[..end].rfind('\n').map_or(0, |line| line + 1);
        let line = &text[start..end];
        let code = line.split(" #").next().unwrap_or(line).trim_end();
        if code.ends_with('-') {
            return start + code.len() - 1..start + code.len();
        }
        if start == 0 || !(code.is_empty() || code.trim_start().starts_with('#')) {
            return at..at;
        }
        end = start - 1;
    }
}

/// From `at` to the end of its line.
pub(crate) fn rest(text: &str, at: usize) -> Range<usize> {
    at..line_at(text, at).end.max(at)
}

fn error(source: SourceId, code: &'static str, at: &Range<usize>, message: &str, label: &str) -> SpecError {
    SpecError::new(code, Span::new(source, at.start, at.end), message, label)
}

/// `a: {{ x }}`: braces that YAML reads as a mapping in a mapping.
pub(crate) fn template(source: SourceId, text: &str, at: &Range<usize>) -> SpecError {
    error(source, "yaml::bare-template", at, "a template must be quoted: YAML reads `{{` as two mappings", "not quoted")
        .help(format!("write {}", quote::template(&text[at.clone()])))
}

/// `- !x`: an exclamation mark that YAML reads as a tag.
pub(crate) fn tag(source: SourceId, text: &str, at: &Range<usize>) -> SpecError {
    error(source, "yaml::tag", at, "a leading `!` is a YAML tag, and tags are not read here", "read as a tag")
        .help(format!("write {}", quote::whole(&text[at.clone()])))
}

/// `- a == "b: c"` and `- x ? 1 : 2`: a colon that makes a mapping of an expression.
pub(crate) fn mapping(source: SourceId, text: &str, at: &Range<usize>) -> SpecError {
    let message = "the colon makes a mapping of this expression";
    error(source, "yaml::expression-as-mapping", at, message, "read as `key: value`")
        .help(format!("write {}", quote::whole(&text[at.clone()])))
}

/// `- a == "b #c"` and `- x == #{…}`: a ` #` that cuts an expression.
pub(crate) fn comment(source: SourceId, text: &str, at: &Range<usize>) -> SpecError {
    error(
        source,
        "yaml::cut-by-comment",
        at,
        "` #` begins a comment and cuts this text",
        "only the part before ` #` is read",
    )
    .help(format!("write {}", quote::whole(&text[at.clone()])))
}

/// `-` and nothing.
pub(crate) fn null_item(source: SourceId, at: &Range<usize>) -> SpecError {
    error(source, "yaml::null-item", at, "this item of the list is empty", "nothing after the dash")
        .help("write the item, or take the dash away; a wanted null is written `null`, an empty text `''`")
}

/// Whether a plain key can only be the beginning of an expression.
pub(crate) fn is_expression(key: &str) -> bool {
    // Most keys are words, and every key is asked.
    if !key.bytes().any(|byte| matches!(byte, b'=' | b'!' | b'<' | b'>' | b'&' | b'|' | b'?' | b'"' | b'\'')) {
        return false;
    }
    let spaced = |operator: &str| key.match_indices(operator).any(|(at, _)| around(key, at, operator.len()));
    odd_quotes(key) || OPERATORS.iter().any(|operator| spaced(operator)) || key.contains(" ? ")
}

fn around(text: &str, at: usize, length: usize) -> bool {
    text[..at].ends_with(' ') && (text[at + length..].starts_with(' ') || at + length == text.len())
}

/// Whether a plain scalar that a comment follows was cut by it.
pub(crate) fn is_cut(scalar: &str, after: &str) -> bool {
    let line = after.split('\n').next().unwrap_or("");
    let comment = line.trim_start();
    comment.len() < line.len()
        && comment.starts_with('#')
        && (odd_quotes(scalar) || OPERATORS.iter().any(|operator| scalar.ends_with(operator)))
}

/// An odd number of `"`, or of `'` that stand where a text begins: `don't` is prose.
fn odd_quotes(text: &str) -> bool {
    let opens = |quote: char| {
        text.find(quote).is_some_and(|at| text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric()))
    };
    let odd = |quote: char| text.matches(quote).count() % 2 == 1;
    odd('"') && opens('"') || odd('\'') && opens('\'')
}

/// A text that the parser does not accept: the mistake by its name where it is one that we know.
/// `value` is what stands after the key or the dash, up to the end of the line.
pub(crate) fn refused(source: SourceId, text: &str, value: &Range<usize>, at: usize, parser_says: &str) -> SpecError {
    let written = &text[value.clone()];
    if written.starts_with("{{") {
        return template(source, text, value);
    }
    let in_flow = parser_says.contains("flow") || parser_says.contains("indicator");
    let goes_on = quote::closed(written).is_some_and(|end| end < written.len());
    if written.starts_with(['[', '{']) && (in_flow || goes_on) {
        return flow(source, value, written, at, parser_says);
    }
    if written.starts_with('!') && parser_says.contains("tag") {
        return tag(source, text, value);
    }
    let quoted = format!("write {}", quote::whole(written));
    if written.starts_with(['"', '\'']) && parser_says.contains("trailing content") {
        let message = "a text that begins with a quote ends with it, and more follows";
        return error(source, "yaml::text-after-quote", value, message, "quote the whole").help(quoted);
    }
    if parser_says.contains("mapping values are not allowed") && written.contains(": ") {
        let message = "the second colon makes a mapping within the value";
        return error(source, "yaml::colon-in-value", value, message, "quote the whole").help(quoted);
    }
    if written.starts_with(['@', '`', '%', '&', '*', '>', '|']) {
        let message = "a plain text cannot begin with this sign";
        return error(source, "yaml::reserved-sign", value, message, "quote the whole").help(quoted);
    }
    let place = at..text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    let help = if parser_says.contains("tab") {
        "indent with spaces"
    } else {
        "look at the indentation and the quotes of this line and the line before"
    };
    error(source, "yaml::syntax", &place, &format!("this is not YAML: {parser_says}"), "here").help(help)
}

/// Brackets within flow style.
fn flow(source: SourceId, value: &Range<usize>, written: &str, at: usize, parser_says: &str) -> SpecError {
    let after = quote::closed(written).filter(|end| value.start + end <= at && *end < written.len());
    if after.is_some() {
        let message = "a text that begins with a bracket is a list or mapping in YAML, and more follows";
        return error(source, "yaml::text-after-bracket", value, message, "quote the whole")
            .help(format!("write {}", quote::whole(written)));
    }
    let nested = written.char_indices().skip(1).any(|(_, c)| matches!(c, '[' | '{' | '('));
    match quote::flow(written).filter(|_| nested) {
        Some(quoted) => {
            let message = "brackets of an expression do not parse within `[ ]` or `{ }`";
            error(source, "yaml::brackets-in-flow", value, message, "brackets within flow style")
                .help(format!("write {quoted}, or one line for each"))
        }
        None => error(source, "yaml::syntax", value, &format!("this is not YAML: {parser_says}"), "here")
            .help("close every bracket, or write one line for each item"),
    }
}
