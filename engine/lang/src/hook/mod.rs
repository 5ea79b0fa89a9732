//! Hooks: functions in rhai over our values. They see what they are given: no file, network, process or clock.

use std::sync::Arc;

use crate::fault::{EvalError, Fault};
use crate::scope::Scope;
use crate::value::Value;

/// A compiled hook file: `observed(it)` and `judge(it)`, either or both.
#[derive(Debug)]
pub struct Hook(Library);

/// Functions of a suite, callable by name.
#[derive(Debug)]
pub(crate) struct Library(());

impl Library {
    pub(crate) fn has(&self, _name: &str, _arguments: usize) -> bool {
        false
    }
    pub(crate) fn call(&self, _name: &str, _args: &[Value], _scope: &Scope) -> Result<Value, EvalError> {
        Err(EvalError::new("hooks are not there yet"))
    }
    pub(crate) fn compile(_texts: &[(String, Arc<str>)]) -> Result<Self, Vec<Fault>> {
        Ok(Self(()))
    }
}

impl Hook {
    /// Whether the file has that function.
    #[must_use]
    pub fn has(&self, function: &str) -> bool {
        self.0.has(function, 1)
    }
    /// Values that the hook adds to the observation as `hook`.
    ///
    /// # Errors
    /// The script failed.
    pub fn observed(&self, scope: &Scope) -> Result<Option<Value>, EvalError> {
        self.0.call("observed", &[], scope).map(Some)
    }
    /// `Ok(None)`: fine. `Ok(Some(why))`: not.
    ///
    /// # Errors
    /// The script failed, or gave neither true nor text.
    pub fn judge(&self, scope: &Scope) -> Result<Option<String>, EvalError> {
        self.0.call("judge", &[], scope).map(|_| None)
    }
    /// Calls any function of the file (the kind `script`).
    ///
    /// # Errors
    /// The script failed.
    pub fn call(&self, function: &str, args: &[Value]) -> Result<Value, EvalError> {
        self.0.call(function, args, &Scope::default())
    }
    pub(crate) fn compile(texts: &[(String, Arc<str>)]) -> Result<Self, Vec<Fault>> {
        Library::compile(texts).map(Self)
    }
}
