//! One expression between `{{` and `}}`. What is only a path, a secret or a file needs no minijinja.

use std::ops::Range;
use std::sync::Arc;

use super::{jinja, shift};
use crate::expr::{Reader, Reads, show_path, unescape};
use crate::fault::{EvalError, Fault};
use crate::scope::{Scope, SecretRef, Stop, missing_key};
use crate::text::{Lex, Token, scan};
use crate::value::{Repr, Text, Value};
use crate::world::World;

/// A compiled expression of a template.
#[derive(Debug)]
pub(super) enum Code {
    Path(Arc<str>, Vec<Arc<str>>),
    Secret(SecretRef),
    Constant(Value),
    Jinja(jinja::Expression),
}

/// Words of minijinja that are no names.
const WORDS: [&str; 14] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "True", "False", "none", "None", "null"];

impl Code {
    /// Compiles the part `range` of a scalar's `text`.
    pub(super) fn compile(
        text: &str,
        range: Range<usize>,
        world: &Arc<World>,
        reads: &mut Reads,
    ) -> Result<Self, Fault> {
        let source = &text[range.clone()];
        let parser = Parser { source, tokens: scan(source), world };
        let code = parser.compile(reads_at(reads, range.start));
        code.map_err(|fault| Fault { range: shift(&fault.range, range.start), ..fault })
    }

    pub(super) fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Secret(secret) => jinja::secret(scope, secret),
            Self::Jinja(expression) => expression.eval(scope),
            Self::Path(name, keys) => scope.walk(name, keys).map_err(|stop| match stop {
                Stop::Name(error) => error,
                Stop::Key(done, base) => {
                    let key = keys.get(done).map_or("", AsRef::as_ref);
                    missing_key(&format!("`{}`", show_path(name, &keys[..done])), key, &base)
                }
            }),
        }
    }
}

/// Adds what is read with ranges of the whole scalar.
fn reads_at(into: &mut Reads, by: usize) -> impl FnOnce(Reads) + '_ {
    move |part: Reads| {
        let Reads { inputs, checks, run, names, secrets, files } = part;
        into.inputs.extend(inputs.into_iter().map(|(name, at)| (name, shift(&at, by))));
        into.checks.extend(checks.into_iter().map(|(names, at)| (names, shift(&at, by))));
        into.run.extend(run.into_iter().map(|(name, at)| (name, shift(&at, by))));
        into.names.extend(names.into_iter().map(|(name, at)| (name, shift(&at, by))));
        into.secrets.extend(secrets.into_iter().map(|(secret, at)| (secret, shift(&at, by))));
        into.files.extend(files.into_iter().map(|(file, at)| (file, shift(&at, by))));
    }
}

struct Parser<'t> {
    source: &'t str,
    tokens: Vec<Token>,
    world: &'t Arc<World>,
}

