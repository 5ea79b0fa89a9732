//! Builds a suite in a folder, loads it, and shows what came of it as text.

use std::path::Path;

use checkrun_model::{DiagnosticSeverity, SpecError};

use super::kinds::{FAMILIES, KINDS};
use crate::plan::{Body, CheckBody, Plan, PlanNode};
use crate::{Defaults, LoadRequest, Loaded, Permission, Selection, load};

pub(crate) const TARGET: &str = "target: lab
clusters: { apps: { context: a, allow: disrupt }, infra: { context: i } }
endpoints:
  db: { fake: { url: u, password: \"{{ secret('pw') }}\" } }
  misc: { other: {} }
defaults: { fake: db }
secrets: { pw: { env: PW } }
";

const READINESS: &str = "readiness:\n  - kind: Pod\n    ready: [ status.ok ]\n";

/// A suite to load.
pub(crate) struct Case {
    dir: tempfile::TempDir,
    pub(crate) inputs: Vec<(String, String)>,
    pub(crate) selection: Selection,
    pub(crate) permission: Permission,
    pub(crate) target: bool,
    pub(crate) input_file: bool,
    pub(crate) validate_only: bool,
}

/// A suite of one check file, with the usual target.
pub(crate) fn checks(text: &str) -> Case {
    Case::new().file("a.yaml", &format!("checks:\n{text}"))
}

impl Case {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let case = Self {
            dir,
            inputs: Vec::new(),
            selection: Selection::default(),
            permission: Permission::default(),
            target: true,
            input_file: false,
            validate_only: false,
        };
        case.file("suite.yaml", "suite: s\n").outside("target.yaml", TARGET)
    }

    /// A file of the suite.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        write(&self.dir.path().join("suite").join(path), text);
        self
    }

    /// A file beside the suite's folder.
    pub(crate) fn outside(self, path: &str, text: &str) -> Self {
        write(&self.dir.path().join(path), text);
        self
    }

    pub(crate) fn input(mut self, name: &str, value: &str) -> Self {
        self.inputs.push((name.into(), value.into()));
        self
    }

    pub(crate) fn load(&self) -> Loaded {
        let target = self.dir.path().join("target.yaml");
        let inputs = self.dir.path().join("in.yaml");
        load(LoadRequest {
            suite: &self.dir.path().join("suite"),
            target: self.target.then_some(target.as_path()),
            inputs: self.inputs.clone(),
            input_file: self.input_file.then_some(inputs.as_path()),
            kinds: KINDS,
            endpoints: FAMILIES,
            selection: self.selection.clone(),
            permission: self.permission,
            defaults: Defaults { readiness: READINESS },
            validate_only: self.validate_only,
        })
    }

    /// The plan of a suite without mistakes.
    #[track_caller]
    pub(crate) fn plan(&self) -> Plan {
        let loaded = self.load();
        let shown: Vec<String> = loaded.diagnostics.iter().map(|error| self.show(error, &loaded)).collect();
        loaded.plan.unwrap_or_else(|| panic!("{}", shown.join("\n")))
    }

    /// Every mistake: `code | marked text | message | help`.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let loaded = self.load();
        assert_eq!(
            loaded.plan.is_some(),
            loaded.diagnostics.iter().all(|error| error.severity == DiagnosticSeverity::Warning)
        );
        loaded.diagnostics.iter().map(|error| self.show(error, &loaded)).collect()
    }

    /// The only mistake: its code and the text that its caret marks.
    #[track_caller]
    pub(crate) fn mistake(&self, code: &str, marked: &str) -> SpecError {
        let loaded = self.load();
        let shown: Vec<String> = loaded.diagnostics.iter().map(|error| self.show(error, &loaded)).collect();
        assert_eq!(loaded.diagnostics.len(), 1, "{shown:#?}");
        let error = loaded.diagnostics[0].clone();
        let text = error.span().map_or("", |span| loaded.sources.text(span)).to_owned();
        assert_eq!((error.code, text.as_str()), (code, marked), "{shown:#?}");
        error
    }

    fn show(&self, error: &SpecError, loaded: &Loaded) -> String {
        let marked = error.span().map_or("", |span| loaded.sources.text(span));
        let help = error.help.as_deref().unwrap_or("");
        format!("{} | {marked} | {} | {help}", error.code, error.message)
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The node with that id.
#[track_caller]
pub(crate) fn node<'p>(plan: &'p Plan, id: &str) -> &'p PlanNode {
    let ids: Vec<&str> = plan.nodes.iter().map(|node| &*node.id).collect();
    plan.nodes.iter().find(|node| *node.id == *id).unwrap_or_else(|| panic!("{id} is not among {ids:?}"))
}

/// The body of the check with that id.
#[track_caller]
pub(crate) fn check<'p>(plan: &'p Plan, id: &str) -> &'p CheckBody {
    match &node(plan, id).body {
        Body::Check(check) => check,
        Body::Group { .. } => panic!("{id} is a group"),
    }
}

/// Ids of what the node needs.
pub(crate) fn needs<'p>(plan: &'p Plan, id: &str) -> Vec<&'p str> {
    node(plan, id).needs.iter().map(|need| &*plan.nodes[need.0 as usize].id).collect()
}
