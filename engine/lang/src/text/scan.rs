//! Text to tokens. Never fails and never skips: what it does not know is a token too.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lex {
    /// `12`, `1_000`, `0.5`, `1e3`.
    Number,
    /// `5m`, `1GiB`, `10k/s`; its form is checked later.
    Quantity,
    /// `20%`.
    Percent,
    /// `"…"` or `'…'`, with its quotes.
    Text,
    /// A text in backticks.
    Backtick,
    /// A name; after `checks.` with its hyphens.
    Name,
    /// Signs: `==`, `.`, `#{`.
    Sign,
    /// `// …` or `/* … */`.
    Comment,
    /// A text or comment without its end.
    Unclosed,
    /// Any other character.
    Other,
}

/// A token and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub lex: Lex,
    pub range: Range<usize>,
}

/// Longest first.
const SIGNS: [&str; 39] = [
    "--", "++", "...", "..=", "===", "!==", "<<=", ">>=", "**=", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "?[",
    "..", "=>", "->", "::", "+=", "-=", "*=", "/=", "%=", "**", "<<", ">>", "#{", "|", "&", "+", "-", "*", "/", "%",
    "!",
];
const SINGLE: &str = "<>=.,:;()[]{}?^~#@";

/// All tokens of `text`, white space left out.
pub(crate) fn scan(text: &str) -> Vec<Token> {
    let mut scanner = Scanner { text, at: 0, tokens: Vec::new(), chain: false, brackets: Vec::new() };
    while scanner.step() {}
    scanner.tokens
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
    /// Whether what was just read belongs to a chain that begins with `checks`.
    chain: bool,
    /// For each open bracket, whether the chain goes on after it.
    brackets: Vec<bool>,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn step(&mut self) -> bool {
        let Some(first) = self.rest().chars().next() else { return false };
        if first.is_whitespace() {
            self.at += first.len_utf8();
            return true;
        }
        let rest = self.rest();
        let (lex, len) = match first {
            '"' | '\'' => quoted(rest, first),
            '`' => backtick(rest),
            '/' if rest.starts_with("//") => (Lex::Comment, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => match rest.find("*/") {
                Some(end) => (Lex::Comment, end + 2),
                None => (Lex::Unclosed, rest.len()),
            },
            '0'..='9' => number(rest, self.after_dot()),
            c if begins_name(c) => (Lex::Name, name(rest, self.chain && self.after_dot())),
            _ => sign(rest, first),
        };
        self.take(lex, len);
        true
    }

    fn take(&mut self, lex: Lex, len: usize) {
        let range = self.at..self.at + len;
        self.at += len;
        self.follow(lex, range.clone());
        self.tokens.push(Token { lex, range });
    }

    /// Keeps track of whether a chain after `checks` goes on.
    fn follow(&mut self, lex: Lex, range: Range<usize>) {
        match (lex, &self.text[range]) {
            (Lex::Name, name) => self.chain = if self.after_dot() { self.chain } else { name == "checks" },
            (Lex::Sign, ".") | (Lex::Comment, _) => {}
            (Lex::Sign, "[") => {
                self.brackets.push(self.chain);
                self.chain = false;
            }
            (Lex::Sign, "(" | "{" | "#{") => {
                self.brackets.push(false);
                self.chain = false;
            }
            (Lex::Sign, "]" | ")" | "}") => self.chain = self.brackets.pop().unwrap_or(false),
            _ => self.chain = false,
        }
    }

    fn after_dot(&self) -> bool {
        self.tokens.last().is_some_and(|last| last.lex == Lex::Sign && &self.text[last.range.clone()] == ".")
    }
}

fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Length of a name; a hyphen belongs to it where it stands inside one and hyphens are read.
fn name(rest: &str, hyphens: bool) -> usize {
    let plain = |text: &str| text.find(|c: char| !in_name(c)).unwrap_or(text.len());
    let mut end = plain(rest);
    while hyphens && rest[end..].starts_with('-') && rest[end + 1..].starts_with(in_name) {
        end += 1 + plain(&rest[end + 1..]);
    }
    end
}

fn quoted(rest: &str, quote: char) -> (Lex, usize) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return (Lex::Text, at + 1),
            _ => {}
        }
    }
    (Lex::Unclosed, rest.len())
}

fn backtick(rest: &str) -> (Lex, usize) {
    match rest[1..].find('`') {
        Some(end) => (Lex::Backtick, end + 2),
        None => (Lex::Unclosed, rest.len()),
    }
}

fn sign(rest: &str, first: char) -> (Lex, usize) {
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return (Lex::Sign, sign.len());
    }
    let lex = if SINGLE.contains(first) { Lex::Sign } else { Lex::Other };
    (lex, first.len_utf8())
}

/// A number with what is attached to it: a unit, a per cent sign, a `/s`.
fn number(rest: &str, after_dot: bool) -> (Lex, usize) {
    let digits = |text: &str| text.find(|c: char| !(c.is_ascii_digit() || c == '_')).unwrap_or(text.len());
    let mut end = digits(rest);
    if after_dot {
        return (Lex::Number, end);
    }
    if rest[end..].starts_with('.') && rest[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        end += 1 + digits(&rest[end + 1..]);
    }
    end += exponent(&rest[end..]);
    let unit = attached(&rest[end..]);
    if let Some(per) = per_unit(&rest[end + unit..]) {
        return (Lex::Quantity, end + unit + per);
    }
    if unit > 0 {
        return (Lex::Quantity, end + unit);
    }
    if rest[end..].starts_with('%') && !begins_operand(rest[end + 1..].trim_start()) {
        return (Lex::Percent, end + 1);
    }
    (Lex::Number, end)
}

/// `e3`, `E-7`, if that is all that is attached.
fn exponent(rest: &str) -> usize {
    let Some(after) = rest.strip_prefix(['e', 'E']) else { return 0 };
    let digits = after.strip_prefix(['+', '-']).unwrap_or(after);
    let len = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let ends = len > 0 && !digits[len..].starts_with(in_name);
    if ends { rest.len() - digits.len() + len } else { 0 }
}

/// Letters and what follows them without a gap: `m23.5s`.
fn attached(rest: &str) -> usize {
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == 'µ') {
        return 0;
    }
    let mut end = 0;
    for (at, c) in rest.char_indices() {
        let fraction = c == '.' && rest[at + 1..].starts_with(|c: char| c.is_ascii_digit());
        if !(in_name(c) || c == 'µ' || fraction) {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

/// `/s`, `/m`, `/h` with nothing attached behind.
fn per_unit(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('/')?.strip_prefix(['s', 'm', 'h'])?;
    (!after.starts_with(|c: char| in_name(c) || matches!(c, '.' | '(' | '['))).then_some(2)
}

fn begins_operand(rest: &str) -> bool {
    rest.starts_with(|c: char| in_name(c) || matches!(c, '"' | '\'' | '`' | '(' | '[' | '#'))
        && !(rest.starts_with("in ") || rest.starts_with("in["))
}
