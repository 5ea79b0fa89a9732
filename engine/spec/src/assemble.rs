//! The stages of a load, one after the other: find, read, compile, place, resolve, select.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use checkrun_lang::Lang;
use checkrun_model::event::Criterion;
use checkrun_model::{Files, Node, Sources, SpecError};

use crate::diags::Diags;
use crate::file::find;
use crate::file::folder::Folder;
use crate::file::read::{self, Doc};
use crate::file::suite::{self, SuiteFile};
use crate::file::target::{self, Place};
use crate::given::Givers;
use crate::inputs::{Given, Inputs};
use crate::load::LoadRequest;
use crate::place::expand::{Env, Placer};
use crate::place::ground::Ground;
use crate::place::{cycle, select};
use crate::plan::Plan;
use crate::readiness;
use crate::source::group::{self, DefaultsSrc, TemplateSrc};
use crate::source::item::Item;
use crate::source::text::{Compiler, Lex};

/// A load on its way.
pub(crate) struct Assembly<'a> {
    pub(crate) request: &'a LoadRequest<'a>,
    pub(crate) sources: Sources,
    pub(crate) diags: Diags,
    incomplete: bool,
}

/// The files, sorted by what they are.
struct Sorted {
    suite: Doc,
    head: SuiteFile,
    checks: Vec<Doc>,
    templates: Vec<Doc>,
    criteria: Option<Doc>,
    target: Option<Doc>,
    inputs: Option<Doc>,
}

/// Folders and their compilers.
struct Rooms {
    suite: (Arc<Lang>, Arc<Folder>),
    dir: PathBuf,
    others: HashMap<PathBuf, (Arc<Lang>, Arc<Folder>)>,
}

/// Compiled sources.
struct Compiled {
    templates: Vec<TemplateSrc>,
    /// Files of checks, each with its defaults.
    files: Vec<(DefaultsSrc, Vec<Item>)>,
    uses_ready: bool,
}

impl<'a> Assembly<'a> {
    pub(crate) fn new(request: &'a LoadRequest<'a>) -> Self {
        Self { request, sources: Sources::default(), diags: Diags::default(), incomplete: false }
    }

    /// The plan, as far as there are no errors.
    pub(crate) fn plan(&mut self) -> Option<Plan> {
        let dir = suite_dir(self.request.suite);
        let sorted = self.read(&dir)?;
        let mut rooms = self.rooms(&dir)?;
        let inputs = Arc::new(Inputs::read(sorted.suite.root.get("inputs"), &mut self.diags));
        let place = self.place(&sorted, &rooms)?;
        let suite = sorted.head.suite.as_str();
        let mut givers = Givers { inputs: &inputs, suite, sources: &mut self.sources, diags: &mut self.diags };
        let values = givers.values(self.request, sorted.target.as_ref(), sorted.inputs.as_ref());
        let criteria = sorted.criteria.as_ref().map(|doc| suite::criteria(doc, &mut self.diags));
        let compiled = self.compile(&sorted, &mut rooms, &inputs, criteria.as_deref());
        let nodes = self.nodes(&sorted, &compiled, &place, &values);
        if self.diags.errors() > 0 {
            self.keep_texts(&rooms);
            return None;
        }
        let readiness = if compiled.uses_ready {
            let text = self.request.defaults.readiness;
            readiness::rules(text, &rooms.suite.0, &mut self.sources, &mut self.diags)
        } else {
            checkrun_lang::ReadinessRules::default()
        };
        self.keep_texts(&rooms);
        let inputs = values.into_iter().map(|(name, given)| (name.to_string(), given.json)).collect();
        Some(Plan {
            suite: sorted.head.suite,
            title: sorted.head.title.unwrap_or_default(),
            dir,
            nodes,
            criteria: criteria.unwrap_or_default(),
            target: Arc::new(place.target),
            target_file: place.file,
            secrets: place.secrets,
            inputs: serde_json::Value::Object(inputs),
            sources: Arc::default(),
            lang: rooms.suite.0,
            readiness: Arc::new(readiness),
        })
    }

