//! Functions: one table of their names, what they take and give. Expressions and hooks call the same.

mod convert;
mod list;
mod text;

use std::sync::Arc;

use jiff::Timestamp;

use crate::fault::{EvalError, Fuel};
use crate::value::{Type, Value};

pub use text::fits_every_text;
pub(crate) use text::pattern;

/// A function that expressions and hooks may call, as `f(x)` or `x.f()`.
#[derive(Debug)]
pub(crate) struct Function {
    pub name: &'static str,
    /// What it takes; the first is what stands before the dot.
    pub takes: &'static [Takes],
    /// How many of them may be left out, from the end.
    pub optional: usize,
    pub gives: Gives,
    pub run: fn(&mut Call<'_>) -> Result<Value, EvalError>,
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    /// A value of one of these types.
    One(&'static [Type]),
    /// Any value.
    Any,
    /// `|x| …`.
    Lambda,
}

/// What comes out, as far as it is known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    Type(Type),
    /// The type of the argument.
    Same,
    /// An item of the list.
    Item,
    /// A list of some of its items.
    Items,
    Unknown,
}

/// An argument of a call.
#[derive(Debug)]
pub(crate) enum Arg {
    Value(Value),
    /// The caller knows it by its place among the arguments.
    Lambda,
}

/// What a function may ask of the evaluation it runs in.
pub(crate) trait Host {
    /// Calls the lambda that is argument number `at`.
    fn invoke(&mut self, at: usize, item: Value) -> Result<Value, EvalError>;
    /// What may still be done.
    fn fuel(&mut self) -> &mut Fuel;
    /// The moment of the observation.
    fn now(&self) -> Option<Timestamp>;
    /// The text of a file of the suite.
    fn file(&self, path: &str) -> Result<Arc<str>, String>;
}

/// A call: its arguments, checked against what the function takes, and its host.
pub(crate) struct Call<'a> {
    pub function: &'static Function,
    pub args: &'a [Arg],
    pub host: &'a mut dyn Host,
}

impl Call<'_> {
    /// Argument `at`; null where it was left out.
    pub(crate) fn value(&self, at: usize) -> &Value {
        match self.args.get(at) {
            Some(Arg::Value(value)) => value,
            _ => &Value::NULL,
        }
    }

    pub(crate) fn text(&self, at: usize) -> &str {
        self.value(at).as_text().unwrap_or_default()
    }

    pub(crate) fn given(&self, at: usize) -> bool {
        self.args.len() > at
    }

    /// The items of the list that is argument 0.
    pub(crate) fn items(&self) -> Vec<Value> {
        self.value(0).items().unwrap_or_default()
    }

    /// Calls lambda `at` for true or false.
    pub(crate) fn test(&mut self, at: usize, item: &Value) -> Result<bool, EvalError> {
        let name = self.function.name;
        let answer = self.host.invoke(at, item.clone())?;
        answer.as_bool().ok_or_else(|| {
            EvalError::new(format!(
                "`{name}` wants true or false of each item, not {}: {}",
                answer.sort_name(),
                answer.show(60)
            ))
        })
    }

    /// Says that there is nothing to go over.
    pub(crate) fn over_nothing(&self) -> EvalError {
        EvalError::absent(format!("`{}` over nothing: the list is empty", self.function.name))
            .help("that nothing is there proves nothing; ask for `xs.len() > 0` first, or for what should be there")
    }
}

/// Runs a function after its arguments were checked.
pub(crate) fn run(function: &'static Function, args: &[Arg], host: &mut dyn Host) -> Result<Value, EvalError> {
    host.fuel().spend(1)?;
    check(function, args)?;
    (function.run)(&mut Call { function, args, host })
}

fn check(function: &Function, args: &[Arg]) -> Result<(), EvalError> {
    if let Some(wrong) = wrong_count(function, args.len()) {
        return Err(EvalError::new(wrong));
    }
    for (at, (takes, arg)) in function.takes.iter().zip(args).enumerate() {
        let fits = match (takes, arg) {
            (Takes::One(types), Arg::Value(value)) => types.contains(&value.type_of()),
            (Takes::Any, Arg::Value(_)) | (Takes::Lambda, Arg::Lambda) => true,
            _ => false,
        };
        if !fits {
            return Err(wrong_argument(function, at, *takes, arg));
        }
    }
    Ok(())
}

/// What is wrong with calling `function` with so many arguments.
pub(crate) fn wrong_count(function: &Function, count: usize) -> Option<String> {
    let (most, least) = (function.takes.len(), function.takes.len() - function.optional);
    if (least..=most).contains(&count) {
        return None;
    }
    let wanted = if least == most { most.to_string() } else { format!("{least} or {most}") };
    Some(format!("`{}` takes {wanted} arguments with what stands before the dot, not {count}", function.name))
}

