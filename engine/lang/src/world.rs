//! What compiled texts share: the suite's files and the functions of its library.

use std::sync::Arc;

use checkrun_model::Files;

use crate::fault::EvalError;
use crate::hook::Library;
use crate::scope::Scope;
use crate::value::Value;

/// Shared by everything that one [`crate::Lang`] compiled since its library was last added to.
pub(crate) struct World {
    pub files: Arc<dyn Files>,
    pub library: Option<Arc<Library>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("World")
    }
}

impl World {
    pub(crate) fn file(&self, path: &str) -> Result<Arc<str>, String> {
        self.files.text(path)
    }

    pub(crate) fn has_library_function(&self, name: &str, arguments: usize) -> bool {
        self.library.as_ref().is_some_and(|library| library.has(name, arguments))
    }

    pub(crate) fn call_library(&self, name: &str, args: &[Value], scope: &Scope) -> Result<Value, EvalError> {
        match &self.library {
            Some(library) => library.call(name, args, scope),
            None => Err(EvalError::new(format!("there is no function `{name}`"))),
        }
    }
}
