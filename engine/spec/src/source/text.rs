//! Compiles expressions and templates of a file and checks the names that they read.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_lang::{Expr, Fault, Known, Lang, Reads, SecretRef, Tree};
use checkrun_model::{Files, KindDoc, KindEntry, Node, NodeValue, Sources, Span, SpecError, suggest};

use crate::diags::{Diags, near};
use crate::file::folder::Folder;
use crate::inputs::Inputs;

/// What all files of a load share while they are compiled.
pub(crate) struct Compiler<'a> {
    /// The registry of kinds.
    pub(crate) kinds: &'static [KindEntry],
    /// The same by name.
    pub(crate) by_name: HashMap<&'static str, &'static KindEntry>,
    /// All texts.
    pub(crate) sources: &'a mut Sources,
    /// All mistakes.
    pub(crate) diags: &'a mut Diags,
    /// Ids of criteria; none where the suite has no criteria file.
    pub(crate) criteria: Option<std::collections::HashSet<String>>,
    /// The file of criteria could not be read: any id may be one.
    pub(crate) any_criterion: bool,
    /// What templates there are, and what they take.
    pub(crate) templates: HashMap<String, Arc<Inputs>>,
    /// Something could not be read: a name that is not found proves nothing.
    pub(crate) incomplete: bool,
    /// Whether a check asks `ready`.
    pub(crate) uses_ready: bool,
}

/// Where a text stands: what is in its reach.
#[derive(Clone)]
pub(crate) struct Lex {
    /// The compiler of its folder.
    pub(crate) lang: Arc<Lang>,
    /// Files that it may name.
    pub(crate) files: Arc<Folder>,
    /// The suite's inputs, or the template's.
    pub(crate) inputs: Arc<Inputs>,
    /// `the suite`, ``the template `x` ``.
    pub(crate) whose: Arc<str>,
    /// Variables of the `foreach` around it.
    pub(crate) vars: Vec<Var>,
}

/// A reference to what a check saved.
#[derive(Debug, Clone)]
pub(crate) struct Ref {
    /// `checks.` is left out.
    pub(crate) path: Vec<String>,
    /// Where it stands.
    pub(crate) span: Span,
}

/// A compiled tree.
#[derive(Clone)]
pub(crate) struct TreeSrc {
    /// The tree.
    pub(crate) tree: Tree,
    /// Where it stands.
    pub(crate) span: Span,
    /// What it reads of other checks.
    pub(crate) refs: Vec<Ref>,
    /// Secrets that it reads.
    pub(crate) secrets: Vec<(SecretRef, Span)>,
    /// Whether it reads `run.id`: what it names is this run's own.
    pub(crate) reads_run_id: bool,
}

/// A compiled expression.
#[derive(Clone)]
pub(crate) struct ExprSrc {
    /// The expression.
    pub(crate) expr: Arc<Expr>,
    /// Where it stands.
    pub(crate) span: Span,
    /// What it reads of other checks.
    pub(crate) refs: Vec<Ref>,
}

/// A variable of a `foreach`, and what was read where it is known.
#[derive(Clone)]
pub(crate) struct Var {
    name: Arc<str>,
    read: Arc<Mutex<Vec<(String, Span)>>>,
}

impl Var {
    /// A variable that nothing has read yet.
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self { name, read: Arc::default() }
    }

    /// Keeps the names that a text reads.
    fn note(&self, sources: &Sources, span: Span, reads: &Reads) {
        let names = reads.names.iter().map(|(name, range)| (name.clone(), narrow(sources, span, range)));
        self.read.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
    }

    /// Why the turns of its `foreach` are all the same; none where something reads it.
    pub(crate) fn unread(&self, at: Span) -> Option<SpecError> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.iter().any(|(name, _)| **name == *self.name) {
            return None;
        }
        let message = format!("nothing reads `{}`, so every turn of this `foreach` is the same", self.name);
        let error = SpecError::new("spec::foreach-unread", at, message, "not read");
        let near = suggest(&self.name, read.iter().map(|(name, _)| name.as_str())).map(str::to_owned);
        Some(match near.and_then(|near| read.iter().find(|(name, _)| *name == near)) {
            Some((name, span)) => {
                let help = format!("did you mean `{}` where `{name}` is read?", self.name);
                error.also(*span, format!("this reads `{name}`")).help(help)
            }
            None => error.help(format!(
                "write `{{{{ {} }}}}` in an argument or read it in an expression; to look again and again take `holds_for:`",
                self.name
            )),
        })
    }
}

impl std::ops::Deref for Var {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

/// What a tree may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    /// What is known at load.
    Load,
    /// Also values of the run.
    Run,
    /// Also secrets.
    Secrets,
}

