//! What can be said of an expression before it runs: names that nothing has, types that never go together.
//! Asks the same tables that evaluation asks.

use checkrun_model::suggest;

use super::ast::{Ast, Part, Step};
use crate::fault::Fault;
use crate::function::{Function, Gives, Takes, one_of};
use crate::known::Known;
use crate::ops::{self, Op};
use crate::value::{Track, Type};

/// All faults of names and types.
pub(super) fn check(ast: &Ast, text: &str, known: &Known) -> Vec<Fault> {
    let mut check = Check { text, known, locals: Vec::new(), faults: Vec::new() };
    check.of(ast);
    check.faults
}

/// The fault of a condition that is surely neither true nor false.
pub(super) fn condition(ast: &Ast, text: &str, known: &Known) -> Option<Fault> {
    let mut check = Check { text, known, locals: Vec::new(), faults: Vec::new() };
    let of = check.of(ast).of.filter(|of| *of != Type::Bool)?;
    let message = format!("this must be true or false; it is {}", of.name());
    Some(Fault::new("expr::sorts", ast.range.clone(), message).help("compare it with what it should be"))
}

/// What is known of a part before it has a value.
#[derive(Clone, Copy)]
struct Static {
    of: Option<Type>,
    /// Type of the items, if it is a list.
    item: Option<Type>,
    /// Its place in the observation.
    track: Track,
}

const UNKNOWN: Static = Static { of: None, item: None, track: Track::NOWHERE };

fn plain(of: Type) -> Static {
    Static { of: Some(of), ..UNKNOWN }
}

fn at(track: Track) -> Static {
    Static { of: Type::of(track.sort()), item: None, track }
}

