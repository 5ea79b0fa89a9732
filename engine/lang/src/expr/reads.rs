//! What a text reads, so that names are checked and needs inferred when suites are loaded.

use std::ops::Range;

use super::ast::{Ast, Part, Step};
use crate::scope::SecretRef;

/// What a text reads, so that names are checked and needs inferred at load.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    /// After `inputs.`: name and its bytes.
    pub inputs: Vec<(String, Range<usize>)>,
    /// After `checks.`: the names that follow, as far as they are constant (`["flux", "apps", "revision"]`;
    /// `checks.flux[c].revision` gives `["flux"]`), and the bytes of the first.
    pub checks: Vec<(Vec<String>, Range<usize>)>,
    /// After `run.`.
    pub run: Vec<(String, Range<usize>)>,
    /// Other free names: foreach variables, `cluster`, `it`, `first`, `hook`, keys of the observation.
    pub names: Vec<(String, Range<usize>)>,
    /// Secrets.
    pub secrets: Vec<(SecretRef, Range<usize>)>,
    /// Files read by `file('…')`.
    pub files: Vec<(String, Range<usize>)>,
}

/// Collects what a text reads.
pub(crate) struct Reader<'t> {
    pub text: &'t str,
    pub reads: Reads,
}

impl Reader<'_> {
    /// A name and the constant keys behind it, as they stand in `range`.
    pub(crate) fn path(&mut self, name: &str, keys: &[&str], range: &Range<usize>) {
        let Some(first) = keys.first() else { return self.plain(name, range) };
        let at = self.place(name, first, range);
        let owned = || (*first).to_owned();
        match name {
            "inputs" => self.reads.inputs.push((owned(), at)),
            "run" => self.reads.run.push((owned(), at)),
            "checks" => self.reads.checks.push((keys.iter().map(|key| (*key).to_owned()).collect(), at)),
            _ => self.plain(name, range),
        }
    }

    fn plain(&mut self, name: &str, range: &Range<usize>) {
        let end = (range.start + name.len()).min(range.end);
        self.reads.names.push((name.to_owned(), range.start..end));
    }

    /// The bytes of the first key behind `name`; all of the path where they are written in another way.
    fn place(&self, name: &str, key: &str, range: &Range<usize>) -> Range<usize> {
        let written = self.text.get(range.clone()).unwrap_or_default();
        let behind = written.find(name).map_or(0, |at| at + name.len());
        match written.get(behind..).and_then(|rest| rest.find(key)) {
            Some(at) => range.start + behind + at..range.start + behind + at + key.len(),
            None => range.clone(),
        }
    }
}

/// What an expression reads.
pub(super) fn of(ast: &Ast, text: &str) -> Reads {
    let mut reader = Reader { text, reads: Reads::default() };
    collect(ast, &mut reader);
    reader.reads.files = files(text);
    reader.reads
}

fn collect(ast: &Ast, reader: &mut Reader<'_>) {
    match &ast.part {
        Part::Path(name, keys) => {
            let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
            reader.path(name, &keys, &ast.range);
        }
        Part::Lookup { base: None, steps, text, .. } => {
            let keys: Vec<&str> = steps
                .iter()
                .map_while(|step| match step {
                    Step::Key(key) => Some(key.as_ref()),
                    Step::Item(_) => None,
                })
                .collect();
            if let Some((name, keys)) = keys.split_first() {
                reader.path(name, keys, &(text.start + 1..text.end.saturating_sub(1)));
            }
        }
        _ => {}
    }
    for below in ast.below() {
        collect(below, reader);
    }
}

/// The paths in `file("…")`: they were read when the text was compiled and stand in it as constants.
pub(crate) fn files(text: &str) -> Vec<(String, Range<usize>)> {
    use crate::text::{Lex, scan};
    let tokens = scan(text);
    let slice = |at: usize| tokens.get(at).map_or("", |token| &text[token.range.clone()]);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let call = token.lex == Lex::Name && slice(at) == "file" && slice(at + 1) == "(";
        let path = tokens.get(at + 2).filter(|token| call && token.lex == Lex::Text);
        if let Some(path) = path {
            let inside = path.range.start + 1..path.range.end - 1;
            found.push((text[inside.clone()].to_owned(), inside));
        }
    }
    found
}
