//! Expressions: compiled once, evaluated against a scope, explained when they are false.

mod absence;
mod ast;
mod bounds;
mod call;
mod check;
mod compound;
mod cover;
mod eval;
mod explain;
mod foreign;
mod hollow;
mod literal;
mod parse;
mod postfix;
mod reads;
mod vacuous;

use std::sync::{Arc, OnceLock};

pub(crate) use ast::Step;
pub use bounds::never_equals;
pub(crate) use eval::{element, follow, named, show_path};
pub(crate) use literal::{steps, text as unescape};
pub(crate) use reads::Reader;
pub use reads::Reads;
use serde_json::Value as Json;

use crate::fault::{EvalError, Fault};
use crate::known::Known;
use crate::scope::Scope;
use crate::value::Value;
use crate::world::World;
use ast::Ast;
use eval::Eval;

/// A compiled expression.
#[derive(Debug)]
pub struct Expr {
    text: Arc<str>,
    ast: Ast,
    reads: Reads,
    world: Arc<World>,
    /// What [`Expr::vacuous`] says, without and with `first_is_it`: a suite asks for each place where the text stands.
    vacuous: [OnceLock<Option<Fault>>; 2],
}

impl Expr {
    pub(crate) fn compile(text: &str, world: &Arc<World>) -> Result<Self, Fault> {
        let ast = parse::parse(text, world)?;
        let reads = reads::of(&ast, text);
        Ok(Self { text: text.into(), ast, reads, world: Arc::clone(world), vacuous: Default::default() })
    }

    /// The names and sorts that it reads, against what is known of them.
    pub(crate) fn check(&self, known: &Known) -> Vec<Fault> {
        check::check(&self.ast, &self.text, known)
    }

    /// What is wrong with it as a condition: that it is surely neither true nor false.
    pub(crate) fn check_condition(&self, known: &Known) -> Option<Fault> {
        check::condition(&self.ast, &self.text, known)
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it reads.
    #[must_use]
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Whether it is a `xs.len() == 0`, `!xs.some(…)`, … over the top-level list `selection`: counting absence.
    #[must_use]
    pub fn counts_to_zero(&self, selection: &str) -> bool {
        absence::counts_to_zero(&self.ast, selection)
    }

    /// Why it holds whatever is observed, where that can be seen: both sides the same, a part that reads nothing, a
    /// count of what was chosen that an empty list passes. `first_is_it`: nothing makes the check look again after it
    /// is satisfied.
    #[must_use]
    pub fn vacuous(&self, first_is_it: bool) -> Option<Fault> {
        let known = &self.vacuous[usize::from(first_is_it)];
        known.get_or_init(|| vacuous::fault(&self.ast, &self.text, first_is_it)).clone()
    }

    /// Why a comparison of the top-level field `name`, which is a whole number within the bounds, both included, is the
    /// same whatever is observed.
    #[must_use]
    pub fn out_of_bounds(&self, name: &str, bounds: (i64, i64)) -> Option<Fault> {
        bounds::fault(&self.ast, name, bounds)
    }

    /// Whether it is the top-level field `name` itself.
    #[must_use]
    pub fn is_field(&self, name: &str) -> bool {
        bounds::is(&self.ast, name)
    }

    /// As [`Expr::counts_to_zero`], where it is to be one of `wanted`.
    #[must_use]
    pub fn counts_to(&self, wanted: &[Json], selection: &str) -> bool {
        absence::is_one_of(&self.ast, wanted, Some(selection))
    }

    /// As [`Expr::vacuous`], where it is to be one of `wanted`.
    #[must_use]
    pub fn vacuous_as(&self, wanted: &[Json], first_is_it: bool) -> Option<Fault> {
        if absence::is_one_of(&self.ast, wanted, None) {
            return Some(absence::holds_for_empty(&self.ast));
        }
        match wanted {
            [Json::Bool(truth)] => vacuous::by_itself(&self.ast, &self.text, *truth, first_is_it),
            _ => None,
        }
    }

    /// Its value.
    ///
    /// # Errors
    /// It reads what is not there, or compares what does not compare.
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        Eval::new(&self.text, scope, &self.world).eval(&self.ast)
    }

    /// True or false; anything else is an error.
    ///
    /// # Errors
    /// As [`Expr::eval`]; and a value that is neither true nor false.
    pub fn holds(&self, scope: &Scope) -> Result<bool, EvalError> {
        let value = self.eval(scope)?;
        value.as_bool().ok_or_else(|| {
            EvalError::new(format!("it must be true or false; it is {}: {}", value.sort_name(), value.show(60)))
        })
    }

    /// As [`Expr::holds`], where that must prove something: that it holds because a list or object of what was seen is
    /// empty is an error.
    ///
    /// # Errors
    /// As [`Expr::holds`]; and it holds, and all that it goes over is empty.
    pub fn proves(&self, scope: &Scope) -> Result<bool, EvalError> {
        let holds = self.holds(scope)?;
        if holds {
            self.looks_at_something(scope)?;
        }
        Ok(holds)
    }

    /// That its value does not come of lists or objects alone in which nothing was.
    ///
    /// # Errors
    /// It goes over nothing, so that its value says nothing.
    pub fn looks_at_something(&self, scope: &Scope) -> Result<(), EvalError> {
        hollow::of(&mut Eval::new(&self.text, scope, &self.world), &self.ast)?.map_or(Ok(()), Err)
    }

    /// The values of its parts, for a failed one: `status.replicas is 2`, first line the comparison with values put in.
    #[must_use]
    pub fn explain(&self, scope: &Scope) -> Vec<String> {
        explain::explain(&mut Eval::new(&self.text, scope, &self.world), &self.ast)
    }
}

#[cfg(test)]
mod load_tests;
#[cfg(test)]
mod proof_tests;
#[cfg(test)]
pub(crate) mod tests;
