//! Puts the documents of a YAML file in the place of its path: `manifest: manifests/x.yaml`.
//!
//! The file is rendered only if `vars:` is given, and sees nothing but them. What a variable holds is put in
//! as a value or as the template that it is, never as text that is read as YAML again.

use std::borrow::Cow;
use std::collections::HashSet;

use checkrun_lang::Tree;
use checkrun_model::{Entry, Files, KindDoc, Node, NodeValue, SpecError};

use super::text::{Compiler, Lex, narrow};
use crate::diags::near;

impl Compiler<'_> {
    /// The arguments with files in the place of their paths.
    pub(crate) fn grafted<'n>(&mut self, doc: &KindDoc, args: &'n Node, lex: &Lex) -> Option<Cow<'n, Node>> {
        let (false, Some(entries)) = (doc.grafts.is_empty(), args.as_map()) else {
            return Some(Cow::Borrowed(args));
        };
        let vars = entries.iter().find(|entry| entry.key == "vars");
        let is_file =
            |entry: &&Entry| doc.grafts.contains(&entry.key.as_str()) && entry.value.as_text().is_some_and(is_path);
        let files: Vec<&Entry> = entries.iter().filter(is_file).collect();
        if files.is_empty() && vars.is_none() {
            return Some(Cow::Borrowed(args));
        }
        if files.is_empty() {
            if let Some(vars) = vars {
                let error = SpecError::new(
                    "spec::vars",
                    vars.key_span,
                    "`vars` are for a file, and there is none here",
                    "of no use",
                );
                self.diags.push(error.help("an object that is written here is rendered like any argument"));
            }
            let kept = entries.iter().filter(|entry| entry.key != "vars").cloned().collect();
            return Some(Cow::Owned(Node { value: NodeValue::Map(kept), ..args.clone() }));
        }
        let mut grafted = Vec::with_capacity(entries.len());
        for entry in entries.iter().filter(|entry| entry.key != "vars") {
            let value = if is_file(&entry) { self.graft(&entry.value, vars, lex)? } else { entry.value.clone() };
            grafted.push(Entry { value, ..entry.clone() });
        }
        Some(Cow::Owned(Node { value: NodeValue::Map(grafted), ..args.clone() }))
    }

    /// The documents of one file: one as itself, several as a list.
    fn graft(&mut self, path: &Node, vars: Option<&Entry>, lex: &Lex) -> Option<Node> {
        let name = path.as_text().unwrap_or_default();
        let said = |code, why: String| SpecError::new(code, path.span, why, "this file");
        if name.contains("{{") {
            self.diags.push(said(
                "spec::file",
                "the path of a file is written out: what it holds is checked before the run".into(),
            ));
            return None;
        }
        let text = match lex.files.text(name) {
            Ok(text) => text,
            Err(why) => {
                self.diags.push(said("spec::file", why));
                return None;
            }
        };
        let source = self.source_of(&lex.files.shown(name), &text);
        let reading = checkrun_yaml::documents(source, &text);
        let clean = reading.errors.is_empty();
        self.diags.extend(reading.errors);
        let mut documents = reading.documents;
        if !clean || documents.is_empty() {
            if clean {
                self.diags.push(said("spec::file", format!("`{name}` holds nothing")));
            }
            return None;
        }
        match vars {
            Some(vars) => self.fill(&mut documents, vars, lex)?,
            None => documents.iter_mut().for_each(keep_braces),
        }
        let one = documents.len() == 1;
        let span = path.span;
        documents.pop().map(|last| {
            if one {
                return last;
            }
            documents.push(last);
            Node::new(span, NodeValue::List(documents))
        })
    }

    /// Puts `vars` into the templates of the documents.
    fn fill(&mut self, documents: &mut [Node], vars: &Entry, lex: &Lex) -> Option<()> {
        let Some(entries) = vars.value.as_map() else {
            let error = SpecError::new(
                "spec::vars",
                vars.value.span,
                "`vars` are a mapping of names to values",
                "a mapping is wanted",
            );
            self.diags.push(error);
            return None;
        };
        let mut used = HashSet::new();
        let before = self.diags.errors();
        for document in documents.iter() {
            let tree = self.diags.take(lex.lang.tree(document, self.sources))?;
            self.only_vars(&tree, entries, &mut used);
        }
        for entry in entries.iter().filter(|entry| !used.contains(entry.key.as_str())) {
            let message = format!("the file does not use `{}`", entry.key);
            self.diags.push(
                SpecError::new("spec::vars", entry.key_span, message, "not used").help("take it out, or use it there"),
            );
        }
        let mut errors = Vec::new();
        documents.iter_mut().for_each(|document| splice(document, entries, &mut errors));
        self.diags.extend(errors);
        (self.diags.errors() == before).then_some(())
    }

    /// A file sees its `vars` and nothing else.
    fn only_vars(&mut self, tree: &Tree, vars: &[Entry], used: &mut HashSet<String>) {
        for (span, reads) in tree.reads() {
            let named = |name: &str, range| (name.to_owned(), narrow(self.sources, span, range));
            let mut names: Vec<_> = reads.names.iter().map(|(name, range)| named(name, range)).collect();
            names.extend(reads.inputs.iter().map(|(_, range)| named("inputs", range)));
            names.extend(reads.run.iter().map(|(_, range)| named("run", range)));
            names.extend(reads.checks.iter().map(|(_, range)| named("checks", range)));
            names.extend(reads.secrets.iter().map(|(_, range)| named("secret", range)));
            for (name, at) in names {
                if vars.iter().any(|var| var.key == name) {
                    used.insert(name);
                    continue;
                }
                let message = format!("`{name}` is not among the `vars` of this file");
                let error = SpecError::new("spec::vars", at, message, "not given");
                let known = near(&name, vars.iter().map(|var| var.key.as_str()), "vars");
                self.diags.push(error.help(format!("{known}; a file sees nothing but its `vars`")));
            }
        }
    }
}

