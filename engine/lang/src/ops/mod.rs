//! Operators: one table of which types each takes and gives. Expressions, hooks and the checks at load all ask it;
//! what is not in the table is an error that names both types.

mod arithmetic;
mod compare;

use std::sync::OnceLock;

use crate::fault::{EvalError, Fuel};
use crate::value::{Type, Value};

pub(crate) use arithmetic::amount;
pub(crate) use compare::{empty_part, equal, order};

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    In,
}

impl Op {
    pub(crate) const ALL: [Self; 12] = [
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Le,
        Self::Gt,
        Self::Ge,
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Rem,
        Self::In,
    ];

    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::In => "in",
        }
    }

    pub(crate) fn compares(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }
}

type Run = fn(Op, &Value, &Value, &mut Fuel) -> Result<Value, EvalError>;

/// One row: these operators between these types.
struct Row {
    ops: &'static [Op],
    left: Type,
    right: Type,
    gives: Type,
    run: Run,
}

const EQUALITY: &[Op] = &[Op::Eq, Op::Ne];
const COMPARISON: &[Op] = &[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge];
const SUM: &[Op] = &[Op::Add, Op::Sub];
const ALL_ARITHMETIC: &[Op] = &[Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Rem];

const fn row(ops: &'static [Op], left: Type, right: Type, gives: Type, run: Run) -> Row {
    Row { ops, left, right, gives, run }
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    row(EQUALITY, Type::Null, Type::Null, Type::Bool, compare::equality),
    row(EQUALITY, Type::Bool, Type::Bool, Type::Bool, compare::equality),
    row(EQUALITY, Type::List, Type::List, Type::Bool, compare::equality),
    row(EQUALITY, Type::Object, Type::Object, Type::Bool, compare::equality),
    row(COMPARISON, Type::Number, Type::Number, Type::Bool, compare::ordering),
    row(COMPARISON, Type::Text, Type::Text, Type::Bool, compare::ordering),
    row(COMPARISON, Type::Duration, Type::Duration, Type::Bool, compare::ordering),
    row(COMPARISON, Type::Size, Type::Size, Type::Bool, compare::ordering),
    row(COMPARISON, Type::Rate, Type::Rate, Type::Bool, compare::ordering),
    row(COMPARISON, Type::Time, Type::Time, Type::Bool, compare::ordering),

    row(ALL_ARITHMETIC, Type::Number, Type::Number, Type::Number, arithmetic::numbers),
    row(SUM, Type::Duration, Type::Duration, Type::Duration, arithmetic::quantities),
    row(SUM, Type::Size, Type::Size, Type::Size, arithmetic::quantities),
    row(SUM, Type::Rate, Type::Rate, Type::Rate, arithmetic::quantities),
    row(&[Op::Mul], Type::Number, Type::Duration, Type::Duration, arithmetic::quantities),
    row(&[Op::Mul], Type::Number, Type::Size, Type::Size, arithmetic::quantities),
    row(&[Op::Mul], Type::Number, Type::Rate, Type::Rate, arithmetic::quantities),
    row(&[Op::Mul, Op::Div], Type::Duration, Type::Number, Type::Duration, arithmetic::quantities),
    row(&[Op::Mul, Op::Div], Type::Size, Type::Number, Type::Size, arithmetic::quantities),
    row(&[Op::Mul, Op::Div], Type::Rate, Type::Number, Type::Rate, arithmetic::quantities),
    row(&[Op::Div], Type::Duration, Type::Duration, Type::Number, arithmetic::quantities),
    row(&[Op::Div], Type::Size, Type::Size, Type::Number, arithmetic::quantities),
    row(&[Op::Div], Type::Rate, Type::Rate, Type::Number, arithmetic::quantities),
    row(&[Op::Div], Type::Number, Type::Duration, Type::Rate, arithmetic::quantities),
    row(&[Op::Div], Type::Number, Type::Rate, Type::Duration, arithmetic::quantities),
    row(&[Op::Mul], Type::Rate, Type::Duration, Type::Number, arithmetic::quantities),
    row(&[Op::Mul], Type::Duration, Type::Rate, Type::Number, arithmetic::quantities),
    row(SUM, Type::Time, Type::Duration, Type::Time, arithmetic::times),
    row(&[Op::Add], Type::Duration, Type::Time, Type::Time, arithmetic::times),
    row(&[Op::Sub], Type::Time, Type::Time, Type::Duration, arithmetic::times),
    row(&[Op::Add], Type::Text, Type::Text, Type::Text, arithmetic::join_text),
    row(&[Op::Add], Type::List, Type::List, Type::List, arithmetic::join_lists),

    row(&[Op::In], Type::Null, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::Bool, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::Number, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::Text, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::Duration, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::Size, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::Rate, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::Time, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::List, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::Object, Type::List, Type::Bool, compare::member),
    row(&[Op::In], Type::Text, Type::Text, Type::Bool, compare::part_of_text),
    row(&[Op::In], Type::Text, Type::Object, Type::Bool, compare::key_of),
];

