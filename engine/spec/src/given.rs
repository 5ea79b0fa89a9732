//! The values that a suite's inputs are given: by the target, by a file, by options; a later one wins.

use std::collections::BTreeMap;
use std::sync::Arc;

use checkrun_model::{Entry, Node, Sources, Span, SpecError, suggest};

use crate::diags::Diags;
use crate::file::{read::Doc, target};
use crate::inputs::{Given, Inputs};
use crate::load::LoadRequest;

/// Collects the values of the inputs of a suite.
pub(crate) struct Givers<'a> {
    /// What the suite declares.
    pub(crate) inputs: &'a Inputs,
    /// The suite's name, for messages.
    pub(crate) suite: &'a str,
    /// All texts; those of options are added.
    pub(crate) sources: &'a mut Sources,
    /// All mistakes.
    pub(crate) diags: &'a mut Diags,
}

impl Givers<'_> {
    /// All values, in the order of the declaration.
    pub(crate) fn values(
        &mut self,
        request: &LoadRequest<'_>,
        target: Option<&Doc>,
        file: Option<&Doc>,
    ) -> Vec<(Arc<str>, Given)> {
        let mut given = BTreeMap::new();
        self.target(target, &mut given);
        self.file(file, &mut given);
        self.options(&request.inputs, &mut given);
        let mut missing = Vec::new();
        let values = self.inputs.values(&given, &mut |input| missing.push((Arc::clone(&input.name), input.span)));
        for (name, span) in missing.into_iter().filter(|_| !request.validate_only) {
            let error =
                SpecError::new("spec::missing-input", span, format!("the input `{name}` has no value"), "no default");
            self.diags.push(error.help(format!("give it with `--input {name}=…`")));
        }
        values
    }

    /// A target serves many suites: an input that this one has not is only a mistake if it looks like one.
    fn target(&mut self, doc: Option<&Doc>, given: &mut BTreeMap<String, Given>) {
        let Some(doc) = doc else { return };
        for (name, entry) in target::inputs(&doc.root) {
            if self.inputs.get(name).is_some() {
                self.accept(name, &entry.value, given);
            } else if let Some(near) = suggest(name, self.inputs.list.iter().map(|input| &*input.name)) {
                let message = format!("`{}` has no input `{name}`", self.suite);
                let warning = SpecError::new("spec::unknown-input", entry.key_span, message, "not declared there");
                self.diags.push(warning.help(format!("did you mean `{near}`?")).warning());
            }
        }
    }

    fn file(&mut self, doc: Option<&Doc>, given: &mut BTreeMap<String, Given>) {
        let Some(doc) = doc else { return };
        let Some(entries) = doc.root.as_map() else {
            let message = format!("a file of inputs is a mapping of names to values, not {}", doc.root.sort_name());
            self.diags.push(SpecError::new("spec::type", doc.root.span, message, "a mapping is wanted"));
            return;
        };
        for Entry { key, key_span, value } in entries {
            if self.inputs.get(key).is_some() {
                self.accept(key, value, given);
            } else {
                self.diags.push(self.inputs.unknown(key, Some(*key_span), &format!("`{}`", self.suite)));
            }
        }
    }

    fn options(&mut self, options: &[(String, String)], given: &mut BTreeMap<String, Given>) {
        for (name, text) in options {
            let Some(input) = self.inputs.get(name) else {
                self.diags.push(self.inputs.unknown(name, None, &format!("`{}`", self.suite)));
                continue;
            };
            let source = self.sources.add(format!("--input {name}"), text.as_str());
            if let Some(node) = self.diags.take(input.node_of_option(text, source)) {
                let node = Node { span: Span::new(source, 0, text.len()), ..node };
                self.accept(name, &node, given);
            }
        }
    }

    fn accept(&mut self, name: &str, node: &Node, given: &mut BTreeMap<String, Given>) {
        let Some(input) = self.inputs.get(name) else { return };
        let value = input.accept(node).unwrap_or_else(|error| {
            self.diags.push(error);
            input.stand_in()
        });
        given.insert(name.to_owned(), value);
    }
}
