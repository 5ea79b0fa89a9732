//! Hooks: functions in rhai over our values. They see what they are given: no file, network, process or clock.

mod calls;
mod compile;
mod dynamic;
mod engine;
mod operators;
mod running;

use std::sync::Arc;

use crate::fault::{EvalError, Fault};
use crate::scope::Scope;
use crate::value::Value;

pub(crate) use compile::Library;

/// A compiled hook file: `observed(it)` and `judge(it)`, either or both.
#[derive(Debug)]
pub struct Hook(Library);

impl Hook {
    pub(crate) fn compile(texts: &[(String, Arc<str>)]) -> Result<Self, Vec<Fault>> {
        Library::compile(texts).map(Self)
    }

    /// Whether the file has that function.
    #[must_use]
    pub fn has(&self, function: &str) -> bool {
        self.0.names().any(|name| name == function)
    }

    /// Functions that neither the engine nor another function of the file calls, with the bytes of their names: a
    /// misspelt `judge` would judge nothing.
    pub fn uncalled(&self) -> impl Iterator<Item = (String, std::ops::Range<usize>)> {
        self.0.uncalled().into_iter().filter(|(name, _)| !matches!(name.as_str(), "observed" | "judge"))
    }

    /// Values that the hook adds to the observation as `hook`.
    ///
    /// # Errors
    /// The script failed.
    pub fn observed(&self, scope: &Scope) -> Result<Option<Value>, EvalError> {
        if !self.has("observed") {
            return Ok(None);
        }
        self.0.call("observed", &[it(scope)], scope).map(Some)
    }

    /// `Ok(None)`: fine. `Ok(Some(why))`: not.
    ///
    /// # Errors
    /// The script failed, or gave neither true nor text.
    pub fn judge(&self, scope: &Scope) -> Result<Option<String>, EvalError> {
        if !self.has("judge") {
            return Ok(None);
        }
        let answer = self.0.call("judge", &[it(scope)], scope)?;
        match (answer.as_bool(), answer.as_text()) {
            (Some(true), _) => Ok(None),
            (Some(false), _) => Ok(Some("judge(it) gives false; a text would say why".into())),
            (_, Some(why)) => Ok(Some(why.to_owned())),
            _ => {
                let message =
                    format!("judge(it) must give true or a text that says why not; it gives {}", answer.sort_name());
                Err(EvalError::new(message))
            }
        }
    }

    /// Calls any function of the file with the given arguments (the kind `script`).
    ///
    /// # Errors
    /// The script failed.
    pub fn call(&self, function: &str, args: &[Value]) -> Result<Value, EvalError> {
        self.0.call(function, args, &Scope::default())
    }
}

fn it(scope: &Scope) -> Value {
    scope.it().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