struct Check<'a> {
    text: &'a str,
    known: &'a Known,
    locals: Vec<Static>,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn of(&mut self, ast: &Ast) -> Static {
        match &ast.part {
            Part::Constant(value) => plain(value.type_of()),
            Part::Path(name, keys) => {
                self.name(name, ast);
                self.path(name, keys.iter().map(|key| Step::Key(key.clone())))
            }
            Part::Local(depth) => self.locals.get(*depth).copied().unwrap_or(UNKNOWN),
            Part::Key(base, key) => at(self.of(base).track.key(key)),
            Part::Index(base, index) => self.index(base, index),
            Part::List(items) => {
                let types: Vec<Option<Type>> = items.iter().map(|item| self.of(item).of).collect();
                let item = types.first().copied().flatten().filter(|first| types.iter().all(|of| *of == Some(*first)));
                Static { item, ..plain(Type::List) }
            }
            Part::Object(entries) => {
                for (_, value) in entries {
                    self.of(value);
                }
                plain(Type::Object)
            }
            Part::Not(one) => self.truth(one, "!"),
            Part::Negate(one) => self.of(one),
            Part::And(left, right) => self.both(left, right, "&&"),
            Part::Or(left, right) => self.both(left, right, "||"),
            Part::IsNull(one, _) => {
                self.of(one);
                plain(Type::Bool)
            }
            Part::Binary(op, left, right) => self.binary(*op, left, right, ast),
            Part::Call(function, args) => self.call(function, args),
            Part::Lambda { .. } => UNKNOWN,
            Part::Lookup { base, steps, default, .. } => self.lookup(base.as_deref(), steps, default.as_deref(), ast),
            Part::Library(_, args) => {
                for arg in args {
                    self.of(arg);
                }
                UNKNOWN
            }
        }
    }

    fn name(&mut self, name: &str, ast: &Ast) {
        if self.known.allows(name) {
            return;
        }
        let end = (ast.range.start + name.len()).min(ast.range.end);
        self.faults.push(unknown_name(name, ast.range.start..end, self.known));
    }

    fn path(&self, name: &str, steps: impl Iterator<Item = Step>) -> Static {
        let steps: Vec<Step> = steps.collect();
        if self.known.binds(name) {
            return match (name, steps.as_slice()) {
                ("run", [Step::Key(key)]) if key.as_ref() == "started" => plain(Type::Time),
                ("run", [Step::Key(key)]) if key.as_ref() == "id" => plain(Type::Text),
                _ => UNKNOWN,
            };
        }
        let top = self.known.fields.map_or(Track::NOWHERE, Track::new);
        let start = if name == "it" { top } else { top.key(name) };
        at(steps.iter().fold(start, walk))
    }

    fn index(&mut self, base: &Ast, index: &Ast) -> Static {
        let (base, index) = (self.of(base), self.of(index));
        match index.of {
            Some(Type::Number) => item(base),
            _ => UNKNOWN,
        }
    }

    fn truth(&mut self, ast: &Ast, sign: &str) -> Static {
        if let Some(of) = self.of(ast).of.filter(|of| *of != Type::Bool) {
            let what = self.text.get(ast.range.clone()).unwrap_or_default();
            let message = format!("`{sign}` wants true or false; `{what}` is {}", of.name());
            self.faults.push(Fault::new("expr::sorts", ast.range.clone(), message));
        }
        plain(Type::Bool)
    }

    fn both(&mut self, left: &Ast, right: &Ast, sign: &str) -> Static {
        self.truth(left, sign);
        self.truth(right, sign)
    }

    fn binary(&mut self, op: Op, left: &Ast, right: &Ast, ast: &Ast) -> Static {
        let (a, b) = (self.of(left), self.of(right));
        if op == Op::In {
            self.faults.extend(in_text(left, right, self.text));
        }
        let (Some(l), Some(r)) = (a.of, b.of) else {
            return if op.compares() || op == Op::In { plain(Type::Bool) } else { UNKNOWN };
        };
        if op == Op::In
            && r == Type::List
            && let Some(item) = b.item
            && item != l
        {
            self.sorts(Op::Eq, l, item, ast);
        }
        match ops::gives(op, l, r) {
            Some(of) => plain(of),
            None => {
                self.sorts(op, l, r, ast);
                UNKNOWN
            }
        }
    }

    fn sorts(&mut self, op: Op, left: Type, right: Type, ast: &Ast) {
        let mut fault = Fault::new("expr::sorts", ast.range.clone(), ops::wrong_types(op, left, right));
        fault.help = ops::advice(op, left, right);
        self.faults.push(fault);
    }

    fn call(&mut self, function: &'static Function, args: &[Ast]) -> Static {
        let mut first = UNKNOWN;
        let mut body = UNKNOWN;
        for (number, (takes, arg)) in function.takes.iter().zip(args).enumerate() {
            match (&arg.part, takes) {
                (Part::Lambda { depth, body: inside, .. }, _) => {
                    if is_test(function) && !reads_local(inside, *depth) {
                        self.faults.push(same_of_each(function, arg));
                    }
                    self.locals.truncate(*depth);
                    self.locals.push(item(first));
                    body = self.of(inside);
                    self.locals.truncate(*depth);
                    self.test_gives_truth(function, body, inside);
                }
                (_, takes) => {
                    let found = self.of(arg);
                    self.argument(function, *takes, found, arg);
                    if number == 0 {
                        first = found;
                    }
                }
            }
        }
        gives(function, first, body)
    }

    fn argument(&mut self, function: &Function, takes: Takes, found: Static, arg: &Ast) {
        if let (Takes::One(types), Some(of)) = (takes, found.of)
            && !types.contains(&of)
        {
            let message = format!("`{}` wants {}, not {}", function.name, one_of(types), of.name());
            self.faults.push(Fault::new("expr::sorts", arg.range.clone(), message));
        }
    }

    fn test_gives_truth(&mut self, function: &Function, body: Static, inside: &Ast) {
        if let (true, Some(of)) = (is_test(function), body.of.filter(|of| *of != Type::Bool)) {
            let message = format!("`{}` wants true or false of each item; this is {}", function.name, of.name());
            self.faults.push(Fault::new("expr::sorts", inside.range.clone(), message));
        }
    }

    fn lookup(&mut self, base: Option<&Ast>, steps: &[Step], default: Option<&Ast>, ast: &Ast) -> Static {
        let found = match (base, steps.split_first()) {
            (Some(base), _) => at(steps.iter().fold(self.of(base).track, walk)),
            (None, Some((Step::Key(name), rest))) => {
                if !self.known.allows(name) {
                    self.faults.push(unknown_name(name, ast.range.clone(), self.known));
                }
                self.path(name, rest.iter().cloned())
            }
            _ => UNKNOWN,
        };
        let Some(default) = default else { return plain(Type::Bool) };
        let other = self.of(default);
        if let (Some(l), Some(r)) = (found.of, other.of)
            && l != r
        {
            let message = format!("the value is {} and its default is {}", l.name(), r.name());
            self.faults.push(Fault::new("expr::sorts", default.range.clone(), message));
        }
        found
    }
}

