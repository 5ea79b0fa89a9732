//! JSONPath (RFC 9535), with advice where kubectl's dialect was written.

mod filter;

use std::sync::Arc;

use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value as Json;

use crate::fault::Fault;
use crate::near;

/// A longer path is refused.
const MOST_BYTES: usize = 8 << 10;

/// A compiled JSONPath (RFC 9535).
#[derive(Debug)]
pub struct Path {
    text: Arc<str>,
    query: JpQuery,
}

impl Path {
    pub(crate) fn compile(text: &str) -> Result<Self, Fault> {
        if let Some(fault) = foreign(text) {
            return Err(fault);
        }
        match parse_json_path(text) {
            Ok(query) => match filter::mistake(&query) {
                Some(why) => Err(Fault::new("path::filter", 0..text.len(), why)),
                None => Ok(Self { text: text.into(), query }),
            },
            Err(_) => Err(malformed(text)),
        }
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it selects: concrete path and value, in order.
    #[must_use]
    pub fn select<'j>(&self, json: &'j Json) -> Vec<(String, &'j Json)> {
        let found = js_path_process(&self.query, json).unwrap_or_default();
        found
            .into_iter()
            .map(|one| {
                let path = readable(&one.clone().path());
                (path, one.val())
            })
            .collect()
    }

    /// The key of the observation that it begins with, where it begins with one.
    #[must_use]
    pub fn first_key(&self) -> Option<&str> {
        match self.query.segments.first()? {
            Segment::Selector(Selector::Name(name)) => Some(name.trim_matches(['\'', '"'])),
            _ => None,
        }
    }

    /// Whether it is the top-level field `name` itself.
    #[must_use]
    pub fn is_field(&self, name: &str) -> bool {
        self.query.segments.len() == 1 && self.first_key() == Some(name)
    }

    /// Why its last filter could not have chosen anything of `json`: no element has a field that it compares, or has
    /// it in another type. None: it could.
    #[must_use]
    pub fn could_not_choose(&self, json: &Json) -> Option<String> {
        filter::could_not_choose(&self.query, json)
    }

    /// Whether the last segment could select something in `value`: a name in an object, a place in a list.
    #[must_use]
    pub fn fits(&self, value: &Json) -> bool {
        self.query.segments.last().is_none_or(|last| may_be_in(last, value))
    }

    /// The key of `value` that its last segment was meant to be, where that segment names one that is not there.
    #[must_use]
    pub fn misspelt<'j>(&self, value: &'j Json) -> Option<&'j str> {
        let Segment::Selector(Selector::Name(name)) = self.query.segments.last()? else { return None };
        near::typo(name.trim_matches(['\'', '"']), value.as_object()?.keys().map(String::as_str))
    }

    /// Elements of the lists on its way that lead to nothing: `$.items[2]` for `$.items[*].status`, where that one has
    /// no status.
    #[must_use]
    pub fn left_out(&self, json: &Json) -> Vec<String> {
        let segments = &self.query.segments;
        if segments.iter().any(|segment| matches!(segment, Segment::Descendant(_))) {
            return Vec::new();
        }
        let mut found = paths(&self.query, json);
        found.sort_unstable();
        let mut out = Vec::new();
        for place in (1..segments.len()).filter(|place| selects_several(&segments[place - 1])) {
            let elements = paths(&JpQuery::new(segments[..place].to_vec()), json);
            let leads = |path: &str| {
                found[found.partition_point(|one| one.as_str() < path)..]
                    .first()
                    .is_some_and(|one| one.starts_with(path))
            };
            out.extend(elements.iter().filter(|path| !leads(path)).map(|path| readable(path)));
            if !out.is_empty() {
                break;
            }
        }
        out
    }

    /// The path up to its last filter, that filter read as `[*]`; none where it has no filter.
    #[must_use]
    pub fn witness(&self) -> Option<Arc<Path>> {
        let filter = segments(&self.text).into_iter().rev().find(|at| self.text[*at..].starts_with("[?"))?;
        Self::compile(&format!("{}[*]", &self.text[..filter])).ok().map(Arc::new)
    }

    /// The path without its last segment; none for `$` alone.
    #[must_use]
    pub fn parent(&self) -> Option<Arc<Path>> {
        let last = segments(&self.text).pop()?;
        Self::compile(&self.text[..last]).ok().map(Arc::new)
    }
}

fn paths(query: &JpQuery, json: &Json) -> Vec<String> {
    js_path_process(query, json).unwrap_or_default().into_iter().map(|one| one.path()).collect()
}