fn is_path(text: &str) -> bool {
    !text.contains('\n') && (text.ends_with(".yaml") || text.ends_with(".yml"))
}

/// Every text of the tree.
fn texts(node: &mut Node, each: &mut dyn FnMut(&mut Node)) {
    match &mut node.value {
        NodeValue::Text(text) if SIGNS.iter().any(|sign| text.contains(sign)) => each(node),
        NodeValue::List(items) => items.iter_mut().for_each(|item| texts(item, each)),
        NodeValue::Map(entries) => entries.iter_mut().for_each(|entry| texts(&mut entry.value, each)),
        _ => {}
    }
}

/// A file that is not rendered keeps its braces.
fn keep_braces(node: &mut Node) {
    texts(node, &mut |node| {
        if let NodeValue::Text(text) = &mut node.value {
            *text = literal(text);
        }
    });
}

/// What has a meaning in a template, or would be refused there.
const SIGNS: [&str; 3] = ["{{", "{%", "{#"];

/// Text as a template that gives that text.
fn literal(text: &str) -> String {
    SIGNS.iter().fold(text.to_owned(), |text, sign| text.replace(sign, &format!("{{{{ \"{sign}\" }}}}")))
}

fn splice(node: &mut Node, vars: &[Entry], errors: &mut Vec<SpecError>) {
    texts(node, &mut |node| {
        let NodeValue::Text(text) = &node.value else { return };
        match filled(text, vars) {
            Ok(Filled::Whole(value)) => *node = value,
            Ok(Filled::Text(text)) => node.value = NodeValue::Text(text),
            Err(why) => errors.push(SpecError::new("spec::vars", node.span, why, "here")),
        }
    });
}

enum Filled {
    /// The template was one variable: its value.
    Whole(Node),
    /// A text, still with templates where a variable holds one.
    Text(String),
}