fn is_test(function: &Function) -> bool {
    matches!(function.name, "some" | "all" | "filter" | "find")
}

fn reads_local(ast: &Ast, depth: usize) -> bool {
    matches!(ast.part, Part::Local(read) if read == depth)
        || ast.below().into_iter().any(|part| reads_local(part, depth))
}

fn same_of_each(function: &Function, lambda: &Ast) -> Fault {
    let message =
        format!("this does not read its item: it is the same of each, so that `{}` asks nothing", function.name);
    Fault::new("expr::vacuous", lambda.range.clone(), message).help("read the item: `|x| x.ready == true`")
}

/// `x in "UP,DOWN"` holds for `P,D` too; a list is meant.
fn in_text(left: &Ast, right: &Ast, text: &str) -> Option<Fault> {
    let Part::Constant(value) = &right.part else { return None };
    let items: Vec<String> =
        value.as_text()?.split(',').map(|item| crate::value::Value::text(item.trim()).show(60)).collect();
    let slice = |ast: &Ast| text.get(ast.range.clone()).unwrap_or_default().to_owned();
    let message = "this looks for a part of a text that is written out: also a single letter is in it";
    let help =
        format!("write `[{}]`; if a part is meant, `{}.contains({})`", items.join(", "), slice(right), slice(left));
    Some(Fault::new("expr::in-text", right.range.clone(), message).help(help))
}

fn walk(track: Track, step: &Step) -> Track {
    match step {
        Step::Key(key) => track.key(key),
        Step::Item(_) => track.item(),
    }
}

/// What is known of an item of a list.
fn item(list: Static) -> Static {
    let found = at(list.track.item());
    Static { of: found.of.or(list.item), ..found }
}

fn gives(function: &Function, first: Static, body: Static) -> Static {
    match function.gives {
        Gives::Type(Type::List) if function.name == "map" => Static { item: body.of, ..plain(Type::List) },
        Gives::Type(of) => plain(of),
        Gives::Same => Static { of: first.of, ..UNKNOWN },
        Gives::Item => item(first),
        Gives::Items => Static { of: Some(Type::List), ..first },
        Gives::Unknown => UNKNOWN,
    }
}

fn unknown_name(name: &str, range: std::ops::Range<usize>, known: &Known) -> Fault {
    let all = known.all();
    let fault = Fault::new("expr::unknown-name", range, format!("`{name}` has no value here"));
    match suggest(name, all.iter().copied()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None if let Some(part) = all.iter().find(|known| name.split('_').any(|word| word == **known)) => {
            fault.help(format!("did you mean `{part}`?"))
        }
        None if all.is_empty() => fault.help("text stands in double quotes"),
        None => fault.help(format!("there are: {}; text stands in double quotes", all.join(", "))),
    }
}