fn wrong_argument(function: &Function, at: usize, takes: Takes, arg: &Arg) -> EvalError {
    let wanted = match takes {
        Takes::One(types) => one_of(types),
        Takes::Lambda => "a function of each item, `|x| …`".into(),
        Takes::Any => "a value".into(),
    };
    let name = function.name;
    let of = if at == 0 { String::new() } else { format!(" as argument {at}") };
    match arg {
        Arg::Lambda => EvalError::new(format!("`{name}` wants {wanted}{of}, not a function")),
        Arg::Value(value) if value.is_null() => EvalError::absent(format!("`{name}` wants {wanted}{of}, not null")),
        Arg::Value(value) => {
            EvalError::new(format!("`{name}` wants {wanted}{of}, not {}: {}", value.sort_name(), value.show(60)))
        }
    }
}

/// `text, a list or an object`.
pub(crate) fn one_of(types: &[Type]) -> String {
    let names: Vec<&str> = types.iter().map(|of| of.name()).collect();
    match names.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => names.concat(),
    }
}

const TEXT: Takes = Takes::One(&[Type::Text]);
const LIST: Takes = Takes::One(&[Type::List]);
const OBJECT: Takes = Takes::One(&[Type::Object]);
const NUMBER: Takes = Takes::One(&[Type::Number]);
const MEASURE: Takes = Takes::One(&[Type::Number, Type::Duration, Type::Size, Type::Rate]);
const SIZED: Takes = Takes::One(&[Type::Text, Type::List, Type::Object]);
const HOLDS: Takes = Takes::One(&[Type::List, Type::Text, Type::Object]);
const LAMBDA: Takes = Takes::Lambda;

macro_rules! functions {
    ($($name:literal ($($takes:expr),*) $(? $optional:literal)? -> $gives:expr, $run:path;)*) => {
        &[$(Function { name: $name, takes: &[$($takes),*], optional: 0 $(+ $optional)?, gives: $gives, run: $run },)*]
    };
}

const fn a(of: Type) -> Gives {
    Gives::Type(of)
}

/// The table. `has` and `get` are not in it: their path is read when the expression is compiled.
pub(crate) static FUNCTIONS: &[Function] = functions! {
    "len" (SIZED) -> a(Type::Number), list::len;
    "map" (LIST, LAMBDA) -> a(Type::List), list::map;
    "filter" (LIST, LAMBDA) -> Gives::Items, list::filter;
    "some" (LIST, LAMBDA) -> a(Type::Bool), list::some;
    "all" (LIST, LAMBDA) -> a(Type::Bool), list::all;
    "find" (LIST, LAMBDA) -> Gives::Item, list::find;
    "first" (LIST) -> Gives::Item, list::first;
    "last" (LIST) -> Gives::Item, list::last;
    "sum" (LIST) -> Gives::Item, list::sum;
    "min" (LIST) -> Gives::Item, list::min;
    "max" (LIST) -> Gives::Item, list::max;
    "sort" (LIST) -> Gives::Items, list::sort;
    "unique" (LIST) -> Gives::Items, list::unique;
    "flatten" (LIST) -> a(Type::List), list::flatten;
    "join" (LIST, TEXT) -> a(Type::Text), list::join;
    "keys" (OBJECT) -> a(Type::List), list::keys;
    "values" (OBJECT) -> a(Type::List), list::values;
    "contains" (HOLDS, Takes::Any) -> a(Type::Bool), list::contains;
    "starts_with" (TEXT, TEXT) -> a(Type::Bool), text::starts_with;
    "ends_with" (TEXT, TEXT) -> a(Type::Bool), text::ends_with;
    "matches" (TEXT, TEXT) -> a(Type::Bool), text::matches;
    "split" (TEXT, TEXT) -> a(Type::List), text::split;
    "trim" (TEXT) -> a(Type::Text), text::trim;
    "lower" (TEXT) -> a(Type::Text), text::lower;
    "upper" (TEXT) -> a(Type::Text), text::upper;
    "replace" (TEXT, TEXT, TEXT) -> a(Type::Text), text::replace;
    "number" (Takes::One(&[Type::Text, Type::Number])) -> a(Type::Number), convert::number;
    "duration" (Takes::One(&[Type::Text, Type::Duration])) -> a(Type::Duration), convert::duration;
    "size" (Takes::One(&[Type::Text, Type::Size, Type::Number])) -> a(Type::Size), convert::size;
    "rate" (Takes::One(&[Type::Text, Type::Rate])) -> a(Type::Rate), convert::rate;
    "time" (Takes::One(&[Type::Text, Type::Time])) -> a(Type::Time), convert::time;
    "text" (Takes::Any) -> a(Type::Text), convert::text;
    "parse_json" (TEXT) -> Gives::Unknown, convert::parse_json;
    "seconds" (Takes::One(&[Type::Number, Type::Duration])) -> a(Type::Duration), convert::seconds;
    "round" (MEASURE, NUMBER) ? 1 -> Gives::Same, convert::round;
    "abs" (MEASURE) -> Gives::Same, convert::abs;
    "now" () -> a(Type::Time), convert::now;
    "file" (TEXT) -> a(Type::Text), convert::file;
};

/// The function of that name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// All names that can be called.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name).chain(["has", "get"])
}
