//! The contract with kinds: what a kind is asked, what it answers, what it may use.
//!
//! A kind decodes its arguments, says what it would touch, and observes. It judges nothing but
//! its own rule, which is a pure function of the observation, so that a recorded one can be judged again.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{Node, Place, SpecError, Target, de};

/// A future that may go to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an act may do to the world, from harmless to final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Looks only.
    Read,
    /// Makes something of its own.
    #[default]
    Write,
    /// Hurts for a while what is not its own: kills a pod, suspends a reconciler.
    Disrupt,
    /// Loses data.
    Destroy,
}

impl Effect {
    /// The word that users write.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Disrupt => "disrupt",
            Self::Destroy => "destroy",
        }
    }
}

/// One thing that a check touches; feeds plan, locks, permissions and clean-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// `kube:apps`, `kafka:kafka`, `http:registry`, `local`.
    pub system: String,
    /// What of it: `Pod kafka/kafka-0`, `topic orders`, `GET /subjects`.
    pub object: String,
    /// `get`, `list`, `create`, `delete`, …
    pub verb: String,
}

/// Where a kind runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// On the machine of checkrun.
    Local,
    /// Against the check's `cluster`.
    Cluster,
    /// Against the check's `endpoint` of this family.
    Endpoint(&'static str),
    /// Against an endpoint of this family if the check names one (or the target has a default), else by its arguments.
    MaybeEndpoint(&'static str),
}

/// How a kind takes the lock of the endpoint that it speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockMode {
    /// Beside others.
    Shared,
    /// With nobody else.
    Alone,
}

/// What `none` needs beside it, so that an empty answer proves absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// `none` makes no sense for this kind.
    NoAbsence,
    /// The check must give `witness:`.
    Required,
    /// The kind's own observation proves that there was something to look at (its rule says so).
    Own,
}

/// How `within` repeats a check of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Observes again.
    Observe,
    /// Acts once, then repeats only the reading that follows ([`Kind::reread`]).
    Reread,
    /// Has nothing to read afterwards; the text says what to write instead.
    Refused(&'static str),
}

/// The sort of a field of an observation: sorts compare only with themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Whatever JSON says: text, number, list, …
    Plain,
    /// Seconds as a number; compares with `5m`.
    Duration,
    /// Bytes as a number; compares with `1GiB`.
    Size,
    /// Per second as a number; compares with `10k/s`.
    Rate,
    /// RFC 3339 text; compares with `now()`, `run.started`.
    Time,
}

/// One documented field of a kind's observation.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Dotted path; `[]` stands for every item: `keys[].size`.
    pub path: &'static str,
    /// Its sort.
    pub sort: Sort,
    /// What it means.
    pub doc: &'static str,
}

/// What a kind says of itself; the docs page and the schema are made from it.
#[derive(Debug, Clone, Copy)]
pub struct KindDoc {
    /// Its key in a check: `kube.get`.
    pub name: &'static str,
    /// One sentence: what it observes or does.
    pub summary: &'static str,
    /// Its own rule, in words.
    pub rule: &'static str,
    /// Whether that rule alone proves something; else `expect` is required.
    pub rule_proves: bool,
    /// Where it runs.
    pub runs: Runs,
    /// How it takes the lock of its endpoint or cluster; none: it takes none.
    pub lock: Option<LockMode>,
    /// The top-level field that holds what was selected (`items`, `series`, `rows`, `lines`), if any.
    pub selection: Option<&'static str>,
    /// What `none` needs.
    pub witness: Witness,
    /// Whether the word `ready` can be judged on its observation.
    pub readiness: bool,
    /// The largest effect that its arguments can give it.
    pub worst: Effect,
    /// Whether a check may lower its effect with `effect: read`.
    pub may_say_read: bool,
    /// Arguments whose value may be a YAML file of the suite; the reader puts its documents there (one: itself, several: a list).
    pub grafts: &'static [&'static str],
    /// Fields of the observation; what is not listed is plain.
    pub observation: &'static [Field],
    /// Whether the observation has top-level keys beyond those listed (a Kubernetes object has);
    /// if not, an expression that names another is a load error.
    pub open: bool,
    /// A complete check in YAML, starting with `- id:`.
    pub example: &'static str,
    /// Arguments that decide the effect: while one of them is deferred, the plan counts with `worst`.
    pub effect_keys: &'static [&'static str],
    /// Time for one observation unless the check says `timeout:`; none: the suite's default.
    pub timeout: Option<Duration>,
}