    /// Finds and reads all files, and tells what they are.
    fn read(&mut self, dir: &Path) -> Option<Sorted> {
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

    fn docs(&mut self, paths: &[PathBuf]) -> Vec<Doc> {
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
        let head = suite::suite(&suite, &mut self.diags).or_else(|| self.stand_in(&suite))?;
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

    /// Enough of a head to check the other files although `suite.yaml` has mistakes.
    fn stand_in(&mut self, doc: &Doc) -> Option<SuiteFile> {
        self.incomplete = true;
        let text = |key: &str| doc.root.get(key).and_then(Node::as_text).map(str::to_owned);
        let list = doc.root.get("imports").and_then(Node::as_list).unwrap_or(&[]);
        let imports = list.iter().filter_map(Node::as_text).map(str::to_owned).collect();
        Some(SuiteFile::stand_in(text("suite").unwrap_or_default(), imports, text("criteria")))
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

    fn rooms(&mut self, dir: &Path) -> Option<Rooms> {
        let suite = self.room(dir);
        Some(Rooms { suite, dir: dir.to_owned(), others: HashMap::new() })
    }

    /// A folder with its compiler and library.
    fn room(&mut self, dir: &Path) -> (Arc<Lang>, Arc<Folder>) {
        let folder = Arc::new(Folder::new(dir));
        let mut lang = Lang::new(Arc::clone(&folder) as Arc<dyn Files>);
        if dir.join("hooks/lib.rhai").is_file() {
            match folder.text("hooks/lib.rhai") {
                Ok(text) => {
                    let faults = lang.add_library("hooks/lib.rhai", &text).err().unwrap_or_default();
                    let source = self.sources.add(folder.shown("hooks/lib.rhai"), text);
                    self.diags.extend(faults.into_iter().map(|fault| group::placed(fault, source)));
                }
                Err(why) => self.diags.push(SpecError::unplaced("spec::file", why)),
            }
        }
        (Arc::new(lang), folder)
    }

    fn place(&mut self, sorted: &Sorted, rooms: &Rooms) -> Option<Place> {
        let Some(doc) = &sorted.target else {
            let any = self.request.validate_only && self.request.target.is_none();
            return Some(Place { any, ..Place::default() });
        };
        let read = target::read(doc, self.request.endpoints, &rooms.suite.0, &self.sources, &mut self.diags);
        // A target that cannot be read says nothing about the names that checks use.
        Some(read.unwrap_or_else(|| Place { any: true, ..Place::default() }))
    }

    fn compile(
        &mut self,
        sorted: &Sorted,
        rooms: &mut Rooms,
        inputs: &Arc<Inputs>,
        criteria: Option<&[Criterion]>,
    ) -> Compiled {
        let mut lexes = Vec::new();
        for doc in &sorted.templates {
            let dir = doc.path.parent().unwrap_or(Path::new("")).to_owned();
            let room = if normal(&dir).starts_with(normal(&rooms.dir)) {
                rooms.suite.clone()
            } else {
                if !rooms.others.contains_key(&dir) {
                    let room = self.room(&dir);
                    rooms.others.insert(dir.clone(), room);
                }
                rooms.others[&dir].clone()
            };
            lexes.push(room);
        }
        let ids: Option<HashSet<String>> =
            criteria.map(|all| all.iter().map(|criterion| criterion.id.clone()).collect());
        let missing = sorted.head.criteria.is_some() && ids.is_none();
        let mut compiler = Compiler {
            kinds: self.request.kinds,
            by_name: self.request.kinds.iter().map(|row| (row.doc.name, row)).collect(),
            sources: &mut self.sources,
            diags: &mut self.diags,
            criteria: ids,
            any_criterion: missing,
            templates: HashMap::new(),
            incomplete: self.incomplete,
            uses_ready: false,
        };
        let heads = heads(&mut compiler, &sorted.templates);
        let mut compiled = Compiled { templates: Vec::new(), files: Vec::new(), uses_ready: false };
        for ((doc, (lang, files)), head) in sorted.templates.iter().zip(lexes).zip(heads) {
            let Some((name, span, inputs)) = head else { continue };
            let lex = Lex { lang, files, inputs, whose: format!("the template `{name}`").into(), vars: Vec::new() };
            compiled.templates.push(compiler.template(&doc.root, name, span, &lex));
        }
        let (lang, files) = rooms.suite.clone();
        let lex = Lex { lang, files, inputs: Arc::clone(inputs), whose: "the suite".into(), vars: Vec::new() };
        for doc in &sorted.checks {
            compiler.diags.mute(doc.partial);
            compiler.file_keys(&doc.root, &["checks", "defaults"]);
            let defaults = doc.root.get("defaults").map(|node| compiler.defaults(node)).unwrap_or_default();
            let mut items = doc.root.get("checks").map(|node| compiler.items(node, &lex)).unwrap_or_default();
            compiler.diags.mute(false);
            if doc.partial {
                items.iter_mut().for_each(Item::forget);
            }
            compiled.files.push((defaults, items));
        }
        compiled.uses_ready = compiler.uses_ready;
        self.incomplete |= compiler.incomplete;
        compiled
    }

    fn nodes(
        &mut self,
        sorted: &Sorted,
        compiled: &Compiled,
        place: &Place,
        values: &[(Arc<str>, Given)],
    ) -> Vec<crate::plan::PlanNode> {
        let values = values.iter().map(|(name, given)| (Arc::clone(name), given.value.clone())).collect();
        let mut placer =
            Placer::new(&mut self.diags, place, self.request.endpoints, &compiled.templates, self.request.permission);
        placer.incomplete = self.incomplete;
        let mut env = Env {
            ground: Rc::new(Ground::of_inputs(values)),
            scope: 0,
            parent: None,
            prefix: "".into(),
            cluster: None,
            endpoint: None,
            timeout: None,
            severity: None,
            locks: Vec::new(),
            covers: None,
        };
        if let Some(values) = &sorted.head.defaults {
            let span =
                |key: &str| sorted.suite.root.get("defaults").and_then(|node| node.get(key)).map(|node| node.span);
            let defaults = DefaultsSrc { values: values.clone(), cluster: span("cluster"), endpoint: span("endpoint") };
            placer.defaults(&defaults, &mut env);
        }
        for (defaults, items) in &compiled.files {
            let mut env = env.clone();
            placer.defaults(defaults, &mut env);
            placer.items(items, &env, false);
        }
        placer.resolve();
        let mut nodes = placer.nodes;
        self.diags.extend(cycle::cycles(&nodes));
        if nodes.is_empty() && !self.incomplete && self.diags.errors() == 0 {
            let error =
                SpecError::unplaced("spec::no-checks", format!("the suite `{}` has no checks", sorted.head.suite));
            self.diags.push(error.help("add a file beside `suite.yaml` that begins with `checks:`"));
        }
        if !self.incomplete {
            self.diags.extend(select::select(&mut nodes, &self.request.selection));
        }
        nodes
    }

    /// Files that arguments and templates named belong to what was read.
    fn keep_texts(&mut self, rooms: &Rooms) {
        for (_, folder) in [&rooms.suite].into_iter().chain(rooms.others.values()) {
            for (path, text) in folder.texts() {
                let name = folder.shown(&path);
                if !self.sources.iter().any(|(_, source)| *source.name == *name) {
                    self.sources.add(name, text);
                }
            }
        }
    }
}

/// Names and inputs of templates, before their bodies: one may use another.
fn heads(compiler: &mut Compiler<'_>, docs: &[Doc]) -> Vec<Option<(String, checkrun_model::Span, Arc<Inputs>)>> {
    let mut heads = Vec::with_capacity(docs.len());
    for doc in docs {
        let node = doc.root.get("template").unwrap_or(&doc.root);
        let name = node.scalar_text().map(std::borrow::Cow::into_owned).unwrap_or_default();
        if !crate::names::is_id(&name) {
            compiler.diags.push(crate::names::bad_id(&name, node.span));
            heads.push(None);
            continue;
        }
        let inputs = Arc::new(Inputs::read(doc.root.get("inputs"), compiler.diags));
        if compiler.templates.insert(name.clone(), Arc::clone(&inputs)).is_some() {
            let error = SpecError::new(
                "spec::duplicate-template",
                node.span,
                format!("there are two templates `{name}`"),
                "again",
            );
            compiler.diags.push(error.help("rename one of them"));
        }
        heads.push(Some((name, node.span, inputs)));
    }
    heads
}

fn suite_dir(path: &Path) -> PathBuf {
    let named = path.file_name().is_some_and(|name| name == "suite.yaml") && path.is_file();
    match path.parent() {
        Some(parent) if named && parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) if named => parent.to_owned(),
        _ => path.to_owned(),
    }
}

/// The path without `.` and, where they can be taken back, `..`.
fn normal(path: &Path) -> PathBuf {
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
