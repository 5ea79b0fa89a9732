//! What a row must be to be found.

use std::time::Duration;

use jiff::Timestamp;
use regex::Regex;

use super::row::Row;

/// A condition on rows.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    /// `*`
    Any,
    /// All of them.
    And(Vec<Filter>),
    /// One of them.
    Or(Vec<Filter>),
    /// Not that.
    Not(Box<Filter>),
    /// `_time:5m`: not older.
    Youngest(Duration),
    /// `{name="value"}`: one condition on a field of the stream.
    Stream(String, Test),
    /// A condition on a field.
    Field(String, Test),
}

/// A condition on a text.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// It is this.
    Is(String),
    /// It is one of these.
    In(Vec<String>),
    /// It holds these words, one after another.
    Phrase(String),
    /// It holds a word that begins so.
    Prefix(String),
    /// It holds something that fits.
    Regex(Regex),
    /// It is there.
    Filled,
}

impl Filter {
    pub(super) fn fits(&self, row: &Row, now: Timestamp) -> bool {
        match self {
            Self::Any => true,
            Self::And(all) => all.iter().all(|one| one.fits(row, now)),
            Self::Or(any) => any.iter().any(|one| one.fits(row, now)),
            Self::Not(inner) => !inner.fits(row, now),
            Self::Youngest(age) => now.checked_sub(*age).is_ok_and(|oldest| row.at >= oldest) && row.at <= now,
            Self::Stream(name, test) => test.holds(row.stream_field(name)),
            Self::Field(name, test) => test.holds(row.field(name)),
        }
    }
}

impl Test {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Is(wanted) => text == wanted,
            Self::In(wanted) => wanted.iter().any(|one| one == text),
            Self::Phrase(phrase) if phrase.is_empty() => text.is_empty(),
            Self::Phrase(phrase) => found(text, phrase, true),
            Self::Prefix(start) => found(text, start, false),
            Self::Regex(regex) => regex.is_match(text),
            Self::Filled => !text.is_empty(),
        }
    }
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

/// Whether `part` stands in `text` as whole words; its last may go on unless `whole`.
fn found(text: &str, part: &str, whole: bool) -> bool {
    let begins_word = part.chars().next().is_some_and(is_word);
    let ends_word = part.chars().next_back().is_some_and(is_word);
    text.match_indices(part).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(is_word);
        let after = text[at + part.len()..].chars().next().is_some_and(is_word);
        let cut = (begins_word && before) || (whole && ends_word && after);
        !cut
    })
}
