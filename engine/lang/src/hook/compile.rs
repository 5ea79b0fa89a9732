//! A file of functions: compiled, its names checked, its functions called.

use std::ops::Range;
use std::sync::Arc;

use checkrun_model::suggest;
use rhai::{AST, CallFnOptions, Dynamic, EvalAltResult, Position};

use super::dynamic::{from_dynamic, to_dynamic};
use super::engine::{DISABLED, engine};
use super::running::{Running, caught};
use crate::fault::{EvalError, Fault};
use crate::function;
use crate::scope::Scope;
use crate::text::{Dialect, Lex, Rewritten, Token, rewrite, scan};
use crate::value::Value;

/// A longer file is refused.
const MOST_BYTES: usize = 256 << 10;

/// Functions of one or more files, callable by name.
#[derive(Debug)]
pub(crate) struct Library {
    ast: AST,
    /// The files one after another, as they are compiled.
    text: String,
    rewritten: Rewritten,
    /// Name of each file and where it begins in `text`.
    files: Vec<(String, usize)>,
    functions: Vec<(String, usize)>,
}

impl Library {
    /// Compiles files that stand one after another; faults are bytes of the last.
    pub(crate) fn compile(texts: &[(String, Arc<str>)]) -> Result<Self, Vec<Fault>> {
        let (mut text, mut files) = (String::new(), Vec::new());
        for (name, part) in texts {
            files.push((name.clone(), text.len()));
            text.push_str(part);
            text.push('\n');
        }
        let last = files.last().map_or(0, |(_, start)| *start);
        let inside = |fault: Fault| {
            let at = |byte: usize| byte.saturating_sub(last).min(text.len() - last);
            Fault { range: at(fault.range.start)..at(fault.range.end), ..fault }
        };
        let compiled = compile(&text).map_err(|faults| faults.into_iter().map(inside).collect::<Vec<_>>())?;
        let (ast, rewritten) = compiled;
        let functions = ast.iter_functions().map(|one| (one.name.to_owned(), one.params.len())).collect();
        Ok(Self { ast, text, rewritten, files, functions })
    }

    pub(crate) fn has(&self, name: &str, arguments: usize) -> bool {
        self.functions.iter().any(|(own, count)| own == name && *count == arguments)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().map(|(name, _)| name.as_str())
    }

    /// Functions of the last file that nothing in it names, with the bytes of their names.
    pub(crate) fn uncalled(&self) -> Vec<(String, Range<usize>)> {
        let text = self.files.last().map_or("", |(_, start)| &self.text[*start..]);
        let tokens: Vec<Token> = scan(text).into_iter().filter(|token| token.lex != Lex::Comment).collect();
        let word = |token: &Token| &text[token.range.clone()];
        let named = |name: &str| tokens.iter().filter(|token| word(token).trim_matches(['"', '`']) == name).count();
        let pairs = tokens.windows(2).filter(|pair| word(&pair[0]) == "fn" && named(word(&pair[1])) == 1);
        pairs.map(|pair| (word(&pair[1]).to_owned(), pair[1].range.clone())).collect()
    }

    pub(crate) fn call(&self, name: &str, args: &[Value], scope: &Scope) -> Result<Value, EvalError> {
        let options = CallFnOptions::new().eval_ast(false).with_tag(Dynamic::from(Running::new(scope)));
        let args: Vec<Dynamic> = args.iter().cloned().map(to_dynamic).collect();
        let answer = engine().call_fn_with_options::<Dynamic>(options, &mut rhai::Scope::new(), &self.ast, name, args);
        match answer {
            Ok(answer) => {
                from_dynamic(&answer).map_err(|why| EvalError::new(format!("`{name}` gives no value: {why}")))
            }
            Err(error) => Err(self.placed(name, &error)),
        }
    }

    /// The error with the file and line where it arose.
    fn placed(&self, function: &str, error: &EvalAltResult) -> EvalError {
        let ours = caught(error);
        let position = innermost(error);
        if position.is_none() {
            return EvalError { message: format!("`{function}`: {}", ours.message), ..ours };
        }
        let at = self.rewritten.origin(offset(&self.rewritten.text, position));
        let file = self.files.iter().rev().find(|(_, start)| *start <= at);
        let (name, start) = file.map_or(("", 0), |(name, start)| (name.as_str(), *start));
        let line = self.text.get(start..at).unwrap_or_default().matches('\n').count() + 1;
        EvalError { message: format!("{name}, line {line}: {}", ours.message), ..ours }
    }
}