impl Compiler<'_> {
    /// Compiles a tree and checks its names.
    pub(crate) fn tree(&mut self, node: &Node, lex: &Lex, may: May) -> Option<TreeSrc> {
        if node.has_deferred() {
            return None;
        }
        let tree = self.diags.take(lex.lang.tree(node, self.sources))?;
        let mut refs = Vec::new();
        let mut secrets = Vec::new();
        let mut reads_run_id = false;
        let mut errors = Vec::new();
        for (span, reads) in tree.reads() {
            lex.vars.iter().for_each(|var| var.note(self.sources, span, reads));
            self.names(span, reads, lex, &mut errors);
            refs.extend(refs_of(self.sources, span, reads));
            secrets.extend(
                reads.secrets.iter().map(|(secret, range)| (secret.clone(), narrow(self.sources, span, range))),
            );
            reads_run_id |= reads.run.iter().any(|(name, _)| name == "id");
            errors.extend(self.too_late(span, reads, may));
        }
        let clean = errors.is_empty();
        self.diags.extend(errors);
        clean.then_some(TreeSrc { tree, span: node.span, refs, secrets, reads_run_id })
    }

    /// Names of a template: inputs, `foreach` variables, `cluster`, `run.id`, files. (`checks.…` is resolved later.)
    fn names(&self, span: Span, reads: &Reads, lex: &Lex, errors: &mut Vec<SpecError>) {
        self.inputs_run_files(span, reads, lex, errors);
        for (name, range) in &reads.names {
            let known = name == "cluster" || lex.vars.iter().any(|var| **var == **name);
            if !known {
                let all = lex.vars.iter().map(|var| &**var).chain(["inputs", "checks", "run", "cluster"]);
                let message = format!("`{name}` is not known here");
                let error =
                    SpecError::new("spec::unknown-name", narrow(self.sources, span, range), message, "not known");
                errors.push(error.help(near(name, all, "names")));
            }
        }
    }

    fn inputs_run_files(&self, span: Span, reads: &Reads, lex: &Lex, errors: &mut Vec<SpecError>) {
        for (name, range) in &reads.inputs {
            if lex.inputs.get(name).is_none() {
                errors.push(lex.inputs.unknown(name, Some(narrow(self.sources, span, range)), &lex.whose));
            }
        }
        for (name, range) in &reads.run {
            if !matches!(name.as_str(), "id" | "started") {
                let message = format!("a run has no `{name}`");
                let error =
                    SpecError::new("spec::unknown-name", narrow(self.sources, span, range), message, "not known");
                errors.push(error.help("`run.id` and `run.started`"));
            }
        }
        for (path, range) in &reads.files {
            if let Err(why) = lex.files.text(path) {
                errors.push(SpecError::new("spec::file", narrow(self.sources, span, range), why, "not readable"));
            }
        }
    }

    /// Whether the values that a template reads are there when it is needed.
    fn too_late(&self, span: Span, reads: &Reads, may: May) -> Option<SpecError> {
        let run = reads.run.first().map(|(_, range)| range).or(reads.checks.first().map(|(_, range)| range));
        if let (May::Load, Some(range)) = (may, run) {
            let at = narrow(self.sources, span, range);
            let error = SpecError::new(
                "spec::known-too-late",
                at,
                "this must be known before the run starts",
                "known only in the run",
            );
            return Some(error.help("use `inputs`, `cluster` or a `foreach` variable"));
        }
        let (_, range) = reads.secrets.first().filter(|_| may != May::Secrets)?;
        let at = narrow(self.sources, span, range);
        let error = SpecError::new("spec::secret-here", at, "a secret cannot stand here", "a secret");
        Some(error.help("secrets stand in the arguments of kinds only; they are never compared, saved or shown"))
    }

    /// Compiles an expression and checks its names.
    pub(crate) fn expr(&mut self, node: &Node, lex: &Lex, known: &Known) -> Option<ExprSrc> {
        if node.value == NodeValue::Deferred {
            return None;
        }
        let Some(text) = node.scalar_text() else {
            let message = format!("an expression is wanted here, not {}", node.sort_name());
            self.diags.push(SpecError::new("spec::type", node.span, message, "an expression is text"));
            return None;
        };
        let compiled = lex.lang.expr(&text, known);
        let faults = |faults: Vec<Fault>| faults.into_iter().map(|fault| fault.in_node(node, self.sources)).collect();
        let expr = self.diags.take(compiled.map_err(faults))?;
        lex.vars.iter().for_each(|var| var.note(self.sources, node.span, expr.reads()));
        let mut errors = Vec::new();
        self.inputs_run_files(node.span, expr.reads(), lex, &mut errors);
        let refs = refs_of(self.sources, node.span, expr.reads());
        let clean = errors.is_empty();
        self.diags.extend(errors);
        clean.then_some(ExprSrc { expr, span: node.span, refs })
    }
}

/// The names that an expression may use beside an observation.
pub(crate) fn known(lex: &Lex, doc: Option<&KindDoc>, hook: bool) -> Known {
    let mut names: Vec<String> = ["inputs", "checks", "run", "cluster"].map(str::to_owned).into();
    if doc.is_some() {
        names.extend(["first".to_owned(), "it".to_owned()]);
    }
    if hook {
        names.push("hook".to_owned());
    }
    names.extend(lex.vars.iter().map(|var| var.to_string()));
    Known { names, fields: doc.map(|doc| doc.observation), open: doc.is_some_and(|doc| doc.open) }
}

fn refs_of(sources: &Sources, span: Span, reads: &Reads) -> Vec<Ref> {
    let place =
        |(path, range): &(Vec<String>, Range<usize>)| Ref { path: path.clone(), span: narrow(sources, span, range) };
    reads.checks.iter().map(place).collect()
}

/// The bytes of the file that `range` of a scalar's text means; the whole scalar where they cannot be told.
pub(crate) fn narrow(sources: &Sources, span: Span, range: &Range<usize>) -> Span {
    let written = sources.text(span);
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let plain = !written.contains('\n')
        && match quote {
            Some('"') => !written.contains('\\'),
            Some(_) => !written[1..written.len().saturating_sub(1).max(1)].contains('\''),
            None => true,
        };
    let from = usize::from(quote.is_some());
    if plain && range.end + from <= written.len() { span.part(range.start + from, range.end + from) } else { span }
}