/// What a kind saw. All that judging may look at.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// A JSON object; its top-level keys are in scope of the check's expressions.
    pub value: Json,
    /// Larger things kept as evidence beside it.
    pub attachments: Vec<Attachment>,
    /// Plain sentences for the evidence: "polled: no right to watch".
    pub notes: Vec<String>,
}

/// A piece of evidence that is kept as a file.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl From<Json> for Observation {
    fn from(value: Json) -> Self {
        Self { value, ..Self::default() }
    }
}

/// Why a kind could not observe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// Whether waiting may help (connection refused, 429, 5xx); 401, 403, an unknown kind do not get better.
    pub transient: bool,
    /// What happened.
    pub cause: String,
    /// What to do or to look at.
    pub hint: Option<String>,
}

impl Broken {
    /// A trouble that waiting may end.
    #[must_use]
    pub fn transient(cause: impl Into<String>) -> Self {
        Self { transient: true, cause: cause.into(), hint: None }
    }

    /// A trouble that stays.
    #[must_use]
    pub fn fatal(cause: impl Into<String>) -> Self {
        Self { transient: false, cause: cause.into(), hint: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What the check's words change about the kind's own rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// `none` is expected: an empty selection is what is wanted.
    pub none: bool,
    /// `allow_empty: true`.
    pub allow_empty: bool,
}

/// The kind's own rule, applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It holds.
    Met,
    /// Not (yet); under `within` it is looked at again. The text says what was seen.
    NotYet(String),
    /// Not, and waiting does not help.
    Final(String),
}

/// Reads files of the suite while specs are loaded. Paths are relative to the suite's folder and stay inside it.
pub trait Files: Send + Sync {
    /// The text of a file.
    ///
    /// # Errors
    /// A sentence that names the path and what is wrong with it.
    fn text(&self, path: &str) -> Result<Arc<str>, String>;
}

/// What a kind may use while its arguments are decoded: no network.
pub struct LoadCx<'a> {
    /// Files of the suite.
    pub files: &'a dyn Files,
}

/// Facts of the run that kinds may put into marks and names.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// 8 characters `[a-z0-9]`.
    pub id: String,
    /// When it started.
    pub started: jiff::Timestamp,
    /// No effect above [`Effect::Read`]; clients refuse too.
    pub read_only: bool,
    /// The suite's folder: the working directory of local commands.
    pub suite_dir: PathBuf,
}

/// What a kind may use while it observes. Cheap to clone.
#[derive(Clone)]
pub struct Cx {
    /// The check's full id.
    pub check: Arc<str>,
    /// Cluster and endpoint of the check.
    pub place: Place,
    /// The whole target, for `through:`.
    pub target: Arc<Target>,
    /// When this observation must be over; clients that block get what is left of it in every call.
    pub deadline: Instant,
    /// Facts of the run.
    pub run: Arc<RunFacts>,
    /// Clients and caches shared by all checks of the run.
    pub shared: Arc<Shared>,
    /// Where effects are announced before they happen.
    pub ledger: Arc<dyn Ledger>,
    /// Set once the check is given up; blocking clients look at it.
    pub cancelled: Arc<AtomicBool>,
    /// The check waits (`within`, `holds_for`): what it reads must not be older than this epoch of
    /// [`Shared::epoch`], taken when its wait began. None: a single look, always fresh.
    pub wait_epoch: Option<u64>,
    /// A stamp that the observations of one wait share, so that a watching kind can tell them apart. Unique in the run.
    pub wait_id: u64,
}

