//! What an expression is made of, after parsing. Every part knows its bytes.

use std::ops::Range;
use std::sync::Arc;

use crate::function::Function;
use crate::ops::Op;
use crate::value::Value;

/// A part of an expression.
#[derive(Debug)]
pub(crate) struct Ast {
    pub part: Part,
    pub range: Range<usize>,
}

#[derive(Debug)]
pub(crate) enum Part {
    /// A literal, or what is known when the expression is compiled.
    Constant(Value),
    /// A free name with the constant keys that follow it: `status.phase`.
    Path(Arc<str>, Vec<Arc<str>>),
    /// A parameter of an enclosing `|x|`, by its depth.
    Local(usize),
    /// `a.b` where `a` is not a path.
    Key(Box<Ast>, Arc<str>),
    /// `a[b]`.
    Index(Box<Ast>, Box<Ast>),
    List(Vec<Ast>),
    Object(Vec<(Arc<str>, Ast)>),
    Not(Box<Ast>),
    Negate(Box<Ast>),
    And(Box<Ast>, Box<Ast>),
    Or(Box<Ast>, Box<Ast>),
    /// `a == null`, or `a != null` where `wanted` is false.
    IsNull(Box<Ast>, bool),
    Binary(Op, Box<Ast>, Box<Ast>),
    Call(&'static Function, Vec<Ast>),
    /// `|x| body`; its parameter is local number `depth`.
    Lambda {
        depth: usize,
        body: Box<Ast>,
    },
    /// `has("a.b")`, `get("a.b", default)`; with what stands before the dot, if something does.
    Lookup {
        base: Option<Box<Ast>>,
        steps: Vec<Step>,
        text: Range<usize>,
        default: Option<Box<Ast>>,
    },
    /// A function of the suite's library.
    Library(Arc<str>, Vec<Ast>),
}

/// One step of the path in `has("a.b[0]")`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(Arc<str>),
    Item(usize),
}

impl Ast {
    pub(crate) fn new(part: Part, range: Range<usize>) -> Self {
        Self { part, range }
    }

    /// The parts directly below.
    pub(crate) fn below(&self) -> Vec<&Ast> {
        match &self.part {
            Part::Constant(_) | Part::Path(..) | Part::Local(_) => Vec::new(),
            Part::Key(one, _) | Part::Not(one) | Part::Negate(one) | Part::IsNull(one, _) => vec![one],
            Part::Lambda { body, .. } => vec![body],
            Part::Index(a, b) | Part::And(a, b) | Part::Or(a, b) | Part::Binary(_, a, b) => vec![a, b],
            Part::List(items) | Part::Call(_, items) | Part::Library(_, items) => items.iter().collect(),
            Part::Object(entries) => entries.iter().map(|(_, value)| value).collect(),
            Part::Lookup { base, default, .. } => base.iter().chain(default).map(AsRef::as_ref).collect(),
        }
    }

    pub(crate) fn is_constant(&self) -> bool {
        matches!(self.part, Part::Constant(_))
    }
}
