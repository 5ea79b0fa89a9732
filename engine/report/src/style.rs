//! Words with colour, or without: whoever knows the terminal decides. Also makes foreign text harmless.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use checkrun_model::Verdict;

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// ANSI colours.
    Colours,
    /// Plain text, no escape codes at all.
    Plain,
}

impl Paint {
    fn style(self, style: Style, text: &str) -> String {
        match self {
            Self::Colours => format!("{style}{text}{style:#}"),
            Self::Plain => text.to_owned(),
        }
    }

    /// Something that people should see first.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.style(Style::new().bold(), text)
    }

    /// Something beside the point.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.style(Style::new().dimmed(), text)
    }

    /// What is wrong.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.style(AnsiColor::Red.on_default().bold(), text)
    }

    /// What is fine.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.style(AnsiColor::Green.on_default().bold(), text)
    }

    /// What to know.
    #[must_use]
    pub fn odd(self, text: &str) -> String {
        self.style(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// `text` in the colour of `verdict`.
    #[must_use]
    pub fn verdict(self, verdict: Option<Verdict>, text: &str) -> String {
        match verdict {
            Some(Verdict::Passed) => self.good(text),
            Some(Verdict::Failed | Verdict::Error) => self.bad(text),
            Some(Verdict::Blocked | Verdict::Skipped) | None => self.odd(text),
        }
    }
}

/// Text from outside on one line, without control characters: it must not move the cursor of who reads it.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|c| match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        c if is_harmful(c) => format!("\\u{{{:x}}}", u32::from(c)),
        c => c.to_string(),
    });
    Cow::Owned(shown.collect())
}

/// Control characters, and those that turn the direction of writing.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// At most `most` characters, the end marked where something is missing.
#[must_use]
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(most.saturating_sub(1)).chain(['…']).collect()),
    }
}

/// A length of time as people say it: `850ms`, `2.3s`, `1m05s`, `2h03m`.
#[must_use]
pub fn elapsed(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length of time in whole seconds")]
    let whole = seconds.max(0.0).round() as u64;
    match seconds {
        s if s < 0.9995 => format!("{:.0}ms", s.max(0.0) * 1000.0),
        s if s < 59.95 => format!("{s:.1}s"),
        s if s < 3599.5 => format!("{}m{:02}s", whole / 60, whole % 60),
        _ => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_codes_from_outside_are_shown_not_obeyed() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
        assert_eq!(harmless("grün"), "grün");
    }

    #[test]
    fn what_is_cut_is_marked() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }

    #[test]
    fn lengths_of_time() {
        let said: Vec<String> = [0.0004, 0.85, 0.9999, 59.99, 65.0, 7384.0].into_iter().map(elapsed).collect();
        assert_eq!(said, ["0ms", "850ms", "1.0s", "1m00s", "1m05s", "2h03m"]);
    }

    #[test]
    fn plain_holds_no_escape_codes() {
        assert_eq!(Paint::Plain.bad("x"), "x");
        assert!(Paint::Colours.bad("x").contains('\u{1b}'));
    }
}
