//! The compiler: texts to handles, each text once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_model::{Files, Node, Sources, SpecError};

use crate::expr::Expr;
use crate::fault::Fault;
use crate::hook::{Hook, Library};
use crate::known::Known;
use crate::path::Path;
use crate::template::{Template, Tree};
use crate::world::World;

/// Compiles and interns. Share one for a load and its run.
pub struct Lang {
    world: Arc<World>,
    library: Vec<(String, Arc<str>)>,
    exprs: Interned<Expr, Fault>,
    paths: Interned<Path, Fault>,
    templates: Interned<Template, Vec<Fault>>,
}

/// What was compiled before, by its text; mistakes too.
struct Interned<T, E>(Mutex<HashMap<Arc<str>, Made<T, E>>>);

type Made<T, E> = Result<Arc<T>, E>;

impl<T, E> Default for Interned<T, E> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T, E: Clone> Interned<T, E> {
    fn get(&self, text: &str, compile: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(text) {
            return known.clone();
        }
        let made = compile().map(Arc::new);
        lock().entry(text.into()).or_insert(made).clone()
    }
}

impl Lang {
    /// `files` answers `file('…')`.
    #[must_use]
    pub fn new(files: Arc<dyn Files>) -> Self {
        let world = Arc::new(World { files, library: None });
        Self {
            world,
            library: Vec::new(),
            exprs: Interned::default(),
            paths: Interned::default(),
            templates: Interned::default(),
        }
    }

    /// Functions of `hooks/lib.rhai`, callable from every expression and hook compiled after this.
    ///
    /// # Errors
    /// Every mistake of the file, as bytes of it.
    pub fn add_library(&mut self, name: &str, text: &str) -> Result<(), Vec<Fault>> {
        let mut texts = self.library.clone();
        texts.push((name.to_owned(), text.into()));
        let library = Arc::new(Library::compile(&texts)?);
        self.library = texts;
        self.world = Arc::new(World { files: Arc::clone(&self.world.files), library: Some(library) });
        self.exprs = Interned::default();
        Ok(())
    }

    /// Compiles an expression and checks its names and sorts against `known`.
    ///
    /// # Errors
    /// A mistake in the text, or all mistakes of names and sorts.
    pub fn expr(&self, text: &str, known: &Known) -> Result<Arc<Expr>, Vec<Fault>> {
        let expr = self.exprs.get(text, || Expr::compile(text, &self.world)).map_err(|fault| vec![fault])?;
        let faults = expr.check(known);
        if faults.is_empty() { Ok(expr) } else { Err(faults) }
    }

    /// As [`Lang::expr`], for a text that must be true or false: what surely is neither is a mistake.
    ///
    /// # Errors
    /// As [`Lang::expr`].
    pub fn condition(&self, text: &str, known: &Known) -> Result<Arc<Expr>, Vec<Fault>> {
        let expr = self.expr(text, known)?;
        match expr.check_condition(known) {
            Some(fault) => Err(vec![fault]),
            None => Ok(expr),
        }
    }

    /// Compiles a JSONPath.
    ///
    /// # Errors
    /// It is not one; the help says how it may be meant.
    pub fn path(&self, text: &str) -> Result<Arc<Path>, Fault> {
        self.paths.get(text, || Path::compile(text))
    }

    /// Compiles the templates of a tree.
    ///
    /// # Errors
    /// Every mistake in every scalar.
    pub fn tree(&self, node: &Node, sources: &Sources) -> Result<Tree, Vec<SpecError>> {
        Tree::compile(node, sources, |text| self.templates.get(text, || Template::compile(text, &self.world)))
    }

    #[cfg(test)]
    pub(crate) fn world(&self) -> Arc<World> {
        Arc::clone(&self.world)
    }

    /// Compiles a hook file.
    ///
    /// # Errors
    /// Every mistake of the file, as bytes of it.
    pub fn hook(&self, name: &str, text: &str) -> Result<Arc<Hook>, Vec<Fault>> {
        let mut texts = self.library.clone();
        texts.push((name.to_owned(), text.into()));
        Hook::compile(&texts).map(Arc::new)
    }
}

impl std::fmt::Debug for Lang {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Lang")
    }
}
