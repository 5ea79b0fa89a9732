//! The stages of a load, one after the other: find, read, compile, place, resolve, select.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use checkrun_lang::Lang;
use checkrun_model::event::Criterion;
use checkrun_model::{Files, Sources, SpecError};

use crate::diags::Diags;
use crate::file::folder::Folder;
use crate::file::read::Doc;
use crate::file::suite;
use crate::file::target::{self, Place};
use crate::gather::{Sorted, normal};
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
    pub(crate) incomplete: bool,
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
        let criteria = sorted.criteria.as_ref().and_then(|doc| suite::criteria(doc, &mut self.diags));
        let compiled = self.compile(&sorted, &mut rooms, &inputs, criteria.as_deref());
        let nodes = self.nodes(&sorted, &compiled, &place, &values);
        if self.request.target.is_none() && !self.request.validate_only {
            crate::untargeted::once(&mut self.diags);
        }
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

    /// A plan without checks: where things are, for who has only those to look at.
    pub(crate) fn target_alone(&mut self) -> Option<Plan> {
        let dir = suite_dir(self.request.suite);
        let paths: Vec<PathBuf> = self.request.target.map(Path::to_owned).into_iter().collect();
        let doc = self.docs(&paths).pop();
        let lang = Arc::new(Lang::new(Arc::new(Folder::new(&dir)) as Arc<dyn Files>));
        let place = match &doc {
            Some(doc) => target::read(doc, self.request.endpoints, &lang, &self.sources, &mut self.diags)?,
            None => Place::default(),
        };
        Some(Plan {
            suite: String::new(),
            title: String::new(),
            dir,
            nodes: Vec::new(),
            criteria: Vec::new(),
            target: Arc::new(place.target),
            target_file: place.file,
            secrets: place.secrets,
            inputs: serde_json::Value::Null,
            sources: Arc::default(),
            lang,
            readiness: Arc::default(),
        })
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
            // A target that was asked for and is not there is told already.
            let any = self.request.validate_only || self.request.target.is_some();
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
            if !placer.full {
                placer.items(items, &env, false);
            }
        }
        if placer.full {
            return Vec::new();
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