/// The text with every `{{ … }}` filled in.
fn filled(text: &str, vars: &[Entry]) -> Result<Filled, String> {
    let var = |name: &str| vars.iter().find(|var| var.key == name).map(|var| &var.value);
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let inner_len = closing(&rest[open + 2..]).ok_or("a `{{` without its `}}`")?;
        let inner = &rest[open + 2..open + 2 + inner_len];
        let after = &rest[open + inner_len + 4..];
        out.push_str(&rest[..open]);
        match var(inner.trim()) {
            Some(value) if out.is_empty() && after.is_empty() => return Ok(Filled::Whole(value.clone())),
            Some(value) => out.push_str(&as_text(value, inner.trim())?),
            None => out.push_str(&format!("{{{{{}}}}}", substitute(inner, vars)?)),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(Filled::Text(out))
}

/// A variable within mixed text: the template that it holds, or its text.
fn as_text(value: &Node, name: &str) -> Result<String, String> {
    let text =
        value.scalar_text().ok_or_else(|| format!("`{name}` is {} and cannot stand within text", value.sort_name()))?;
    Ok(text.into_owned())
}

/// Where the `}}` is that ends a template, quotes respected.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(_) if c == '\\' => {
                chars.next();
            }
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if text[at..].starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

/// An expression with its variables replaced by their values.
fn substitute(expression: &str, vars: &[Entry]) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        if matches!(c, '"' | '\'') {
            let end = rest[1..].find(c).map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if word == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let name = &rest[..word];
        match vars.iter().find(|var| var.key == name && !out.ends_with('.')) {
            Some(var) => out.push_str(&as_operand(&var.value, name)?),
            None => out.push_str(name),
        }
        rest = &rest[word..];
    }
    Ok(out)
}

/// A variable as part of an expression.
fn as_operand(value: &Node, name: &str) -> Result<String, String> {
    let NodeValue::Text(text) = &value.value else { return Ok(value.to_json().to_string()) };
    let Some(open) = text.find("{{") else { return Ok(value.to_json().to_string()) };
    let inner = closing(&text[open + 2..]).filter(|end| open == 0 && end + 4 == text.len());
    inner.map(|end| format!("({})", text[2..end + 2].trim())).ok_or_else(|| {
        format!("`{name}` mixes text and templates and cannot stand in an expression; write `{{{{ {name} }}}}` alone")
    })
}

#[cfg(test)]
mod tests {
    use checkrun_model::{SourceId, Span};

    use super::*;

    fn vars(list: &[(&str, NodeValue)]) -> Vec<Entry> {
        let span = Span::new(SourceId(0), 0, 0);
        let entry = |(key, value): &(&str, NodeValue)| Entry {
            key: (*key).into(),
            key_span: span,
            value: Node::new(span, value.clone()),
        };
        list.iter().map(entry).collect()
    }

    fn text(template: &str) -> Result<String, String> {
        let vars = vars(&[
            ("run_name", NodeValue::Text("checkrun-{{ run.id }}".into())),
            ("id", NodeValue::Text("{{ run.id }}".into())),
            ("n", NodeValue::Int(3)),
            ("list", NodeValue::List(Vec::new())),
        ]);
        filled(template, &vars).map(|filled| match filled {
            Filled::Text(text) => text,
            Filled::Whole(node) => format!("whole {}", node.to_json()),
        })
    }

    #[test]
    fn variables_are_filled_in() {
        assert_eq!(text("{{ n }}").unwrap(), "whole 3");
        assert_eq!(text("a-{{ run_name }}-{{ n }}").unwrap(), "a-checkrun-{{ run.id }}-3");
        assert_eq!(
            text("{{ n + 1 }} {{ id ~ \"n\" }} {{ x.n }}").unwrap(),
            "{{ 3 + 1 }} {{ (run.id) ~ \"n\" }} {{ x.n }}"
        );
        assert_eq!(text("{{ \"{{\" }}").unwrap(), "{{ \"{{\" }}");
        assert!(text("a {{ list }}").unwrap_err().contains("a list"));
        assert!(text("{{ run_name ~ 1 }}").unwrap_err().contains("alone"));
    }
}
