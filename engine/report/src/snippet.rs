//! One line of a suite with a caret under what is meant. Needs no file: the line came with the finding.

use std::fmt::Write as _;

use checkrun_model::Snippet;

use crate::style::{Paint, harmless};

/// More characters of a line than this are not drawn.
const WIDEST: usize = 160;

/// Draws `snippet`, `label` beside the carets; each line starts with `indent` and ends with a line end.
#[must_use]
pub fn draw(snippet: &Snippet, label: &str, indent: &str, paint: Paint) -> String {
    let window = Window::of(snippet);
    let number = snippet.at.line.to_string();
    let gutter = " ".repeat(number.len());
    let bar = paint.dim("|");
    let place = format!("{}:{}:{}", snippet.at.file, snippet.at.line, snippet.at.column);
    let carets = paint.bad(&"^".repeat(window.width));
    let mut out = String::new();
    let _ = writeln!(out, "{indent}{gutter}{} {}", paint.dim("-->"), harmless(&place));
    let _ = writeln!(out, "{indent}{} {bar} {}", paint.dim(&number), window.text);
    let pointed = format!("{indent}{gutter} {bar} {}{carets} {}", " ".repeat(window.before), paint.bad(label));
    let _ = writeln!(out, "{}", pointed.trim_end());
    out
}

/// The part of a long line that is shown: as much as fits, the meant part first of all.
struct Window {
    text: String,
    before: usize,
    width: usize,
}

impl Window {
    fn of(snippet: &Snippet) -> Self {
        let chars: Vec<char> = snippet.text.chars().map(one_column).collect();
        let from = (snippet.at.column.max(1) as usize - 1).min(chars.len());
        let skipped = if from > WIDEST / 2 { from - WIDEST / 4 } else { 0 };
        let end = chars.len().min(skipped + WIDEST);
        let mut text: String = chars[skipped..end].iter().collect();
        let mut before = from - skipped;
        if skipped > 0 {
            text.insert(0, '…');
            before += 1;
        }
        if end < chars.len() {
            text.push('…');
        }
        let width = (snippet.width.max(1) as usize).min(end.saturating_sub(from).max(1));
        Self { text, before, width }
    }
}

/// Every character takes one column, so that the carets stand under what they mean.
fn one_column(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

#[cfg(test)]
mod tests {
    use checkrun_model::Location;

    use super::*;

    fn snippet(text: &str, column: u32, width: u32) -> Snippet {
        Snippet { at: Location { file: "a.yaml".into(), line: 14, column }, text: text.into(), width }
    }

    #[test]
    fn carets_stand_under_what_is_meant() {
        let drawn = draw(&snippet("  - ä == 3", 5, 6), "2 == 3", "", Paint::Plain);
        assert_eq!(drawn, "  --> a.yaml:14:5\n14 |   - ä == 3\n   |     ^^^^^^ 2 == 3\n");
    }

    #[test]
    fn a_tab_takes_one_column() {
        let drawn = draw(&snippet("\tx: 1", 2, 1), "", "", Paint::Plain);
        assert_eq!(drawn, "  --> a.yaml:14:2\n14 |  x: 1\n   |  ^\n");
    }

    #[test]
    fn of_a_long_line_the_meant_part_is_shown() {
        let long = format!("{}MEANT{}", "x".repeat(500), "y".repeat(500));
        let drawn = draw(&snippet(&long, 501, 5), "", "", Paint::Plain);
        let lines: Vec<&str> = drawn.lines().collect();
        let caret = lines[2].find('^').map(|at| lines[2][..at].chars().count()).expect("a caret");
        let under: String = lines[1].chars().skip(caret).take(5).collect();
        assert_eq!(under, "MEANT");
        assert!(lines[1].chars().count() < 180);
    }

    #[test]
    fn a_place_beyond_its_line_is_drawn_all_the_same() {
        assert!(draw(&snippet("ab", 90, 7), "", "", Paint::Plain).contains('^'));
    }
}
