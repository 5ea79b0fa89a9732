//! How a text must be quoted so that YAML keeps it whole; for the help lines of mistakes.

/// The text as one YAML scalar: in `'…'`, or in `"…"` where that is shorter to read.
pub(crate) fn whole(text: &str) -> String {
    let text = text.trim();
    if text.contains('\'') && !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// A template as one scalar: `"{{ x }}"`.
pub(crate) fn template(text: &str) -> String {
    let text = text.trim();
    if text.contains(['"', '\\']) { whole(text) } else { format!("\"{text}\"") }
}

/// A flow collection in which every part that holds brackets of its own is quoted:
/// `[ x in [1, 2] ]` becomes `['x in [1, 2]']`.
pub(crate) fn flow(text: &str) -> Option<String> {
    let text = text.trim();
    let open = text.chars().next().filter(|c| matches!(c, '[' | '{'))?;
    let close = if open == '[' { ']' } else { '}' };
    let inner = text[1..].trim_end().strip_suffix(close)?;
    let parts: Vec<String> = split(inner).into_iter().map(part).collect();
    let space = if open == '{' { " " } else { "" };
    Some(format!("{open}{space}{}{space}{close}", parts.join(", ")))
}

/// A part of a flow collection, its value quoted if it needs that.
fn part(text: &str) -> String {
    let text = text.trim();
    let (key, value) = match text.split_once(": ") {
        Some((key, value)) if !key.contains(['[', '{', '(', '"', '\'', ' ']) => (Some(key), value.trim()),
        _ => (None, text),
    };
    let bare = !value.starts_with(['"', '\'', '[', '{']) && value.contains(['[', '{', ']', '}']);
    let after = value.starts_with(['[', '{']) && closed(value).is_some_and(|end| end < value.len());
    let value = if bare || after { whole(value) } else { value.to_owned() };
    key.map_or_else(|| value.clone(), |key| format!("{key}: {value}"))
}

/// Where the bracket that opens `text` is closed: the byte after it.
pub(crate) fn closed(text: &str) -> Option<usize> {
    let mut walk = Depth::default();
    text.char_indices().find_map(|(at, c)| (walk.step(c) == 0 && at > 0 && !walk.quoted()).then_some(at + c.len_utf8()))
}

/// `text` cut at commas outside of brackets and quotes.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut walk = Depth::default();
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if c == ',' && walk.depth == 0 && !walk.quoted() {
            parts.push(&text[from..at]);
            from = at + 1;
        }
        walk.step(c);
    }
    parts.push(&text[from..]);
    parts
}

#[derive(Default)]
struct Depth {
    depth: usize,
    quote: Option<char>,
}

impl Depth {
    fn step(&mut self, c: char) -> usize {
        match (self.quote, c) {
            (Some(quote), _) if quote == c => self.quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => self.quote = Some(c),
            (None, '[' | '{' | '(') => self.depth += 1,
            (None, ']' | '}' | ')') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth
    }

    fn quoted(&self) -> bool {
        self.quote.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parts_with_brackets_are_quoted() {
        assert_eq!(flow("[ ready, x in [1, 2] ]").as_deref(), Some("[ready, 'x in [1, 2]']"));
        assert_eq!(flow("{ a: items[0].x, b: 2 }").as_deref(), Some("{ a: 'items[0].x', b: 2 }"));
        assert_eq!(flow("{ query: count(up{a=\"b\"}) }").as_deref(), Some("{ query: 'count(up{a=\"b\"})' }"));
        assert_eq!(flow("[1, 2"), None);
    }

    #[test]
    fn quotes_do_not_collide() {
        assert_eq!(whole("a == 'x: y'"), "\"a == 'x: y'\"");
        assert_eq!(whole(r#"a == "it's""#), r#"'a == "it''s"'"#);
        assert_eq!(template("{{ secret('x') }}"), "\"{{ secret('x') }}\"");
    }
}
