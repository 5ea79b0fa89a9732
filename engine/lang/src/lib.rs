//! The languages inside a suite: expressions, quantities, JSONPath, `{{ }}` templates, hooks.
//!
//! Text is compiled once to a checked handle (interned by text); a handle is evaluated against a
//! [`Scope`] to a [`Value`], with an explanation on request. Pure: no runtime, no network, no clock.

use std::ops::Range;
use std::sync::Arc;

use checkrun_model::{Field, Files, Node, Span, SpecError};
use serde_json::Value as Json;

/// The value of our expressions: JSON's types and quantities with their sort. Cheap to clone.
/// A large observation is wrapped, not converted: only what an expression reads is looked at.
#[derive(Debug, Clone)]
pub struct Value(std::marker::PhantomData<()>);

impl Value {
    /// JSON as it is; numbers without a fraction are whole.
    pub fn from_json(json: &Json) -> Self { unimplemented!() }
    /// A whole observation; `fields` says which of its values are quantities.
    pub fn observation(json: Arc<Json>, fields: &'static [Field]) -> Self { unimplemented!() }
    /// Text.
    pub fn text(text: &str) -> Self { unimplemented!() }
    /// A moment.
    pub fn time(at: jiff::Timestamp) -> Self { unimplemented!() }
    /// An object of the given entries.
    pub fn object(entries: Vec<(Arc<str>, Value)>) -> Self { unimplemented!() }
    /// Plain JSON: a duration as seconds, a size as bytes, a time as text.
    pub fn to_json(&self) -> Json { unimplemented!() }
    /// JSON from which [`Value::from_tagged`] makes the same value: `{"$duration": 1.5}`, `{"$time": "…"}`.
    pub fn to_tagged(&self) -> Json { unimplemented!() }
    /// See [`Value::to_tagged`].
    pub fn from_tagged(json: &Json) -> Self { unimplemented!() }
    /// As people read it: `"Ready"`, `5m`, `[1, 2, …]`; at most `most` characters.
    pub fn show(&self, most: usize) -> String { unimplemented!() }
    /// The text that `{{ }}` puts into mixed text, or why it cannot.
    pub fn render(&self) -> Result<String, String> { unimplemented!() }
    /// `a duration`, `text`, `a whole number`.
    pub fn sort_name(&self) -> &'static str { unimplemented!() }
    /// true or false, if it is that.
    pub fn as_bool(&self) -> Option<bool> { unimplemented!() }
}

/// What one evaluation may read.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    vars: Vec<(Arc<str>, Value)>,
    it: Option<Value>,
    now: Option<jiff::Timestamp>,
    secrets: Vec<(SecretRef, String)>,
}

impl Scope {
    /// Binds a name: `inputs`, `checks`, `run`, `cluster`, `first`, `hook`, a foreach variable.
    pub fn set(&mut self, name: &str, value: Value) { unimplemented!() }
    /// The observation: itself as `it`, its top-level keys as names behind all that is bound.
    pub fn set_observation(&mut self, it: Value, now: jiff::Timestamp) { unimplemented!() }
    /// The value of a secret, for templates only.
    pub fn set_secret(&mut self, secret: SecretRef, value: String) { unimplemented!() }
}

/// `{{ secret('name') }}` or `{{ secret('namespace/name', 'key') }}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretRef {
    /// A name under the target's `secrets:`.
    Named(String),
    /// A key of a Secret of the check's cluster.
    Kube {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
        /// Key.
        key: String,
    },
}

/// A mistake in an expression, path or template: bytes of its text, so that the caller can point into the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// Class: `expr::syntax`, `expr::unknown-name`, `expr::sorts`, `template::syntax`, `path::syntax`, …
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Fault {
    /// As an error in the file, given the node that holds the text and how its text maps to bytes of the file
    /// (a plain or quoted scalar of one line maps byte by byte after its opening quote; else the whole node is meant).
    pub fn in_node(self, node: &Node, sources: &checkrun_model::Sources) -> SpecError { unimplemented!() }
}

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

/// A compiled expression.
#[derive(Debug)]
pub struct Expr(());

/// Why an expression has no value: a mistake in data or types. Names both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError {
    /// `text and a number do not compare: "3" > 2`.
    pub message: String,
    /// What to do: `number(x)` …
    pub help: Option<String>,
    /// It read a key that is not there (yet): under `within` this is "not yet".
    pub absent: bool,
}

impl Expr {
    /// The text as written.
    pub fn text(&self) -> &str { unimplemented!() }
    /// What it reads.
    pub fn reads(&self) -> &Reads { unimplemented!() }
    /// Whether it is a `xs.len() == 0`, `!xs.some(…)`, … over the top-level list `selection`: counting absence.
    pub fn counts_to_zero(&self, selection: &str) -> bool { unimplemented!() }
    /// Its value.
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> { unimplemented!() }
    /// True or false; anything else is an error.
    pub fn holds(&self, scope: &Scope) -> Result<bool, EvalError> { unimplemented!() }
    /// The values of its parts, for a failed one: `status.replicas is 2`, first line the comparison with values put in.
    pub fn explain(&self, scope: &Scope) -> Vec<String> { unimplemented!() }
}

/// A compiled JSONPath (RFC 9535).
#[derive(Debug)]
pub struct Path(());

impl Path {
    /// The text as written.
    pub fn text(&self) -> &str { unimplemented!() }
    /// What it selects: concrete normalized path and value, in order.
    pub fn select<'j>(&self, json: &'j Json) -> Vec<(String, &'j Json)> { unimplemented!() }
    /// The path up to its last filter, that filter read as `[*]`; none where it has no filter.
    pub fn witness(&self) -> Option<Arc<Path>> { unimplemented!() }
}

