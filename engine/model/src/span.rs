//! Where in a text something stands. Knows texts and byte offsets, not files.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A text that was read, by its position in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A range of bytes of one source; `start..end`, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span of the bytes `start..end`.
    #[must_use]
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { source, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The part of this span that begins `from` bytes in and ends `to` bytes in,
    /// kept inside the span.
    #[must_use]
    pub fn part(self, from: usize, to: usize) -> Self {
        let end = self.end as usize;
        let at = |offset: usize| (self.start as usize + offset).min(end);
        Self::new(self.source, at(from), at(to.max(from)))
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether no byte is covered.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A text with its name, as people know it (a path relative to where they stand).
#[derive(Debug, Clone)]
pub struct Source {
    /// Name to print.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

/// All texts of one load. Append-only; a [`SourceId`] stays valid.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    list: Vec<Source>,
}

/// A place as people read it: 1-based line and column (column in characters).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Name of the source.
    pub file: Arc<str>,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
}

/// One line of a source with the part that is meant; enough to draw a caret without the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// Where it stands.
    #[serde(flatten)]
    pub at: Location,
    /// The line of text, without its end.
    pub text: String,
    /// How many characters are meant, from `at.column` on; at least 1.
    pub width: u32,
}

impl Sources {
    /// Adds a text.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        let id = SourceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Source { name: name.into(), text: text.into() });
        id
    }

    /// The text of `id`.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.list.get(id.0 as usize)
    }

    /// All sources with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.list.iter().enumerate().map(|(at, source)| (SourceId(u32::try_from(at).unwrap_or(u32::MAX)), source))
    }

    /// The text that `span` covers; empty where it does not fit its source.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).and_then(|source| source.text.get(span.start as usize..span.end as usize)).unwrap_or("")
    }

    /// Line and column of the start of `span`.
    #[must_use]
    pub fn location(&self, span: Span) -> Location {
        let Some(source) = self.get(span.source) else {
            return Location { file: "<unknown>".into(), line: 1, column: 1 };
        };
        let before = source.text.get(..span.start as usize).unwrap_or(&source.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Location {
            file: source.name.clone(),
            line: count(before.bytes().filter(|b| *b == b'\n').count() + 1),
            column: count(before[line_start..].chars().count() + 1),
        }
    }

    /// The line on which `span` starts, with the part of it that is meant.
    #[must_use]
    pub fn snippet(&self, span: Span) -> Snippet {
        let at = self.location(span);
        let Some(source) = self.get(span.source) else {
            return Snippet { at, text: String::new(), width: 1 };
        };
        let start = (span.start as usize).min(source.text.len());
        let line_start = source.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source.text[start..].find('\n').map_or(source.text.len(), |at| start + at);
        let end = (span.end as usize).clamp(start, line_end);
        Snippet {
            at,
            text: source.text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: count(source.text[start..end].chars().count().max(1)),
        }
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_counts_characters_not_bytes() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "ö: 1\nbé: väl\n");
        let from = "ö: 1\nbé: ".len();
        let snippet = sources.snippet(Span::new(id, from, from + "väl".len()));
        assert_eq!((snippet.at.line, snippet.at.column, snippet.width), (2, 5, 3));
        assert_eq!(snippet.text, "bé: väl");
    }
}
