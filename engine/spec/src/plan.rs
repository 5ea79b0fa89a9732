//! The plan: checks and groups as an id-indexed acyclic graph, ready to run. Data only.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use checkrun_lang::{Expectation, Expr, Hook, Lang, ReadinessRules, SecretRef, Tree, Value};
use checkrun_model::event::Criterion;
use checkrun_model::{
    ClusterSpec, Effect, Endpoint, Files, Importance, KindEntry, LockMode, Prepared, Runs, Sources, Span, Target,
};

/// A check or group, by its place in [`Plan::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIx(pub u32);

/// Everything that a run needs.
pub struct Plan {
    /// `suite:`.
    pub suite: String,
    /// `title:`.
    pub title: String,
    /// The suite's folder, as given.
    pub dir: PathBuf,
    /// Checks and groups; a group stands before its members.
    pub nodes: Vec<PlanNode>,
    /// Criteria, in order.
    pub criteria: Vec<Criterion>,
    /// The target.
    pub target: Arc<Target>,
    /// Its file, if it has one.
    pub target_file: Option<PathBuf>,
    /// Where named secrets come from.
    pub secrets: BTreeMap<String, SecretSource>,
    /// Inputs, defaults filled in, as JSON for the journal.
    pub inputs: serde_json::Value,
    /// All texts, for carets and hashes.
    pub sources: Arc<Sources>,
    /// The compiler; hooks and run-time templates use it.
    pub lang: Arc<Lang>,
    /// Readiness rules.
    pub readiness: Arc<ReadinessRules>,
}

/// Where a named secret comes from. Its value is never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file, without its last line end.
    File(PathBuf),
    /// A key of a Secret.
    Kube {
        /// Cluster of the target.
        cluster: String,
        /// Which.
        secret: SecretRef,
    },
}

/// A check or group.
pub struct PlanNode {
    /// Full id: `registry.v1`, `flux[apps].release`.
    pub id: Arc<str>,
    /// Title; the id where none is given.
    pub title: Arc<str>,
    /// Where its id stands.
    pub span: Span,
    /// The group that it is in. A member starts after its group has started.
    pub parent: Option<NodeIx>,
    /// What must have passed: said, inferred from `checks.…`, and the step before.
    pub needs: Vec<NodeIx>,
    /// Those of `needs` that nobody wrote: they follow from a `checks.…` reference or from the order of `steps:`.
    pub inferred: Vec<NodeIx>,
    /// Runs only if this holds.
    pub when: Option<(Arc<Expr>, Span)>,
    /// Left out from the start, with the reason (selection, permission).
    pub skip: Option<String>,
    /// Locks, sorted by name; for a group they are held from its start to its end.
    pub locks: Vec<(Arc<str>, LockMode)>,
    /// Weight.
    pub severity: Importance,
    /// Criteria.
    pub covers: Vec<String>,
    /// Names in scope that do not change: inputs, foreach variables.
    pub bindings: Arc<Bindings>,
    /// What `checks.NAME` means here, sorted by name; [`PlanNode::reached`] finds one.
    pub reach: Arc<[(Arc<str>, Reach)]>,
    /// `save:` of the check, or of the group; `outputs:` of a template are saves of its group.
    pub saves: Vec<(Arc<str>, Arc<Expr>, Span)>,
    /// Check or group.
    pub body: Body,
}

impl PlanNode {
    /// What `checks.NAME` means here, with the name.
    #[must_use]
    pub fn reached(&self, name: &str) -> Option<&(Arc<str>, Reach)> {
        let place = self.reach.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.reach.get(place)
    }
}

/// Names that keep their value while the run goes on.
#[derive(Debug, Default)]
pub struct Bindings {
    /// `inputs`, `cluster`, foreach variables.
    pub names: Vec<(Arc<str>, Value)>,
}

/// What a name after `checks.` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// A check or group; for a group its members are reached through it.
    Node(NodeIx),
    /// All instances of a `foreach`, by key.
    Instances(Vec<(Arc<str>, NodeIx)>),
}

/// What a node is.
pub enum Body {
    /// Holds other nodes.
    Group {
        /// Members, in order.
        members: Vec<NodeIx>,
    },
    /// Observes, acts or judges.
    Check(Box<CheckBody>),
}

/// A check.
pub struct CheckBody {
    /// What it does; none: it judges what others saved.
    pub act: Option<Act>,
    /// What must hold.
    pub expect: Arc<[Expectation]>,
    /// Values and own judgement.
    pub hook: Option<Arc<Hook>>,
    /// The witness of an absence: the act with some arguments replaced.
    pub witness: Option<Box<Act>>,
    /// Eventually.
    pub within: Option<Duration>,
    /// Consistently.
    pub holds_for: Option<Duration>,
    /// For one observation.
    pub timeout: Duration,
    /// Whether the selection may be empty.
    pub allow_empty: bool,
    /// Whether what it makes stays.
    pub keep: bool,
    /// `effect:` said by the check; else the act's own.
    pub effect: Option<Effect>,
    /// `reason:` of that, for the plan.
    pub reason: Option<Arc<str>>,
    /// The largest effect that it can have, for the plan.
    pub planned_effect: Effect,
    /// What is permitted to it there.
    pub allowed: Effect,
    /// Kinds run before its own undoing.
    pub cleanup: Vec<Act>,
}

impl CheckBody {
    /// Everything that it may run: its act, the witness, its clean-up.
    pub fn acts(&self) -> impl Iterator<Item = &Act> {
        self.act.iter().chain(self.witness.as_deref()).chain(&self.cleanup)
    }
}

/// A kind with its arguments.
pub struct Act {
    /// Its row in the registry.
    pub kind: &'static KindEntry,
    /// Where its key stands.
    pub span: Span,
    /// Arguments, load-time values filled in.
    pub args: Tree,
    /// Decoded, where nothing is left to fill in.
    pub prepared: Option<Arc<dyn Prepared>>,
    /// The cluster.
    pub cluster: Option<Arc<ClusterSpec>>,
    /// The endpoint, as written in the target; its templates are filled in by the run.
    pub endpoint: Option<Arc<Endpoint>>,
    /// The most that it may do there.
    pub allowed: Effect,
    /// What it acts on has this run's id in its name (in an entry of `cleanup:` anywhere): it is the run's own, so that
    /// the effect is no more than writing.
    pub own: bool,
    /// Secrets that its arguments read.
    pub secrets: Vec<SecretRef>,
    /// The files that its arguments may name (a template brings its own folder); for decoding them again.
    pub files: Arc<dyn Files>,
}

impl Act {
    /// Where it runs: `cluster apps`, `endpoint registry`; none: here, or at an address of its own.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let cluster = self.cluster.as_ref().filter(|_| self.kind.doc.runs == Runs::Cluster);
        let cluster = cluster.map(|cluster| format!("cluster {}", cluster.name));
        self.endpoint.as_ref().map(|endpoint| format!("endpoint {}", endpoint.name)).or(cluster)
    }
}