impl Cx {
    /// Time left for this observation; zero when it is over.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether the check was given up.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Clients and caches of one run, by type: kinds put theirs here when first needed.
#[derive(Default)]
pub struct Shared {
    slots: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    epoch: AtomicU64,
}

impl Shared {
    /// The one `T` of the run, made on first use.
    pub fn get<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut slots = self.slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let slot = slots.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        Arc::clone(slot).downcast::<T>().unwrap_or_else(|_| Arc::new(T::default()))
    }

    /// How many effects have ended so far. A wait that begins now must not be judged on anything read before.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Says that an effect has ended (whatever became of it).
    pub fn effect_ended(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }
}

/// An effect that is about to happen and can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The kind that knows how to undo it.
    pub kind: String,
    /// Name of the cluster, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Name of the endpoint, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// For people: `ConfigMap default/x`, `topic orders-1a2b3c4d`.
    pub object: String,
    /// What the kind needs to find and undo it, also if the effect was cut half way. Never a secret.
    pub identity: Json,
    /// Whether it is undone when the last dependent has ended; `keep: true` says no.
    pub undo: bool,
}

/// An announced effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IntentId(pub u64);

/// Where kinds announce effects; backed by the journal.
pub trait Ledger: Send + Sync {
    /// Announces an effect. When this returns, the intent is on the disk.
    fn intend<'a>(&'a self, check: &'a str, intent: Intent) -> BoxFuture<'a, Result<IntentId, Broken>>;
    /// The effect happened; `identity` replaces the intent's (now with UID, topic id, …).
    fn made<'a>(&'a self, id: IntentId, identity: Json) -> BoxFuture<'a, Result<(), Broken>>;
    /// The effect certainly did not happen (refused, already there): nothing to undo.
    fn void<'a>(&'a self, id: IntentId) -> BoxFuture<'a, Result<(), Broken>>;
}

/// What came of an undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// It is gone, or as it was.
    Done,
    /// It was not there any more.
    AlreadyGone,
    /// It is there, but is not what this run made; it was left alone.
    NotOurs(String),
}

/// A kind: its arguments, and what it does with them. Doc comments of the type become its docs page.
pub trait Kind: DeserializeOwned + JsonSchema + Send + Sync + Sized + 'static {
    /// What it says of itself.
    const DOC: KindDoc;

    /// Checks the arguments beyond their types, without touching the network; all mistakes at once.
    /// Not called while a value is still deferred; called again when all are known.
    fn check(&mut self, node: &Node, cx: &LoadCx<'_>) -> Vec<SpecError> {
        let _ = (node, cx);
        Vec::new()
    }

    /// What it may do to the world.
    fn effect(&self) -> Effect;

    /// What it touches.
    fn touches(&self, place: &Place) -> Vec<Touch>;

    /// How `within` repeats it.
    fn repeats(&self) -> Repeats {
        Repeats::Observe
    }

    /// Observes or acts, once.
    fn observe(&self, cx: &Cx) -> impl Future<Output = Result<Observation, Broken>> + Send;

    /// Reads again what [`Kind::observe`] made; only for [`Repeats::Reread`].
    fn reread(&self, cx: &Cx, last: &Observation) -> impl Future<Output = Result<Observation, Broken>> + Send {
        let _ = last;
        self.observe(cx)
    }

    /// Resolves when what was observed may have changed; the default never does, so the wait polls.
    fn changed(&self, cx: &Cx) -> impl Future<Output = ()> + Send {
        let _ = cx;
        std::future::pending()
    }

    /// The kind's own rule.
    fn rule(&self, seen: &Json, asked: Asked) -> Ruling;

    /// Undoes what an intent of this kind names, by identity only.
    fn undo(identity: &Json, cx: &Cx) -> impl Future<Output = Result<Undone, Broken>> + Send {
        let _ = (identity, cx);
        std::future::ready(Err(Broken::fatal(format!("{} makes nothing that could be undone", Self::DOC.name))))
    }
}

