//! The text of a query to its filter and pipes. What is not worked out is a sentence that names it.

use std::time::Duration;

use checkrun_model::args::parse_duration;
use regex::Regex;

use super::filter::{Filter, Test};
use super::lex::{Token, tokens};
use super::pipe::{self, Pipe};

/// A query, taken apart.
pub(super) struct Query {
    pub(super) filter: Filter,
    pub(super) pipes: Vec<Pipe>,
}

/// Takes a query apart.
pub(super) fn query(text: &str) -> Result<Query, String> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0, depth: 0 };
    if reader.tokens.is_empty() {
        return Err("the query is empty".into());
    }
    let filter = reader.any_of()?;
    let mut pipes = Vec::new();
    while reader.takes('|') {
        pipes.push(pipe::pipe(&mut reader)?);
    }
    match reader.next() {
        None => Ok(Query { filter, pipes }),
        Some(token) => Err(format!("unexpected {}", shown(&token))),
    }
}

/// A token for people.
pub(super) fn shown(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("`{word}`"),
        Token::Quoted(text) => format!("{text:?}"),
        Token::Sign(sign) => format!("`{sign}`"),
    }
}

/// Reads tokens one after another.
pub(super) struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    pub(super) fn takes(&mut self, sign: char) -> bool {
        let there = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(there);
        there
    }

    pub(super) fn wants(&mut self, sign: char) -> Result<(), String> {
        if self.takes(sign) { Ok(()) } else { Err(format!("`{sign}` is missing{}", self.before())) }
    }

    fn before(&self) -> String {
        self.peek().map_or_else(|| " at the end".into(), |token| format!(" before {}", shown(token)))
    }

    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        self.at += usize::from(there);
        there
    }

    /// A word or quoted text.
    pub(super) fn name(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(text) | Token::Quoted(text)) => Ok(text),
            Some(other) => Err(format!("a name is wanted, not {}", shown(&other))),
            None => Err("a name is missing at the end".into()),
        }
    }

    /// `a, b)` behind its parenthesis.
    pub(super) fn names(&mut self) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        while !self.takes(')') {
            names.push(self.name()?);
            if !self.takes(',') {
                self.wants(')')?;
                break;
            }
        }
        Ok(names)
    }

    fn any_of(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > 32 {
            return Err("the query is more than 32 deep".into());
        }
        let mut any = vec![self.all_of()?];
        while self.takes_word("or") {
            any.push(self.all_of()?);
        }
        self.depth -= 1;
        Ok(if any.len() == 1 { any.remove(0) } else { Filter::Or(any) })
    }

    fn all_of(&mut self) -> Result<Filter, String> {
        let mut all = vec![self.one()?];
        loop {
            let ends = match self.peek() {
                None | Some(Token::Sign('|' | ')')) => true,
                Some(Token::Word(word)) => word.eq_ignore_ascii_case("or"),
                _ => false,
            };
            if ends {
                return Ok(if all.len() == 1 { all.remove(0) } else { Filter::And(all) });
            }
            self.takes_word("and");
            all.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<Filter, String> {
        if self.takes('!') || self.takes('-') || self.takes_word("not") {
            return self.one().map(|inner| Filter::Not(Box::new(inner)));
        }
        if self.takes('(') {
            let inner = self.any_of()?;
            return self.wants(')').map(|()| inner);
        }
        if self.takes('{') {
            return self.stream();
        }
        if self.takes('*') {
            return Ok(Filter::Any);
        }
        match self.next() {
            Some(Token::Word(name) | Token::Quoted(name)) if self.takes(':') => self.of_field(name),
            Some(Token::Word(word)) if self.takes('*') => Ok(Filter::Field("_msg".into(), Test::Prefix(word))),
            Some(Token::Word(text)) if self.peek() == Some(&Token::Sign('(')) => {
                Err(format!("the sandbox does not work out the filter `{text}(…)`"))
            }
            Some(Token::Word(text) | Token::Quoted(text)) => Ok(Filter::Field("_msg".into(), Test::Phrase(text))),
            Some(Token::Sign('=')) => self.test_after('=').map(|test| Filter::Field("_msg".into(), test)),
            Some(Token::Sign('~')) => self.test_after('~').map(|test| Filter::Field("_msg".into(), test)),
            Some(Token::Sign(sign)) => Err(format!("the sandbox does not work out `{sign}` here")),
            None => Err("the query ends where a filter is wanted".into()),
        }
    }

    /// What stands behind `name:`.
    fn of_field(&mut self, name: String) -> Result<Filter, String> {
        if name == "_time" {
            return self.age().map(Filter::Youngest);
        }
        if matches!(name.as_str(), "_stream" | "_stream_id") {
            return Err(format!("the sandbox does not work out `{name}:`; write `{{name=\"value\"}}`"));
        }
        if self.takes('!') || self.takes('-') {
            return self.of_field(name).map(|inner| Filter::Not(Box::new(inner)));
        }
        let test = match self.next() {
            Some(Token::Sign(sign @ ('=' | '~'))) => self.test_after(sign)?,
            Some(Token::Sign('*')) => Test::Filled,
            Some(Token::Word(word)) if word == "in" && self.takes('(') => Test::In(self.names()?),
            Some(Token::Word(word)) if self.peek() == Some(&Token::Sign('(')) => {
                return Err(format!("the sandbox does not work out the filter `{word}(…)`"));
            }
            Some(Token::Word(word)) if self.takes('*') => Test::Prefix(word),
            Some(Token::Word(text) | Token::Quoted(text)) => Test::Phrase(text),
            Some(Token::Sign(sign)) => return Err(format!("the sandbox does not work out `{name}:{sign}…`")),
            None => return Err(format!("nothing stands behind `{name}:`")),
        };
        Ok(Filter::Field(name, test))
    }

    fn test_after(&mut self, sign: char) -> Result<Test, String> {
        let text = self.name()?;
        if sign == '~' {
            return Regex::new(&text)
                .map(Test::Regex)
                .map_err(|why| format!("cannot parse the regexp {text:?}: {why}"));
        }
        if self.takes('*') {
            return Err(format!("the sandbox does not work out `={text}*`"));
        }
        Ok(Test::Is(text))
    }

    fn age(&mut self) -> Result<Duration, String> {
        let refused = |what: &str| format!("the sandbox does not work out `_time:{what}`; write `_time:5m`");
        match self.next() {
            Some(Token::Word(text)) => parse_duration(&text)
                .ok()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                .ok_or_else(|| refused(&text)),
            Some(other) => Err(refused(shown(&other).trim_matches('`'))),
            None => Err("nothing stands behind `_time:`".into()),
        }
    }

    /// `name="value", …}` behind its brace.
    fn stream(&mut self) -> Result<Filter, String> {
        let mut all = Vec::new();
        while !self.takes('}') {
            let name = self.name()?;
            let not = self.takes('!');
            let regex = if self.takes('=') { self.takes('~') } else { not && self.takes('~') };
            let text = self.name()?;
            let test = match regex {
                true => Test::Regex(Regex::new(&format!("^(?:{text})$")).map_err(|why| why.to_string())?),
                false => Test::Is(text),
            };
            let filter = Filter::Stream(name, test);
            all.push(if not { Filter::Not(Box::new(filter)) } else { filter });
            if !self.takes(',') {
                self.wants('}')?;
                break;
            }
        }
        Ok(Filter::And(all))
    }
}
