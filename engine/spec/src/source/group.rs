//! Groups: `steps:`, `checks:`, `use:`; and the files that hold checks or a template.

use std::sync::Arc;

use checkrun_lang::{Fault, Hook};
use checkrun_model::{Entry, Node, NodeValue, SourceId, Span, SpecError, de};

use super::item::{Entries, Item};
use super::keys;
use super::text::{Compiler, ExprSrc, Lex, May, TreeSrc, known};
use crate::diags::{near, quoted};
use crate::file::suite::Defaults;
use crate::later;
use crate::names;

/// A group as its file says it.
pub(crate) struct GroupSrc {
    /// What it holds.
    pub(crate) holds: Holds,
    /// `defaults:`, with its places.
    pub(crate) defaults: DefaultsSrc,
}

/// What a group holds.
pub(crate) enum Holds {
    /// `steps:` (in order) or `checks:`.
    Members {
        /// Each needs the one before.
        ordered: bool,
        /// In the order of the file.
        items: Vec<Item>,
    },
    /// `use:` and `with:`.
    Template {
        /// Its name, with its place.
        name: (String, Span),
        /// Its inputs.
        with: Vec<(String, Span, TreeSrc)>,
    },
}

/// Defaults with the places of their names.
#[derive(Default, Clone)]
pub(crate) struct DefaultsSrc {
    /// Their values.
    pub(crate) values: Defaults,
    /// Where the cluster's name stands.
    pub(crate) cluster: Option<Span>,
    /// Where the endpoint's name stands.
    pub(crate) endpoint: Option<Span>,
}

/// A template file.
pub(crate) struct TemplateSrc {
    /// Its name.
    pub(crate) name: String,
    /// Its inputs.
    pub(crate) inputs: Arc<crate::inputs::Inputs>,
    /// Whether its members are steps.
    pub(crate) ordered: bool,
    /// Its members.
    pub(crate) items: Vec<Item>,
    /// `outputs:`.
    pub(crate) outputs: Vec<(Arc<str>, ExprSrc)>,
}

