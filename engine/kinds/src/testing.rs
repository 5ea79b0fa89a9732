//! What unit tests of kinds stand on: a context without a run behind it, and a ledger that remembers.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use checkrun_model::kind::BoxFuture;
use checkrun_model::{
    Broken, Cx, Effect, Endpoint, Entry, Files, Intent, IntentId, KindEntry, Ledger, LoadCx, Node, NodeValue, Place,
    Prepared, RunFacts, Shared, SourceId, Span, SpecError, Target,
};
use serde_json::{Value as Json, json};

/// A span for trees that stand in no file.
fn nowhere() -> Span {
    Span::new(SourceId(0), 0, 0)
}

/// A tree from JSON; every node has a place of its own, as in a file.
pub(crate) fn node(json: &Json) -> Node {
    fn spread(node: &mut Node, next: &mut usize) {
        *next += 1;
        node.span = Span::new(SourceId(0), *next, *next + 1);
        match &mut node.value {
            NodeValue::List(items) => items.iter_mut().for_each(|item| spread(item, next)),
            NodeValue::Map(entries) => entries.iter_mut().for_each(|Entry { value, .. }| spread(value, next)),
            _ => {}
        }
    }
    let mut node = Node::from_json(nowhere(), json);
    spread(&mut node, &mut 0);
    node
}

/// A suite without files.
struct NoFiles;

impl Files for NoFiles {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        Err(format!("`{path}` does not exist"))
    }
}

/// The check of `entry` with these arguments.
pub(crate) fn prepare(entry: &KindEntry, args: &Json) -> Result<Arc<dyn Prepared>, Vec<SpecError>> {
    (entry.parse)(&node(args), &LoadCx { files: &NoFiles })
}

/// A ledger that remembers what was announced.
#[derive(Default)]
pub(crate) struct Remembered {
    next: AtomicU64,
    /// `intend`, `made` or `void`, with the identity.
    pub(crate) entries: Mutex<Vec<(&'static str, Json)>>,
}

impl Remembered {
    fn note(&self, what: &'static str, identity: Json) {
        self.entries.lock().unwrap().push((what, identity));
    }
}

impl Ledger for Remembered {
    fn intend<'a>(&'a self, _: &'a str, intent: Intent) -> BoxFuture<'a, Result<IntentId, Broken>> {
        self.note("intend", intent.identity);
        Box::pin(async { Ok(IntentId(self.next.fetch_add(1, Ordering::Relaxed))) })
    }
    fn made<'a>(&'a self, _: IntentId, identity: Json) -> BoxFuture<'a, Result<(), Broken>> {
        self.note("made", identity);
        Box::pin(async { Ok(()) })
    }
    fn void<'a>(&'a self, _: IntentId) -> BoxFuture<'a, Result<(), Broken>> {
        self.note("void", json!(null));
        Box::pin(async { Ok(()) })
    }
}

/// A context with an endpoint of `family`, if one is given, and a ledger to look at.
pub(crate) fn context(endpoint: Option<(&str, Json)>) -> (Cx, Arc<Remembered>) {
    let ledger = Arc::new(Remembered::default());
    let endpoint = endpoint.map(|(family, config)| {
        Arc::new(Endpoint { name: "there".into(), family: family.into(), config: node(&config), allow: Effect::Write })
    });
    let run = RunFacts {
        id: "1a2b3c4d".into(),
        started: jiff::Timestamp::now(),
        read_only: false,
        suite_dir: PathBuf::from("/nowhere"),
    };
    let cx = Cx {
        check: "a-check".into(),
        place: Place { cluster: None, endpoint },
        target: Arc::new(Target::default()),
        deadline: Instant::now() + Duration::from_secs(20),
        run: Arc::new(run),
        shared: Arc::new(Shared::default()),
        ledger: ledger.clone(),
        cancelled: Arc::new(AtomicBool::new(false)),
        wait_epoch: None,
        wait_id: 0,
    };
    (cx, ledger)
}