/// A decoded check of any kind.
pub trait Prepared: Send + Sync {
    /// What the kind says of itself.
    fn doc(&self) -> &'static KindDoc;
    /// See [`Kind::effect`].
    fn effect(&self) -> Effect;
    /// See [`Kind::touches`].
    fn touches(&self, place: &Place) -> Vec<Touch>;
    /// See [`Kind::repeats`].
    fn repeats(&self) -> Repeats;
    /// See [`Kind::observe`].
    fn observe<'a>(&'a self, cx: &'a Cx) -> BoxFuture<'a, Result<Observation, Broken>>;
    /// See [`Kind::reread`].
    fn reread<'a>(&'a self, cx: &'a Cx, last: &'a Observation) -> BoxFuture<'a, Result<Observation, Broken>>;
    /// See [`Kind::changed`].
    fn changed<'a>(&'a self, cx: &'a Cx) -> BoxFuture<'a, ()>;
    /// See [`Kind::rule`].
    fn rule(&self, seen: &Json, asked: Asked) -> Ruling;
}

impl<K: Kind> Prepared for K {
    fn doc(&self) -> &'static KindDoc {
        &K::DOC
    }
    fn effect(&self) -> Effect {
        Kind::effect(self)
    }
    fn touches(&self, place: &Place) -> Vec<Touch> {
        Kind::touches(self, place)
    }
    fn repeats(&self) -> Repeats {
        Kind::repeats(self)
    }
    fn observe<'a>(&'a self, cx: &'a Cx) -> BoxFuture<'a, Result<Observation, Broken>> {
        Box::pin(Kind::observe(self, cx))
    }
    fn reread<'a>(&'a self, cx: &'a Cx, last: &'a Observation) -> BoxFuture<'a, Result<Observation, Broken>> {
        Box::pin(Kind::reread(self, cx, last))
    }
    fn changed<'a>(&'a self, cx: &'a Cx) -> BoxFuture<'a, ()> {
        Box::pin(Kind::changed(self, cx))
    }
    fn rule(&self, seen: &Json, asked: Asked) -> Ruling {
        Kind::rule(self, seen, asked)
    }
}

/// Undoes by identity, for any kind.
pub type UndoFn = for<'a> fn(&'a Json, &'a Cx) -> BoxFuture<'a, Result<Undone, Broken>>;

/// One row of the registry of kinds.
pub struct KindEntry {
    /// What the kind says of itself.
    pub doc: &'static KindDoc,
    /// Decodes and checks arguments; every mistake at once. A tree with deferred scalars is decoded
    /// with them as wildcards and not checked further.
    pub parse: fn(&Node, &LoadCx<'_>) -> Result<Arc<dyn Prepared>, Vec<SpecError>>,
    /// JSON Schema of the arguments.
    pub schema: fn() -> Json,
    /// Undoes what an intent names.
    pub undo: UndoFn,
}

impl KindEntry {
    /// The row of `K`.
    #[must_use]
    pub const fn of<K: Kind>() -> Self {
        Self { doc: &K::DOC, parse: parse::<K>, schema: schema::<K>, undo: undo::<K> }
    }
}

fn parse<K: Kind>(node: &Node, cx: &LoadCx<'_>) -> Result<Arc<dyn Prepared>, Vec<SpecError>> {
    let mut kind: K = de::from_node(node)?;
    if !node.has_deferred() {
        let errors = kind.check(node, cx);
        if !errors.is_empty() {
            return Err(errors);
        }
    }
    Ok(Arc::new(kind))
}

fn schema<K: Kind>() -> Json {
    schemars::schema_for!(K).to_value()
}

fn undo<'a, K: Kind>(identity: &'a Json, cx: &'a Cx) -> BoxFuture<'a, Result<Undone, Broken>> {
    Box::pin(K::undo(identity, cx))
}
