//! Builds plans by hand and runs them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use checkrun_lang::{Expectation, Known, Lang, ReadinessRules, Value, What};
use checkrun_model::event::{Event, Judged, Line};
use checkrun_model::{
    Clock, ClusterSpec, Effect, Endpoint, Files, Importance, Kind, LoadCx, LockMode, Node, SourceId, Sources, Span,
    Target, Verdict,
};
use checkrun_spec::plan::{Act, Bindings, Body, CheckBody, NodeIx, Plan, PlanNode, Reach, SecretSource};
use serde_json::{Value as Json, json};

use super::probe::{KINDS, Probe};
use crate::{Embedded, Options, Sink, Stop};

/// A node as a test writes it. Without `args` it is a check without a kind.
#[derive(Clone)]
pub struct Draft {
    pub id: &'static str,
    pub parent: Option<&'static str>,
    pub needs: Vec<&'static str>,
    pub group: bool,
    pub locks: Vec<(&'static str, LockMode)>,
    pub skip: Option<&'static str>,
    pub when: Option<&'static str>,
    pub saves: Vec<(&'static str, &'static str)>,
    pub expect: Vec<&'static str>,
    pub within: Option<Duration>,
    pub holds_for: Option<Duration>,
    pub timeout: Duration,
    pub args: Json,
    pub allowed: Effect,
    pub keep: bool,
    pub cleanup: Vec<Json>,
    pub severity: Importance,
    pub endpoint: bool,
    pub witness: Option<Json>,
    pub hook: Option<&'static str>,
}

/// A check that looks at the probes of `world`.
pub fn check(id: &'static str, world: u64) -> Draft {
    Draft {
        id,
        parent: None,
        needs: Vec::new(),
        group: false,
        locks: Vec::new(),
        skip: None,
        when: None,
        saves: Vec::new(),
        expect: Vec::new(),
        within: None,
        holds_for: None,
        timeout: Duration::from_secs(20),
        args: json!({"world": world}),
        allowed: Effect::Destroy,
        keep: false,
        cleanup: Vec::new(),
        severity: Importance::Major,
        endpoint: false,
        witness: None,
        hook: None,
    }
}

/// A group.
pub fn group(id: &'static str) -> Draft {
    Draft { group: true, ..check(id, 0) }
}

/// A check that writes.
pub fn writer(id: &'static str, world: u64) -> Draft {
    Draft { args: json!({"world": world, "effect": "write"}), ..check(id, world) }
}

impl Draft {
    pub fn needs(self, needs: &[&'static str]) -> Self {
        Self { needs: needs.to_vec(), ..self }
    }

    pub fn of(self, parent: &'static str) -> Self {
        Self { parent: Some(parent), ..self }
    }

    pub fn within(self, millis: u64) -> Self {
        Self { within: Some(Duration::from_millis(millis)), ..self }
    }
}

struct NoFiles;

impl Files for NoFiles {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        Err(format!("no file `{path}`"))
    }
}

/// A plan and how it is run.
pub struct Suite {
    pub drafts: Vec<Draft>,
    pub jobs: usize,
    pub fail_fast: bool,
    pub read_only: bool,
    pub require_all: bool,
    pub timeout: Option<Duration>,
    pub secrets: BTreeMap<String, SecretSource>,
    /// Reads secrets of the cluster `apps`.
    pub reader: Option<crate::SecretReader>,
    /// The clock of an embedded world behind the target, and how it settles.
    pub sandbox: Option<(Clock, Embedded)>,
    pub endpoint_config: Json,
    pub out: tempfile::TempDir,
}

/// A run that has ended.
pub struct Ran {
    pub exit: i32,
    pub dir: PathBuf,
    pub lines: Vec<Line>,
    ids: Vec<String>,
}

struct Collect(Arc<Mutex<Vec<Line>>>);

impl Sink for Collect {
    fn line(&mut self, line: &Line) {
        self.0.lock().unwrap().push(line.clone());
    }
}

impl Suite {
    pub fn new(drafts: Vec<Draft>) -> Self {
        Self {
            drafts,
            jobs: 4,
            fail_fast: false,
            read_only: false,
            require_all: false,
            timeout: None,
            secrets: BTreeMap::new(),
            reader: None,
            sandbox: None,
            endpoint_config: json!({}),
            out: tempfile::tempdir().unwrap(),
        }
    }