/// The position of the error itself, not of the calls that led to it.
fn innermost(error: &EvalAltResult) -> Position {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, outer) => match innermost(inner) {
            Position::NONE => *outer,
            found => found,
        },
        other => other.position(),
    }
}

/// The byte of a position.
fn offset(text: &str, position: Position) -> usize {
    let (Some(line), column) = (position.line(), position.position().unwrap_or(1)) else { return 0 };
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let within = text.get(start..).unwrap_or_default().char_indices().nth(column.saturating_sub(1));
    (start + within.map_or(0, |(at, _)| at)).min(text.len())
}

fn compile(text: &str) -> Result<(AST, Rewritten), Vec<Fault>> {
    if text.len() > MOST_BYTES {
        return Err(vec![Fault::new("hook::size", 0..text.len(), format!("a hook has at most {MOST_BYTES} bytes"))]);
    }
    let tokens: Vec<Token> = scan(text).into_iter().filter(|token| token.lex != Lex::Comment).collect();
    let disabled = disabled(text, &tokens);
    if !disabled.is_empty() {
        return Err(disabled);
    }
    let rewritten = rewrite(text, Dialect::Rhai).map_err(|fault| vec![fault])?;
    let ast = engine().compile(&rewritten.text).map_err(|error| {
        let at = rewritten.origin(offset(&rewritten.text, error.position()));
        vec![Fault::new("hook::syntax", token_at(&tokens, at, text), error.err_type().to_string())]
    })?;
    let faults: Vec<Fault> = outside(text, &tokens, &ast).into_iter().chain(unknown(text, &tokens, &ast)).collect();
    if faults.is_empty() { Ok((ast, rewritten)) } else { Err(faults) }
}

fn token_at(tokens: &[Token], at: usize, text: &str) -> Range<usize> {
    let found = tokens.iter().find(|token| token.range.end > at);
    found.map_or(text.len()..text.len(), |token| token.range.clone())
}

/// What rhai has and scripts have not.
fn disabled(text: &str, tokens: &[Token]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let word = &text[token.range.clone()];
        let field = at > 0 && &text[tokens[at - 1].range.clone()] == ".";
        let key = tokens.get(at + 1).is_some_and(|next| &text[next.range.clone()] == ":");
        if token.lex == Lex::Name && !field && !key && DISABLED.contains(&word) {
            let message = format!("scripts have no `{word}`");
            let help = match word {
                "switch" => "write `if … else if …`, which compares as expressions do",
                _ => "a script sees values, never files, network, process or clock",
            };
            faults.push(Fault::new("hook::not-there", token.range.clone(), message).help(help));
        }
    }
    faults
}

/// Statements beside functions would run at no time that a reader could name.
fn outside(text: &str, tokens: &[Token], ast: &AST) -> Option<Fault> {
    if ast.statements().is_empty() {
        return None;
    }
    let mut depth = 0usize;
    let mut header = false;
    for token in tokens {
        let word = &text[token.range.clone()];
        match word {
            "{" | "#{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                header = header && depth > 0;
            }
            "fn" | "private" if depth == 0 => header = true,
            _ if depth == 0 && !header => {
                let fault = Fault::new("hook::syntax", token.range.clone(), "a hook holds functions only");
                return Some(fault.help("put it into the function that needs it"));
            }
            _ => {}
        }
    }
    Some(Fault::new("hook::syntax", 0..text.len(), "a hook holds functions only"))
}

/// Words before a parenthesis that are no functions.
const WORDS: [&str; 13] =
    ["if", "while", "for", "until", "return", "in", "catch", "throw", "fn", "else", "call", "curry", "Fn"];

/// Calls of functions that nobody has.
fn unknown(text: &str, tokens: &[Token], ast: &AST) -> Vec<Fault> {
    let own: Vec<String> = ast.iter_functions().map(|one| one.name.to_owned()).collect();
    let has = |name: &str| {
        own.iter().any(|own| own == name) || WORDS.contains(&name) || function::names().any(|known| known == name)
    };
    let mut faults = Vec::new();
    for pair in tokens.windows(2) {
        let [token, next] = pair else { continue };
        let name = &text[token.range.clone()];
        let called = token.lex == Lex::Name && &text[next.range.clone()] == "(";
        if !called || name == "push" || name == "type_of" || has(name) {
            continue;
        }
        let fault = Fault::new("hook::unknown-function", token.range.clone(), format!("there is no function `{name}`"));
        let mut all: Vec<&str> = function::names().collect();
        all.extend(own.iter().map(String::as_str));
        let near = suggest(name, all);
        faults.push(match near {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault,
        });
    }
    faults
}