impl Compiler<'_> {
    pub(crate) fn group(&mut self, entries: &Entries<'_>, lex: &Lex) -> Option<GroupSrc> {
        for key in keys::CHECK {
            if let Some(entry) = entries.entry(key) {
                let message = format!("`{key}` is for checks, and this is a group");
                self.diags.push(
                    SpecError::new("spec::key-of-checks", entry.key_span, message, "not for a group")
                        .help("put it on the members"),
                );
            }
        }
        let defaults = entries.entry("defaults").map(|entry| self.defaults(&entry.value)).unwrap_or_default();
        let holds = match (entries.entry("use"), entries.entry("steps"), entries.entry("checks")) {
            (Some(name), _, _) => self.usage(name, entries, lex)?,
            (None, Some(steps), _) => Holds::Members { ordered: true, items: self.members(steps, lex) },
            (None, None, Some(checks)) => Holds::Members { ordered: false, items: self.members(checks, lex) },
            (None, None, None) => return None,
        };
        if let (Some(with), Holds::Members { .. }) = (entries.entry("with"), &holds) {
            let error = SpecError::new(
                "spec::with",
                with.key_span,
                "`with` gives the inputs of a template, and there is no `use`",
                "of no use",
            );
            self.diags.push(error);
        }
        Some(GroupSrc { holds, defaults })
    }

    fn members(&mut self, entry: &Entry, lex: &Lex) -> Vec<Item> {
        if entry.value.as_list().is_some_and(<[Node]>::is_empty) {
            let message = format!("these `{}` are empty", entry.key);
            self.diags.push(SpecError::new("spec::empty-group", entry.value.span, message, "no members"));
        }
        self.items(&entry.value, lex)
    }

    fn usage(&mut self, name: &Entry, entries: &Entries<'_>, lex: &Lex) -> Option<Holds> {
        let text = self.diags.take(de::from_node::<String>(&name.value))?;
        if let Some(save) = entries.entry("save") {
            let error = SpecError::new(
                "spec::save",
                save.key_span,
                "a template saves by its own `outputs`",
                "not beside `use`",
            );
            self.diags.push(error.help("add it to the template's `outputs:`, or read `checks.ID.MEMBER.NAME`"));
        }
        let Some(inputs) = self.templates.get(&text).cloned() else {
            if !self.incomplete {
                let error = SpecError::new(
                    "spec::unknown-template",
                    name.value.span,
                    format!("there is no template `{text}`"),
                    "not known",
                );
                let near = near(&text, self.templates.keys().map(String::as_str), "templates");
                self.diags.push(error.help(format!("{near}; templates are named in `imports:` of `suite.yaml`")));
            }
            return None;
        };
        let mut with = Vec::new();
        for entry in entries.get("with").and_then(Node::as_map).unwrap_or(&[]) {
            if inputs.get(&entry.key).is_none() {
                self.diags.push(inputs.unknown(&entry.key, Some(entry.key_span), &format!("the template `{text}`")));
            } else if let Some(tree) = self.argument(&entry.value, lex) {
                with.push((entry.key.clone(), entry.key_span, tree));
            }
        }
        if let Some(node) = entries.get("with").filter(|node| node.as_map().is_none()) {
            let message = format!("`with` is a mapping of inputs to values, not {}", node.sort_name());
            self.diags.push(SpecError::new("spec::type", node.span, message, "a mapping is wanted"));
        }
        let given = |name: &str| entries.get("with").is_some_and(|with| with.entry(name).is_some());
        let missing: Vec<&str> = inputs
            .list
            .iter()
            .filter(|input| input.required() && !given(&input.name))
            .map(|input| &*input.name)
            .collect();
        if !missing.is_empty() {
            let message = format!("the template `{text}` needs {}", quoted(&missing));
            self.diags.push(
                SpecError::new("spec::missing-input", name.value.span, message, "not given")
                    .help("add it under `with:`"),
            );
        }
        Some(Holds::Template { name: (text, name.value.span), with })
    }

    /// A value for a template's input: known at load in this version.
    fn argument(&mut self, node: &Node, lex: &Lex) -> Option<TreeSrc> {
        let before = self.diags.errors();
        let tree = self.tree(node, lex, May::Run)?;
        let late = !tree.refs.is_empty() || tree.tree.reads().iter().any(|(_, reads)| !reads.run.is_empty());
        if late && self.diags.errors() == before {
            let error = SpecError::new(
                "spec::not-in-this-version",
                node.span,
                "an input of a template that only the run knows is not in this version",
                "known only in the run",
            );
            self.diags.push(error.help("read it within the template: `run.id` is in scope there"));
            return None;
        }
        Some(tree)
    }

    pub(crate) fn defaults(&mut self, node: &Node) -> DefaultsSrc {
        let values = self.diags.take(de::from_node::<Defaults>(node)).unwrap_or_default();
        let span = |key: &str| node.get(key).map(|node| node.span);
        DefaultsSrc { cluster: span("cluster"), endpoint: span("endpoint"), values }
    }

    /// The keys of a file that are none of `known` are mistakes.
    pub(crate) fn file_keys(&mut self, root: &Node, known: &[&str]) {
        for entry in root.as_map().unwrap_or(&[]) {
            if later::FILE.contains(&entry.key.as_str()) {
                self.diags.push(later::error(&entry.key, entry.key_span));
            } else if !known.contains(&entry.key.as_str()) {
                self.diags.push(de::unknown_key(&entry.key, entry.key_span, known));
            }
        }
    }

    /// A template file, its inputs already read.
    pub(crate) fn template(&mut self, root: &Node, name: String, span: Span, lex: &Lex) -> TemplateSrc {
        self.file_keys(root, &["template", "title", "inputs", "checks", "steps", "outputs"]);
        let (ordered, members) = match (root.entry("steps"), root.entry("checks")) {
            (Some(steps), None) => (true, Some(steps)),
            (None, Some(checks)) => (false, Some(checks)),
            (Some(_), Some(checks)) => {
                let error = SpecError::new(
                    "spec::two-bodies",
                    checks.key_span,
                    "a template has `steps` or `checks`, not both",
                    "a second body",
                );
                self.diags.push(error);
                (true, None)
            }
            (None, None) => {
                let error = SpecError::new(
                    "spec::empty-group",
                    span,
                    format!("the template `{name}` has no checks"),
                    "no `checks:`, no `steps:`",
                );
                self.diags.push(error);
                (false, None)
            }
        };
        let items = members.map(|entry| self.members(entry, lex)).unwrap_or_default();
        let outputs = self.outputs(root, &items, lex);
        TemplateSrc { name, inputs: Arc::clone(&lex.inputs), ordered, items, outputs }
    }

    fn outputs(&mut self, root: &Node, items: &[Item], lex: &Lex) -> Vec<(Arc<str>, ExprSrc)> {
        let known = known(lex, None, false);
        let mut outputs: Vec<(Arc<str>, ExprSrc)> = Vec::new();
        for entry in keys::get(root, "outputs").and_then(Node::as_map).unwrap_or(&[]) {
            if !names::is_name(&entry.key) || matches!(entry.key.as_str(), "started" | "ended") {
                self.diags.push(names::bad_name(&entry.key, entry.key_span));
            } else if let Some(member) = items.iter().find(|item| *item.id == *entry.key) {
                let message = format!("`{}` is a member of this template", entry.key);
                self.diags.push(
                    SpecError::new("spec::name-taken", entry.key_span, message, "taken")
                        .also(member.span, "the member"),
                );
            } else if let Some(expr) = self.expr(&entry.value, lex, &known) {
                outputs.push((entry.key.as_str().into(), expr));
            }
        }
        outputs
    }

    /// A text beside the YAML files, so that carets can point into it; each once.
    pub(crate) fn source_of(&mut self, name: &str, text: &Arc<str>) -> SourceId {
        let known = self.sources.iter().find(|(_, source)| &*source.name == name).map(|(id, _)| id);
        known.unwrap_or_else(|| self.sources.add(name, Arc::clone(text)))
    }

    /// A compiled script, its faults placed in its own text.
    pub(crate) fn script(&mut self, hook: Result<Arc<Hook>, Vec<Fault>>, source: SourceId) -> Option<Arc<Hook>> {
        hook.map_err(|faults| self.diags.extend(faults.into_iter().map(|fault| placed(fault, source)))).ok()
    }
}

/// A fault of a file that is no YAML.
pub(crate) fn placed(fault: Fault, source: SourceId) -> SpecError {
    let span = Span::new(source, fault.range.start, fault.range.end);
    let error = SpecError::new(fault.code, span, fault.message, "here");
    match fault.help {
        Some(help) => error.help(help),
        None => error,
    }
}

/// Whether a file's root has this key; a root that is no mapping has none.
pub(crate) fn has(root: &Node, key: &str) -> bool {
    root.entry(key).is_some_and(|entry| entry.value != Node::new(entry.value.span, NodeValue::Deferred))
}