    pub fn plan(&self) -> Arc<Plan> {
        let mut sources = Sources::default();
        let text: String = self.drafts.iter().map(|draft| format!("- id: {}\n", draft.id)).collect();
        let source = sources.add("checks.yaml", text.clone());
        let lang = Arc::new(Lang::new(Arc::new(NoFiles)));
        let endpoint = Arc::new(Endpoint {
            name: "place".into(),
            family: "fake".into(),
            config: Node::from_json(Span::new(source, 0, 1), &self.endpoint_config),
            allow: Effect::Destroy,
        });
        let ids: HashMap<&str, NodeIx> =
            self.drafts.iter().enumerate().map(|(at, draft)| (draft.id, crate::state::graph::node(at))).collect();
        let mut reach: Vec<(Arc<str>, Reach)> = ids.iter().map(|(id, ix)| ((*id).into(), Reach::Node(*ix))).collect();
        reach.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let reach = reach.into();
        let builder = Builder {
            suite: self,
            sources: &sources,
            source,
            lang: &lang,
            text: &text,
            endpoint: &endpoint,
            ids,
            reach,
        };
        let nodes = self.drafts.iter().map(|draft| builder.node(draft)).collect();
        let sandbox = self.sandbox.as_ref().map(|(clock, _)| *clock);
        let mut target = Target { name: "test".into(), sandbox, ..Target::default() };
        let apps = ClusterSpec { name: "apps".into(), kubeconfig: None, context: None, allow: Effect::Destroy };
        target.clusters.insert("apps".into(), Arc::new(apps));
        target.endpoints.insert("place".into(), Arc::clone(&endpoint));
        Arc::new(Plan {
            suite: "suite".into(),
            title: "Suite".into(),
            dir: self.out.path().into(),
            nodes,
            criteria: Vec::new(),
            target: Arc::new(target),
            target_file: None,
            secrets: self.secrets.clone(),
            inputs: json!({}),
            sources: Arc::new(sources),
            lang,
            readiness: Arc::new(ReadinessRules::default()),
        })
    }

    pub fn options(&self) -> Options {
        Options {
            jobs: self.jobs,
            timeout: self.timeout,
            fail_fast: self.fail_fast,
            require_all: self.require_all,
            read_only: self.read_only,
            out: self.out.path().join("runs"),
            version: "0.0.0".into(),
            secrets: self.reader,
            world: self.sandbox.as_ref().map(|(_, world)| world.clone()),
        }
    }

    pub fn run(&self) -> Ran {
        let (_stop, stops) = channel();
        self.run_with(stops)
    }

    /// Runs; `at` is told of each line and may ask to stop.
    pub fn run_watched(&self, at: impl FnMut(&Line, &Sender<Stop>) + Send + 'static) -> Ran {
        struct Watch<F>(F, Sender<Stop>);
        impl<F: FnMut(&Line, &Sender<Stop>) + Send> Sink for Watch<F> {
            fn line(&mut self, line: &Line) {
                (self.0)(line, &self.1);
            }
        }
        let (stop, stops) = channel();
        self.run_sinks(stops, vec![Box::new(Watch(at, stop))])
    }

    fn run_with(&self, stops: Receiver<Stop>) -> Ran {
        self.run_sinks(stops, Vec::new())
    }

    fn run_sinks(&self, stops: Receiver<Stop>, mut sinks: Vec<Box<dyn Sink>>) -> Ran {
        let lines = Arc::new(Mutex::new(Vec::new()));
        sinks.push(Box::new(Collect(Arc::clone(&lines))));
        let ended = crate::run(self.plan(), self.options(), sinks, stops).unwrap();
        let told = std::mem::take(&mut *lines.lock().unwrap());
        let read = crate::journal::read::read(&ended.dir.join("journal.jsonl")).unwrap();
        assert_eq!(read.lines, told, "the journal is what the sinks were told");
        let ids = self.drafts.iter().map(|draft| draft.id.to_owned()).collect();
        Ran { exit: ended.exit, dir: ended.dir, lines: told, ids }
    }
}

struct Builder<'s> {
    suite: &'s Suite,
    sources: &'s Sources,
    source: SourceId,
    lang: &'s Arc<Lang>,
    text: &'s str,
    endpoint: &'s Arc<Endpoint>,
    ids: HashMap<&'s str, NodeIx>,
    reach: Arc<[(Arc<str>, Reach)]>,
}

