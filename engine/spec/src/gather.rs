//! The first stages of a load: finds the files, reads them, and tells what they are.

use std::path::{Component, Path, PathBuf};

use checkrun_model::{Node, SpecError};

use crate::assemble::Assembly;
use crate::file::find;
use crate::file::read::{self, Doc};
use crate::file::suite::{self, SuiteFile};
use crate::source::group;

/// The files, sorted by what they are.
pub(crate) struct Sorted {
    pub(crate) suite: Doc,
    pub(crate) head: SuiteFile,
    pub(crate) checks: Vec<Doc>,
    pub(crate) templates: Vec<Doc>,
    pub(crate) criteria: Option<Doc>,
    pub(crate) target: Option<Doc>,
    pub(crate) inputs: Option<Doc>,
}

impl Assembly<'_> {
    /// Finds and reads all files, and tells what they are.
    pub(crate) fn read(&mut self, dir: &Path) -> Option<Sorted> {
        let found = match find::find(dir) {
            Ok(found) => found,
            Err(why) => {
                self.diags
                    .push(SpecError::unplaced("spec::file", format!("{why}: a suite is a folder with a `suite.yaml`")));
                return None;
            }
        };
        if !dir.join("suite.yaml").is_file() {
            let error = SpecError::unplaced("spec::no-suite", format!("{} holds no `suite.yaml`", dir.display()));
            self.diags
                .push(error.help("a suite is a folder with a `suite.yaml` (at least `suite: NAME`) and check files"));
            return None;
        }
        for path in &found.yml {
            let error = SpecError::unplaced("spec::unknown-file", format!("{} is not read", dir.join(path).display()));
            self.diags.push(error.help("check files end with `.yaml`"));
        }
        if let Some(path) = found.procedures.first() {
            let error = SpecError::unplaced(
                "spec::not-in-this-version",
                format!("{}: procedures are not in this version", dir.join(path).display()),
            );
            self.diags.push(error.help("take the folder out; its procedures would not be heeded"));
        }
        let mut paths = vec![dir.join("suite.yaml")];
        paths.extend(found.yaml.iter().map(|path| dir.join(path)));
        let checks = paths.len();
        paths.extend(self.request.target.map(Path::to_owned));
        paths.extend(self.request.input_file.map(Path::to_owned));
        let docs = self.docs(&paths);
        self.sort(dir, docs, &paths[..checks])
    }

    /// Reads these files.
    pub(crate) fn docs(&mut self, paths: &[PathBuf]) -> Vec<Doc> {
        let mut errors = Vec::new();
        let docs = read::read(paths, &mut self.sources, &mut errors);
        self.diags.extend(errors);
        self.incomplete |= docs.len() < paths.len() || docs.iter().any(|doc| doc.partial);
        docs
    }

    fn sort(&mut self, dir: &Path, mut docs: Vec<Doc>, of_suite: &[PathBuf]) -> Option<Sorted> {
        let mut take = |path: &Path| docs.iter().position(|doc| doc.path == path).map(|at| docs.remove(at));
        let suite = take(&of_suite[0]);
        let target = self.request.target.and_then(&mut take);
        let inputs = self.request.input_file.and_then(&mut take);
        let suite = suite?;
        let head = suite::suite(&suite, &mut self.diags);
        let criteria = head.criteria.as_ref().and_then(|path| {
            let found = take(&dir.join(path));
            if found.is_none() && !of_suite.contains(&dir.join(path)) {
                let span = suite.root.get("criteria").map_or(suite.root.span, |node| node.span);
                let error = SpecError::new(
                    "spec::file",
                    span,
                    format!("there is no `{path}` in the suite's folder"),
                    "not there",
                );
                self.diags.push(error);
            }
            found
        });
        let mut templates = self.imports(dir, &suite, &head);
        let mut checks = Vec::new();
        for doc in docs {
            if group::has(&doc.root, "template") {
                templates.push(doc);
            } else if group::has(&doc.root, "checks") || doc.partial {
                checks.push(doc);
            } else {
                self.unknown_file(&doc);
            }
        }
        Some(Sorted { suite, head, checks, templates, criteria, target, inputs })
    }

    fn unknown_file(&mut self, doc: &Doc) {
        let at =
            doc.root.as_map().and_then(<[checkrun_model::Entry]>::first).map_or(doc.root.span, |entry| entry.key_span);
        let error = SpecError::new(
            "spec::unknown-file",
            at,
            "this file is neither checks, a template, nor named in `suite.yaml`",
            "not known",
        );
        self.diags
            .push(error.help(
                "a check file begins with `checks:`; manifests and other YAML stand in `manifests/` or `files/`",
            ));
    }

    fn imports(&mut self, dir: &Path, suite: &Doc, head: &SuiteFile) -> Vec<Doc> {
        let nodes = suite.root.get("imports").and_then(Node::as_list).unwrap_or(&[]);
        let mut paths = Vec::new();
        for (import, node) in head.imports.iter().zip(nodes) {
            let path = normal(&dir.join(import));
            if Path::new(import).is_absolute() || !import.ends_with(".yaml") {
                let error = SpecError::new(
                    "spec::import",
                    node.span,
                    "an import is a `*.yaml` file, relative to the suite's folder",
                    "not that",
                );
                self.diags.push(error.help("write `../lib/operator.yaml`"));
            } else if !path.is_file() {
                self.incomplete = true;
                let error =
                    SpecError::new("spec::file", node.span, format!("there is no `{}`", path.display()), "not there");
                self.diags.push(error);
            } else if path.starts_with(normal(dir)) {
                let error = SpecError::new(
                    "spec::import",
                    node.span,
                    "a template of the suite's own folder is not imported",
                    "already there",
                );
                self.diags.push(error.help("take the line out"));
            } else if paths.contains(&path) {
                self.diags.push(SpecError::new("spec::import", node.span, "this file is imported twice", "again"));
            } else {
                paths.push(path);
            }
        }
        let docs = self.docs(&paths);
        let (templates, others): (Vec<Doc>, Vec<Doc>) =
            docs.into_iter().partition(|doc| group::has(&doc.root, "template"));
        for doc in others.iter().filter(|doc| !doc.partial) {
            let error =
                SpecError::new("spec::import", doc.root.span, "an imported file is a template", "no `template:`");
            self.diags.push(error.help("begin it with `template: NAME`"));
        }
        templates
    }
}

/// The path without `.` and, where they can be taken back, `..`.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