/// A tree in which scalars may hold `{{ }}`.
#[derive(Debug, Clone)]
pub struct Tree {
    node: Node,
}

impl Tree {
    /// The tree as written.
    pub fn node(&self) -> &Node { unimplemented!() }
    /// What its templates read, each with the span of the scalar.
    pub fn reads(&self) -> Vec<(Span, &Reads)> { unimplemented!() }
    /// Whether nothing is left to render.
    pub fn is_constant(&self) -> bool { unimplemented!() }
    /// With the names that `scope` has filled in; what reads others stays a template. For load time.
    pub fn fold(&self, scope: &Scope) -> Result<Tree, Vec<SpecError>> { unimplemented!() }
    /// The tree with what is still a template as [`checkrun_model::NodeValue::Deferred`], for the load-time decoding.
    pub fn deferred(&self) -> Node { unimplemented!() }
    /// The tree with everything filled in. A value goes into the tree, never into text that is parsed again.
    pub fn render(&self, scope: &Scope) -> Result<Node, SpecError> { unimplemented!() }
}

/// A compiled hook file: `observed(it)` and `judge(it)`, either or both.
#[derive(Debug)]
pub struct Hook(());

impl Hook {
    /// Whether the file has that function.
    pub fn has(&self, function: &str) -> bool { unimplemented!() }
    /// Values that the hook adds to the observation as `hook`.
    pub fn observed(&self, scope: &Scope) -> Result<Option<Value>, EvalError> { unimplemented!() }
    /// `Ok(None)`: fine. `Ok(Some(why))`: not.
    pub fn judge(&self, scope: &Scope) -> Result<Option<String>, EvalError> { unimplemented!() }
    /// Calls any function of the file with named values bound in its scope (the kind `script`).
    pub fn call(&self, function: &str, args: &[Value]) -> Result<Value, EvalError> { unimplemented!() }
}

/// What is known of the names that an expression may use, at load.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Names in scope beside the observation.
    pub names: Vec<String>,
    /// Fields of the observation; none: there is no observation here.
    pub fields: Option<&'static [Field]>,
    /// Whether the observation may have other top-level keys.
    pub open: bool,
}

/// Compiles and interns. Share one for a load and its run.
pub struct Lang(());

impl Lang {
    /// `files` answers `file('…')`.
    pub fn new(files: Arc<dyn Files>) -> Self { unimplemented!() }
    /// Functions of `hooks/lib.rhai`, callable from every expression compiled after this.
    pub fn add_library(&mut self, name: &str, text: &str) -> Result<(), Vec<Fault>> { unimplemented!() }
    /// Compiles an expression and checks its names and sorts against `known`.
    pub fn expr(&self, text: &str, known: &Known) -> Result<Arc<Expr>, Vec<Fault>> { unimplemented!() }
    /// Compiles a JSONPath.
    pub fn path(&self, text: &str) -> Result<Arc<Path>, Fault> { unimplemented!() }
    /// Compiles the templates of a tree.
    pub fn tree(&self, node: &Node, sources: &checkrun_model::Sources) -> Result<Tree, Vec<SpecError>> { unimplemented!() }
    /// Compiles a hook file.
    pub fn hook(&self, name: &str, text: &str) -> Result<Arc<Hook>, Vec<Fault>> { unimplemented!() }
}

/// An expectation, compiled.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Where it stands.
    pub span: Span,
    /// As written.
    pub text: Arc<str>,
    /// What it asks.
    pub what: What,
}

/// What an expectation asks.
#[derive(Debug, Clone)]
pub enum What {
    /// The word `ready`.
    Ready,
    /// The word `none`.
    None,
    /// An expression.
    Expr(Arc<Expr>),
    /// A matcher.
    Matcher(Matcher),
}

/// A matcher: a subject, one test, a count.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// What is tested.
    pub subject: Subject,
    /// The test; none: only `count` is asked.
    pub test: Option<Test>,
    /// The exact number of matches.
    pub count: Option<u64>,
}

/// The subject of a matcher.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Everything that the path selects.
    Path(Arc<Path>),
    /// The value of an expression.
    Value(Arc<Expr>),
}

/// The test of a matcher. Values may hold templates.
#[derive(Debug, Clone)]
pub enum Test {
    /// `equals:`
    Equals(Tree),
    /// `in:`
    In(Tree),
    /// `matches:` a regular expression.
    Matches(Tree),
    /// `exists: true`
    Exists,
    /// `absent: true`
    Absent,
    /// `ready: true` for objects that the path selects.
    Ready,
    /// `all:` a value, or a test of each.
    All(Box<Test>),
    /// `any:`
    Any(Box<Test>),
    /// `none:`; `none: true` asks that the path selects nothing.
    None(Box<Test>),
    /// `none: true`
    Nothing,
}

/// Readiness rules: data, by kind and group of a Kubernetes object.
#[derive(Debug, Clone, Default)]
pub struct ReadinessRules {
    /// In the order of the file; the first that fits is taken.
    pub rules: Vec<ReadinessRule>,
}

/// How one kind of object says that it is ready.
#[derive(Debug, Clone)]
pub struct ReadinessRule {
    /// `Deployment.apps`, `Pod`, `Kafka.kafka.strimzi.io`; group may be `*`.
    pub kind: String,
    /// Failed for good: first that holds, with its reason (an expression that gives text).
    pub failed: Vec<(Arc<Expr>, Arc<Expr>)>,
    /// Ready when all of these hold.
    pub ready: Vec<Arc<Expr>>,
    /// Whether a missing `status.observedGeneration` is fine (kinds that have none).
    pub without_generation: bool,
}