fn selects_several(segment: &Segment) -> bool {
    match segment {
        Segment::Selector(Selector::Name(_) | Selector::Index(_)) => false,
        Segment::Selector(_) | Segment::Selectors(_) | Segment::Descendant(_) => true,
    }
}

fn may_be_in(segment: &Segment, value: &Json) -> bool {
    let one = |selector: &Selector| match selector {
        Selector::Name(_) => value.is_object(),
        Selector::Index(_) | Selector::Slice(..) => value.is_array(),
        Selector::Wildcard | Selector::Filter(_) => value.is_object() || value.is_array(),
    };
    match segment {
        Segment::Selector(selector) => one(selector),
        Segment::Selectors(all) => all.iter().any(one),
        Segment::Descendant(_) => value.is_object() || value.is_array(),
    }
}

/// Where each segment begins: a `[` or `.` outside brackets and texts.
fn segments(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    let mut dotted = false;
    for (at, c) in text.char_indices().skip(1) {
        let was_dot = std::mem::take(&mut dotted);
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => {
                if depth == 0 && !was_dot {
                    found.push(at);
                }
                depth += 1;
            }
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, '.') if depth == 0 => {
                if !was_dot {
                    found.push(at);
                }
                dotted = true;
            }
            _ => {}
        }
    }
    found
}

/// `$['items'][0]['spec']` as `$.items[0].spec`; names that need it keep their brackets.
fn readable(normalized: &str) -> String {
    let mut out = String::from("$");
    let mut rest = normalized.strip_prefix('$').unwrap_or(normalized);
    while let Some(inside) = rest.strip_prefix("['") {
        let Some(end) = inside.find("']") else { break };
        let name = &inside[..end];
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain {
            out.push('.');
            out.push_str(name);
        } else {
            out.push_str(&rest[..end + 4]);
        }
        rest = number(&inside[end + 2..], &mut out);
    }
    out.push_str(rest);
    out
}

/// Copies `[0][1]`.
fn number<'t>(mut rest: &'t str, out: &mut String) -> &'t str {
    while rest.starts_with('[') && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
        let end = rest.find(']').map_or(rest.len(), |at| at + 1);
        out.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    rest
}

/// Dialects that are not RFC 9535, each with how to write it.
fn foreign(text: &str) -> Option<Fault> {
    let fault = |message: &str, help: String| Some(Fault::new("path::syntax", 0..text.len(), message).help(help));
    if text.len() > MOST_BYTES {
        return fault("the path is too long", format!("a path has at most {MOST_BYTES} bytes"));
    }
    if let Some(inside) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        return fault("this is kubectl's form of JSONPath", format!("write `{}`", rooted(inside)));
    }
    if text.starts_with(['.', '[']) {
        return fault("a path begins with `$`", format!("write `{}`", rooted(text)));
    }
    if !text.starts_with('$') {
        return fault("a path begins with `$`", format!("write `$.{text}`; an expression is `value:`"));
    }
    None
}

fn rooted(text: &str) -> String {
    let rest = text.strip_prefix('$').unwrap_or(text);
    let dot = if rest.starts_with(['.', '[']) || rest.is_empty() { "" } else { "." };
    format!("${dot}{rest}")
}

fn malformed(text: &str) -> Fault {
    let fault = Fault::new("path::syntax", 0..text.len(), format!("`{text}` is not a JSONPath (RFC 9535)"));
    let dashed = dashed(text);
    if dashed != text && parse_json_path(&dashed).is_ok() {
        return fault
            .help(format!("names with other signs than letters, digits and `_` stand in brackets: `{dashed}`"));
    }
    if text.contains("[?(") && text.contains('@') && text.contains("=~") {
        return fault.help("a regular expression is `match(@.name, 'pattern')` or `search(…)`");
    }
    fault.help("`$.items[*].metadata.name`, `$.items[?@.spec.suspend == true]`, `$.metadata.labels['a.b/c']`")
}

/// The path with dotted names that hold hyphens put into brackets.
fn dashed(text: &str) -> String {
    let starts = segments(text);
    let mut out = String::new();
    for (number, start) in starts.iter().enumerate() {
        if number == 0 {
            out.push_str(&text[..*start]);
        }
        let segment = &text[*start..starts.get(number + 1).copied().unwrap_or(text.len())];
        match segment.strip_prefix('.').filter(|name| !name.starts_with('.') && name.contains(['-', '/'])) {
            Some(name) => out.push_str(&format!("['{name}']")),
            None => out.push_str(segment),
        }
    }
    out
}

#[cfg(test)]
mod tests;
