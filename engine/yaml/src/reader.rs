//! Reads a text until the parser comes through: a value that it refuses is blanked, and the rest read again.

use std::borrow::Cow;
use std::ops::Range;

use checkrun_model::{Node, SourceId, Span, SpecError};

use crate::build::{Build, Stop};
use crate::{MOST_BYTES, Reading, mistakes, repair};

/// How many documents the text may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Documents {
    One,
    Many,
}

/// A text with more mistakes than this that stop the parser is given up.
const MOST_REPAIRS: usize = 50;

pub(crate) fn read(source: SourceId, text: &str, documents: Documents) -> Reading {
    if text.len() > MOST_BYTES {
        let message = format!("this file has {} MiB; at most {} are read", text.len() >> 20, MOST_BYTES >> 20);
        let error = SpecError::new("yaml::too-large", Span::new(source, 0, 0), message, "from here");
        return Reading { documents: Vec::new(), errors: vec![error], partial: true };
    }
    let mut read = Repeated {
        source,
        original: text,
        text: Cow::Borrowed(text),
        documents,
        errors: Vec::new(),
        blanked: Vec::new(),
        partial: false,
    };
    for _ in 0..MOST_REPAIRS {
        if let Some(roots) = read.once() {
            read.errors.sort_by_key(|error| error.span().map(|span| span.start));
            return Reading { documents: roots, errors: read.errors, partial: read.partial };
        }
    }
    Reading { documents: Vec::new(), errors: read.errors, partial: true }
}

/// A reading that begins again with the bad value blanked, until the parser comes through.
struct Repeated<'t> {
    source: SourceId,
    original: &'t str,
    text: Cow<'t, str>,
    documents: Documents,
    /// Mistakes that stopped the parser.
    errors: Vec<SpecError>,
    /// Starts of blanked values.
    blanked: Vec<usize>,
    partial: bool,
}

impl Repeated<'_> {
    /// The documents; `None` where the text was repaired and must be read again.
    fn once(&mut self) -> Option<Vec<Node>> {
        let text = std::mem::take(&mut self.text);
        let mut build = Build::new(self.source, &text, self.documents, &self.blanked);
        let stop = build.run();
        let Build { roots, errors, .. } = build;
        self.text = text;
        match stop {
            None => {
                self.errors.extend(errors);
                Some(roots)
            }
            Some(Stop::GiveUp(error)) => {
                self.errors.extend(errors);
                self.errors.push(error);
                self.partial = true;
                Some(Vec::new())
            }
            Some(Stop::Template { at, in_flow }) => {
                let range = repair::template(self.original, self.original.floor_char_boundary(at), in_flow);
                self.errors.push(mistakes::template(self.source, self.original, &range));
                self.blank(range, errors)
            }
            Some(Stop::Refused { at, says }) => self.refused(at, &says, errors),
        }
    }

    fn refused(&mut self, at: usize, says: &str, errors: Vec<SpecError>) -> Option<Vec<Node>> {
        // A repaired text has one byte where the original may have a longer character.
        let at = self.original.floor_char_boundary(at);
        let line = mistakes::line_at(self.original, at);
        let value = repair::value_of_line(self.original, at);
        let again = self.blanked.iter().any(|start| line.contains(start));
        let shown = value.clone().unwrap_or_else(|| repair::content_of_line(self.original, at));
        if !again {
            self.errors.push(mistakes::refused(self.source, self.original, &shown, at, says));
        }
        match value {
            Some(range) if !again && !says.contains("expected key") => self.blank(range, errors),
            _ if !line.is_empty() && !self.text[line.clone()].starts_with('#') => {
                self.partial = true;
                let region = repair::lost(self.original, line);
                repair::comment_out(self.text.to_mut(), region);
                None
            }
            _ => {
                self.errors.extend(errors);
                self.partial = true;
                Some(Vec::new())
            }
        }
    }

    fn blank(&mut self, range: Range<usize>, errors: Vec<SpecError>) -> Option<Vec<Node>> {
        if range.is_empty() || self.blanked.contains(&range.start) {
            self.errors.extend(errors);
            self.partial = true;
            return Some(Vec::new());
        }
        self.blanked.push(range.start);
        repair::blank(self.text.to_mut(), range);
        None
    }
}
