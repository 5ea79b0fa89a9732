//! Expectations, compiled: expressions, words, matchers; and readiness rules. Data only.

use std::sync::Arc;

use checkrun_model::Span;

use crate::{Expr, Path, Tree};

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
    Matcher(Box<Matcher>),
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
