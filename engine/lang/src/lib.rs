//! The languages inside a suite: expressions, quantities, JSONPath, `{{ }}` templates, hooks.
//!
//! Text is compiled once to a checked handle (interned by text); a handle is evaluated against a
//! [`Scope`] to a [`Value`], with an explanation on request. Pure: no runtime, no network, no clock.

mod expectation;
mod expr;
mod fault;
mod function;
mod hook;
mod known;
mod lang;
mod near;
mod ops;
mod path;
mod scope;
mod template;
mod text;
mod value;
mod world;

pub use expectation::{Expectation, Matcher, ReadinessRule, ReadinessRules, Subject, Test, What};
pub use expr::{Expr, Reads, never_equals};
pub use fault::{EvalError, Fault};
pub use function::fits_every_text;
pub use hook::Hook;
pub use known::Known;
pub use lang::Lang;
pub use path::Path;
pub use scope::{Scope, SecretRef};
pub use template::{Tree, point};
pub use value::Value;