const TYPES: usize = Type::ALL.len();
type Index = [Option<&'static Row>; Op::ALL.len() * TYPES * TYPES];

fn find(op: Op, left: Type, right: Type) -> Option<&'static Row> {
    static INDEX: OnceLock<Box<Index>> = OnceLock::new();
    let at = |op: Op, left: Type, right: Type| (op as usize * TYPES + left as usize) * TYPES + right as usize;
    let index = INDEX.get_or_init(|| {
        let mut index: Box<Index> = Box::new([None; Op::ALL.len() * TYPES * TYPES]);
        for row in ROWS {
            for op in row.ops {
                index[at(*op, row.left, row.right)] = Some(row);
            }
        }
        index
    });
    index[at(op, left, right)]
}

/// The type that `left op right` gives; none: it has no meaning.
pub(crate) fn gives(op: Op, left: Type, right: Type) -> Option<Type> {
    find(op, left, right).map(|row| row.gives)
}

/// `left op right`.
pub(crate) fn apply(op: Op, left: &Value, right: &Value, fuel: &mut Fuel) -> Result<Value, EvalError> {
    match find(op, left.type_of(), right.type_of()) {
        Some(row) => (row.run)(op, left, right, fuel),
        None => Err(no_row(op, left, right)),
    }
}

/// `-value`: numbers and quantities.
pub(crate) fn negate(value: &Value) -> Result<Value, EvalError> {
    arithmetic::negate(value)
}

/// `!value`: true or false only.
pub(crate) fn not(value: &Value) -> Result<Value, EvalError> {
    let wrong = || EvalError::new(format!("`!` wants true or false, not {}: {}", value.sort_name(), value.show(60)));
    value.as_bool().map(|flag| Value::boolean(!flag)).ok_or_else(wrong)
}

fn no_row(op: Op, left: &Value, right: &Value) -> EvalError {
    let message = format!(
        "{}: {} {} {}",
        wrong_types(op, left.type_of(), right.type_of()),
        left.show(60),
        op.sign(),
        right.show(60)
    );
    EvalError { help: advice(op, left.type_of(), right.type_of()), ..EvalError::new(message) }
}

/// What is wrong with the operator between these types, which no row has.
pub(crate) fn wrong_types(op: Op, left: Type, right: Type) -> String {
    let (l, r) = (left.name(), right.name());
    match op {
        Op::In => format!("{l} cannot be in {r}"),
        _ if op.compares() && left == right => format!("{l} and {r} have no order"),
        _ if op.compares() => format!("{l} and {r} do not compare"),
        _ => format!("{l} {} {r} has no meaning", op.sign()),
    }
}

/// What to write instead.
pub(crate) fn advice(op: Op, left: Type, right: Type) -> Option<String> {
    let pair = |a: Type, b: Type| (left, right) == (a, b) || (left, right) == (b, a);
    if left == Type::Null || right == Type::Null {
        return Some("`x == null` asks for null; `get(\"a.b\", default)` reads what may be absent".into());
    }
    let text = match op {
        _ if pair(Type::Text, Type::Number) && op == Op::Add => "`text(x)` makes text of a number",
        _ if pair(Type::Text, Type::Number) => "`number(x)` makes a number of text",
        _ if pair(Type::Text, Type::Duration) => "`duration(x)` makes a duration of text",
        _ if pair(Type::Text, Type::Size) => "`size(x)` makes a size of text",
        _ if pair(Type::Text, Type::Time) => "`time(x)` makes a time of text",
        _ if pair(Type::Number, Type::Duration) => "write the duration with its unit: `50ms`, `5m`",
        _ if pair(Type::Number, Type::Size) => "write the size with its unit: `512KiB`, `1GiB`",
        _ if pair(Type::Number, Type::Rate) => "write the rate with its unit: `200/s`, `10k/s`",
        _ if pair(Type::Time, Type::Duration) && op.compares() => "compare with `now() - 5m`, or `now() - x` with `5m`",
        _ if pair(Type::Text, Type::Bool) => "true and false stand without quotes",
        _ => return None,
    };
    Some(text.into())
}

#[cfg(test)]
mod tests;
