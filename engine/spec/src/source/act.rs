//! A kind with its arguments, as the file says them; also the witness and the entries of `cleanup:`.

use std::sync::Arc;

use checkrun_model::{Entry, KindEntry, LoadCx, Node, NodeValue, Span, SpecError};

use super::item::Entries;
use super::keys;
use super::text::{Compiler, Lex, May, Ref, TreeSrc};
use crate::file::folder::Folder;

/// A kind with its arguments.
pub(crate) struct ActSrc {
    /// Its row in the registry.
    pub(crate) kind: &'static KindEntry,
    /// Where its key stands.
    pub(crate) span: Span,
    /// Arguments, files grafted in.
    pub(crate) args: TreeSrc,
    /// Files that they may name.
    pub(crate) files: Arc<Folder>,
}

impl Compiler<'_> {
    /// The one kind of a check.
    pub(crate) fn act(&mut self, entries: &Entries<'_>, lex: &Lex) -> Option<ActSrc> {
        let (first, more) = entries.kinds.split_first()?;
        for second in more {
            let message = format!("a check has one kind; this one has `{}` and `{}`", first.key, second.key);
            let error = SpecError::new("spec::two-kinds", second.key_span, message, "a second kind")
                .also(first.key_span, "the first");
            self.diags.push(error.help("make two checks of it"));
        }
        self.act_of(first, &first.value, lex)
    }

    /// A kind's entry with `args` for its arguments.
    fn act_of(&mut self, entry: &Entry, args: &Node, lex: &Lex) -> Option<ActSrc> {
        let kind = *self.by_name.get(entry.key.as_str())?;
        let args = self.grafted(kind.doc, args, lex)?;
        let Some(tree) = self.tree(&args, lex, May::Secrets) else {
            self.written(kind, &args, lex);
            return None;
        };
        Some(ActSrc { kind, span: entry.key_span, args: tree, files: Arc::clone(&lex.files) })
    }

    /// Decodes arguments whose templates are wrong, so that their other mistakes are told in the same run.
    fn written(&mut self, kind: &KindEntry, args: &Node, lex: &Lex) {
        let decoded = (kind.parse)(&without_templates(args), &LoadCx { files: &*lex.files });
        self.diags.take(decoded);
    }

    /// The witness of an absence: the check's kind and arguments but for what `witness:` names.
    pub(crate) fn witness(&mut self, entries: &Entries<'_>, lex: &Lex) -> Option<ActSrc> {
        let node = entries.get("witness")?;
        let kind = *entries.kinds.first()?;
        let (Some(changed), Some(args)) = (node.as_map(), kind.value.as_map()) else {
            let error = SpecError::new(
                "spec::witness",
                node.span,
                "a witness names the arguments that differ",
                "a mapping is wanted",
            );
            self.diags.push(error.help("write `witness: { query: … }`"));
            return None;
        };
        if changed.is_empty() {
            let error =
                SpecError::new("spec::witness", node.span, "this witness is the same request again", "nothing differs");
            self.diags.push(error.help("name the arguments that make it find something"));
            return None;
        }
        let kept = args.iter().filter(|entry| !changed.iter().any(|other| other.key == entry.key));
        let merged = kept.chain(changed).cloned().collect();
        let mut act = self.act_of(kind, &Node::new(node.span, NodeValue::Map(merged)), lex)?;
        act.span = node.span;
        Some(act)
    }

    /// The kinds of `cleanup:`.
    pub(crate) fn cleanup(&mut self, entries: &Entries<'_>, lex: &Lex) -> Vec<ActSrc> {
        let Some(node) = entries.get("cleanup") else { return Vec::new() };
        let Some(items) = node.as_list() else {
            let error = SpecError::new("spec::cleanup", node.span, "`cleanup` is a list of kinds", "a list is wanted");
            self.diags.push(error.help("write `- http: { … }` for each"));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.cleanup_item(item, lex)).collect()
    }

    fn cleanup_item(&mut self, item: &Node, lex: &Lex) -> Option<ActSrc> {
        if item.value == NodeValue::Deferred {
            return None;
        }
        let Some([entry]) = item.as_map() else {
            let error = SpecError::new(
                "spec::cleanup",
                item.span,
                "an entry of `cleanup` is one kind with its arguments",
                "not that",
            );
            self.diags.push(error.help("write `- http: { … }`; it has its kind's own rule and no `expect`"));
            return None;
        };
        if !self.by_name.contains_key(entry.key.as_str()) {
            let names = self.kinds.iter().map(|kind| kind.doc.name);
            self.diags.push(keys::unknown(&entry.key, entry.key_span, names));
            return None;
        }
        self.act_of(entry, &entry.value, lex)
    }
}

/// The same with all that has a template taken for any value.
fn without_templates(node: &Node) -> Node {
    let value = match &node.value {
        NodeValue::Map(entries) => NodeValue::Map(
            entries.iter().map(|entry| Entry { value: without_templates(&entry.value), ..entry.clone() }).collect(),
        ),
        NodeValue::List(items) => NodeValue::List(items.iter().map(without_templates).collect()),
        _ if node.as_text().is_some_and(|text| text.contains("{{")) => NodeValue::Deferred,
        value => value.clone(),
    };
    Node { value, ..node.clone() }
}

/// All that acts read of other checks.
pub(crate) fn refs<'a>(acts: impl IntoIterator<Item = &'a ActSrc>) -> impl Iterator<Item = &'a Ref> {
    acts.into_iter().flat_map(|act| &act.args.refs)
}