impl Parser<'_> {
    fn slice(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &self.source[token.range.clone()])
    }

    fn lex(&self, at: usize) -> Option<Lex> {
        self.tokens.get(at).map(|token| token.lex)
    }

    fn fault(&self, at: Range<usize>, message: impl Into<String>) -> Fault {
        Fault::new("template::syntax", at, message)
    }

    fn compile(&self, add: impl FnOnce(Reads)) -> Result<Code, Fault> {
        if self.tokens.is_empty() {
            return Err(self.fault(0..self.source.len(), "nothing stands between `{{` and `}}`"));
        }
        let mut reader = Reader { text: self.source, reads: Reads::default() };
        let mut at = 0;
        while at < self.tokens.len() {
            at = self.read(at, &mut reader)?;
        }
        if !reader.reads.secrets.is_empty() && !self.keeps_secret() {
            let fault = Fault::new("template::secret", 0..self.source.trim_end().len(), "a secret is taken as it is");
            return Err(fault.help("of `{{ secret('name') }}` nothing may be made but `| urlencode` and `| tojson`: only these are redacted"));
        }
        let code = self.code(&reader.reads)?;
        add(reader.reads);
        Ok(code)
    }

    fn code(&self, reads: &Reads) -> Result<Code, Fault> {
        if let Some(simple) = self.simple(reads)? {
            return Ok(simple);
        }
        jinja::Expression::compile(self.source, Arc::clone(self.world)).map(Code::Jinja)
    }

    /// What is the whole expression and needs no minijinja.
    fn simple(&self, reads: &Reads) -> Result<Option<Code>, Fault> {
        let whole = self.tokens.len();
        if let (1, Some(Lex::Text)) = (whole, self.lex(0)) {
            let text = self.text(0)?;
            return Ok(Some(Code::Constant(Value::text(&text))));
        }
        if let Some((name, keys, end)) = self.path(0)
            && end == whole
        {
            return Ok(Some(Code::Path(name, keys)));
        }
        match (self.slice(0), reads.secrets.as_slice(), reads.files.as_slice()) {
            ("secret", [(secret, _)], _) if self.is_one_call() => Ok(Some(Code::Secret(secret.clone()))),
            ("file", _, [(path, at)]) if self.is_one_call() => {
                let text = self.world.file(path).map_err(|why| Fault::new("template::file", at.clone(), why))?;
                Ok(Some(Code::Constant(Value(Repr::Text(Text::Own(text))))))
            }
            _ => Ok(None),
        }
    }

    /// Whether the whole is `secret(…)`, as it is or in a form that is known to be redacted.
    fn keeps_secret(&self) -> bool {
        let end = self.tokens.len();
        let filtered = end > 2 && self.slice(end - 2) == "|" && matches!(self.slice(end - 1), "urlencode" | "tojson");
        let call = Self { tokens: self.tokens[..if filtered { end - 2 } else { end }].to_vec(), ..*self };
        call.slice(0) == "secret" && call.is_one_call()
    }

    /// Whether the parenthesis that opens as the second token closes as the last.
    fn is_one_call(&self) -> bool {
        let closes = (0..self.tokens.len()).filter(|at| self.lex(*at) == Some(Lex::Sign) && self.slice(*at) == ")");
        self.slice(1) == "(" && closes.eq(std::iter::once(self.tokens.len() - 1))
    }

    /// A name and the constant keys behind it, with the token after them.
    fn path(&self, at: usize) -> Option<(Arc<str>, Vec<Arc<str>>, usize)> {
        let named = self.lex(at) == Some(Lex::Name) && !WORDS.contains(&self.slice(at)) && self.slice(at + 1) != "(";
        if !named {
            return None;
        }
        let (mut keys, mut next): (Vec<Arc<str>>, usize) = (Vec::new(), at + 1);
        loop {
            let dotted =
                self.slice(next) == "." && self.lex(next + 1) == Some(Lex::Name) && self.slice(next + 2) != "(";
            let indexed =
                self.slice(next) == "[" && self.lex(next + 1) == Some(Lex::Text) && self.slice(next + 2) == "]";
            if dotted {
                keys.push(self.slice(next + 1).into());
                next += 2;
            } else if indexed {
                keys.push(self.text(next + 1).ok()?.into());
                next += 3;
            } else {
                return Some((self.slice(at).into(), keys, next));
            }
        }
    }

    fn text(&self, at: usize) -> Result<String, Fault> {
        let token = &self.tokens[at];
        let inside = token.range.start + 1..token.range.end - 1;
        unescape(&self.source[inside.clone()]).map_err(|(from, why)| self.fault(inside.start + from..inside.end, why))
    }

    /// Notes what token `at` reads; gives the token to go on with.
    fn read(&self, at: usize, reader: &mut Reader<'_>) -> Result<usize, Fault> {
        let Some(token) = self.tokens.get(at) else { return Ok(at + 1) };
        let before = at.checked_sub(1).map_or("", |before| self.slice(before));
        match (token.lex, self.slice(at)) {
            (Lex::Unclosed, _) => Err(self.fault(token.range.clone(), "a text without its end")),
            (Lex::Comment, _) => Err(self.fault(token.range.clone(), "no comments stand in `{{ }}`")),
            (Lex::Sign, "?." | "?[") => Err(crate::text::no_guard(token.range.clone())),
            (Lex::Quantity, text) => {
                let fault =
                    self.fault(token.range.clone(), format!("`{text}` is a quantity, and `{{{{ }}}}` has none"));
                Err(fault.help("expressions have: `expect`, `save`, `when`"))
            }
            (Lex::Name, name) if before == "|" => self.filter(name, &token.range).map(|()| at + 1),
            (Lex::Name, _) if before == "." || before == "is" => Ok(at + 1),
            (Lex::Name, "not") if before == "is" => Ok(at + 2),
            (Lex::Name, name) if self.slice(at + 1) == "(" => self.call(name, at, reader),
            (Lex::Name, name) if !WORDS.contains(&name) && !self.names_an_argument(at) => {
                let (name, keys, next) = self.path(at).unwrap_or((name.into(), Vec::new(), at + 1));
                let end = self.tokens.get(next - 1).map_or(token.range.end, |last| last.range.end);
                let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
                reader.path(&name, &keys, &(token.range.start..end));
                Ok(next)
            }
            _ => Ok(at + 1),
        }
    }

    /// `indent=2` in a filter's arguments.
    fn names_an_argument(&self, at: usize) -> bool {
        self.slice(at + 1) == "="
    }

    fn filter(&self, name: &str, range: &Range<usize>) -> Result<(), Fault> {
        if jinja::FILTERS.contains(&name) {
            return Ok(());
        }
        let fault = Fault::new("template::unknown-filter", range.clone(), format!("there is no filter `{name}`"));
        Err(match checkrun_model::suggest(name, jinja::FILTERS) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help(format!("there are: {}", jinja::FILTERS.join(", "))),
        })
    }

    /// `secret('…')`, `file('…')`: their arguments are written out, so that they are known at load.
    fn call(&self, name: &str, at: usize, reader: &mut Reader<'_>) -> Result<usize, Fault> {
        let range = self.tokens[at].range.clone();
        let arguments = (at + 2..self.tokens.len()).take_while(|at| self.slice(*at) != ")");
        let texts: Option<Vec<usize>> = arguments
            .filter(|at| self.slice(*at) != ",")
            .map(|at| (self.lex(at) == Some(Lex::Text)).then_some(at))
            .collect();
        let texts = texts.map(|all| all.into_iter().map(|at| self.text(at)).collect::<Result<Vec<String>, Fault>>());
        let texts = texts.transpose()?.unwrap_or_default();
        let call = range.start
            ..self
                .tokens
                .iter()
                .find(|token| token.range.start > range.end && &self.source[token.range.clone()] == ")")
                .map_or(range.end, |close| close.range.end);
        let next = self.tokens.iter().position(|token| token.range.end >= call.end).unwrap_or(at) + 1;
        match (name, texts.as_slice()) {
            ("file", [path]) => reader.reads.files.push((path.clone(), call)),
            ("secret", [name]) => reader.reads.secrets.push((SecretRef::Named(name.clone()), call)),
            ("secret", [place, key]) => {
                let secret = kube_secret(place, key).ok_or_else(|| {
                    let fault =
                        Fault::new("template::secret", call.clone(), format!("`{place}` is not `namespace/name`"));
                    fault.help("`secret('namespace/name', 'key')` reads a Secret of the check's cluster")
                })?;
                reader.reads.secrets.push((secret, call));
            }
            ("file" | "secret", _) => {
                let message = format!("`{name}` wants its arguments written out");
                let help = "`secret('name')`, `secret('namespace/name', 'key')`, `file('path')`";
                return Err(Fault::new("template::arguments", call, message).help(help));
            }
            _ => {
                let fault = Fault::new(
                    "template::unknown-function",
                    range,
                    format!("there is no function `{name}` in `{{{{ }}}}`"),
                );
                return Err(fault.help(
                    "there are `secret('name')` and `file('path')`; what is computed stands in `save:` of a check",
                ));
            }
        }
        Ok(next)
    }
}

fn kube_secret(place: &str, key: &str) -> Option<SecretRef> {
    let (namespace, name) = place.split_once('/')?;
    let fine = !namespace.is_empty() && !name.is_empty() && !name.contains('/') && !key.is_empty();
    fine.then(|| SecretRef::Kube { namespace: namespace.into(), name: name.into(), key: key.into() })
}