impl Builder<'_> {
    fn ix(&self, id: &str) -> NodeIx {
        self.ids[id]
    }

    fn span(&self, id: &str) -> Span {
        let from = self.text.find(&format!("id: {id}\n")).unwrap() + 4;
        Span::new(self.source, from, from + id.len())
    }

    fn known() -> Known {
        let names = ["inputs", "checks", "run", "first", "hook", "it"].map(str::to_owned).to_vec();
        Known { names, fields: Some(Probe::DOC.observation), open: true }
    }

    fn expr(&self, text: &str) -> Arc<checkrun_lang::Expr> {
        self.lang.expr(text, &Self::known()).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
    }

    fn act(&self, draft: &Draft, args: &Json) -> Act {
        let span = self.span(draft.id);
        let args = self.lang.tree(&Node::from_json(span, args), self.sources).unwrap();
        let files: Arc<dyn Files> = Arc::new(NoFiles);
        let secrets =
            args.reads().iter().flat_map(|(_, reads)| reads.secrets.iter().map(|(secret, _)| secret.clone())).collect();
        let decoded = (KINDS[0].parse)(&args.deferred(), &LoadCx { files: &*files }).unwrap();
        Act {
            kind: &KINDS[0],
            span,
            prepared: args.is_constant().then_some(decoded),
            args,
            cluster: None,
            endpoint: draft.endpoint.then(|| Arc::clone(self.endpoint)),
            allowed: Effect::Destroy,
            own: false,
            secrets,
            files,
        }
    }

    fn node(&self, draft: &Draft) -> PlanNode {
        let span = self.span(draft.id);
        PlanNode {
            id: draft.id.into(),
            title: draft.id.into(),
            span,
            parent: draft.parent.map(|id| self.ix(id)),
            needs: draft.needs.iter().map(|id| self.ix(id)).collect(),
            inferred: Vec::new(),
            when: draft.when.map(|when| (self.expr(when), span)),
            skip: draft.skip.map(str::to_owned),
            locks: draft.locks.iter().map(|(name, mode)| ((*name).into(), *mode)).collect(),
            severity: draft.severity,
            covers: Vec::new(),
            bindings: Arc::new(Bindings { names: vec![("inputs".into(), Value::from_json(&json!({"three": 3})))] }),
            reach: Arc::clone(&self.reach),
            saves: draft.saves.iter().map(|(name, text)| ((*name).into(), self.expr(text), span)).collect(),
            body: if draft.group { self.group(draft) } else { self.check(draft) },
        }
    }

    fn group(&self, draft: &Draft) -> Body {
        let members = self
            .suite
            .drafts
            .iter()
            .filter(|other| other.parent == Some(draft.id))
            .map(|other| self.ix(other.id))
            .collect();
        Body::Group { members }
    }

    fn check(&self, draft: &Draft) -> Body {
        let act = (!draft.args.is_null()).then(|| self.act(draft, &draft.args));
        let effect: Effect =
            serde_json::from_value(draft.args.get("effect").cloned().unwrap_or(json!("read"))).unwrap();
        let expect = draft.expect.iter().map(|text| Expectation {
            span: self.span(draft.id),
            text: (*text).into(),
            what: What::Expr(self.expr(text)),
        });
        Body::Check(Box::new(CheckBody {
            act,
            expect: expect.collect(),
            hook: draft.hook.map(|text| self.lang.hook("order.rhai", text).unwrap()),
            witness: draft.witness.as_ref().map(|args| Box::new(self.act(draft, args))),
            within: draft.within,
            holds_for: draft.holds_for,
            timeout: draft.timeout,
            allow_empty: false,
            keep: draft.keep,
            effect: None,
            reason: None,
            planned_effect: effect,
            allowed: draft.allowed,
            cleanup: draft.cleanup.iter().map(|args| self.act(draft, args)).collect(),
        }))
    }
}

impl Ran {
    /// The one verdict of a node.
    pub fn judged(&self, id: &str) -> &Judged {
        let node = u32::try_from(self.ids.iter().position(|other| other == id).unwrap()).unwrap();
        let of_node = |line: &&Line| matches!(&line.event, Event::Judged(judged) if judged.node == node);
        let mut all = self.lines.iter().filter(of_node);
        let (Some(Line { event: Event::Judged(judged), .. }), None) = (all.next(), all.next()) else {
            panic!("{id} has not one verdict")
        };
        judged
    }

    /// Verdict and reason.
    pub fn verdict(&self, id: &str) -> (Verdict, &str) {
        let judged = self.judged(id);
        (judged.verdict, judged.reason.as_str())
    }

    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.lines.iter().map(|line| &line.event)
    }

    /// Everything on the disk, as text.
    pub fn on_disk(&self) -> String {
        fn all(dir: &Path, text: &mut String) {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    all(&path, text);
                } else {
                    text.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
                }
            }
        }
        let mut text = String::new();
        all(&self.dir, &mut text);
        text
    }
}
