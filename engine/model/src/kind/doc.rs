//! What a kind says of itself: its page, its rule, the fields of its observation.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Effect;

/// Where a kind runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// On the machine of checkrun.
    Local,
    /// Against the check's `cluster`.
    Cluster,
    /// Against the check's `endpoint` of this family.
    Endpoint(&'static str),
    /// Against the check's `endpoint` of this family, or, where it has the argument of the second name, at that address
    /// and without any endpoint.
    EndpointOr(&'static str, &'static str),
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
    /// Fields that can only be whole numbers within these bounds, both included: `("status", (100, 599))`. To compare one
    /// with anything else is a load error.
    pub bounds: &'static [(&'static str, (i64, i64))],
    /// Time for one observation unless the check says `timeout:`; none: the suite's default.
    pub timeout: Option<Duration>,
}
