//! What one evaluation may read: bound names, the observation, the moment of it, secrets.

use std::sync::Arc;

use checkrun_model::suggest;
use jiff::Timestamp;

use crate::fault::EvalError;
use crate::value::Value;

/// What one evaluation may read.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    vars: Vec<(Name, Value)>,
    later: Vec<String>,
    it: Option<Value>,
    now: Option<Timestamp>,
    secrets: Vec<(SecretRef, Secret)>,
}

/// A bound name; those of the language itself cost nothing to bind.
#[derive(Debug, Clone)]
pub enum Name {
    /// One of the language itself: `checks`, `run`, `first`, `hook`.
    Known(&'static str),
    /// A variable of the suite.
    Written(Arc<str>),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Written(name) => name,
        }
    }
}

impl From<&'static str> for Name {
    fn from(name: &'static str) -> Self {
        Self::Known(name)
    }
}

impl From<&Arc<str>> for Name {
    fn from(name: &Arc<str>) -> Self {
        Self::Written(Arc::clone(name))
    }
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

/// A secret's value, kept out of debug output.
#[derive(Clone)]
struct Secret(Arc<str>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("…")
    }
}

impl Scope {
    /// Binds a name: `inputs`, `checks`, `run`, `cluster`, `first`, `hook`, a foreach variable.
    pub fn set(&mut self, name: impl Into<Name>, value: Value) {
        let name = name.into();
        match self.vars.iter_mut().find(|(bound, _)| bound.as_str() == name.as_str()) {
            Some((_, bound)) => *bound = value,
            None => self.vars.push((name, value)),
        }
    }

    /// Says that a name, or a part of one (`inputs.size`), has its value only while the run goes on:
    /// [`crate::Tree::fold`] leaves what reads it.
    pub fn set_later(&mut self, path: &str) {
        self.later.push(path.to_owned());
    }

    /// The observation: itself as `it`, its top-level keys as names behind all that is bound.
    pub fn set_observation(&mut self, it: Value, now: Timestamp) {
        self.it = Some(it);
        self.now = Some(now);
    }

    /// Puts an object in the place of the observation, at the same moment: one element of a list.
    pub fn set_object(&mut self, it: Value) {
        self.it = Some(it);
    }

    /// The value of a secret, for templates only.
    pub fn set_secret(&mut self, secret: SecretRef, value: String) {
        self.secrets.push((secret, Secret(value.into())));
    }

    pub(crate) fn secret(&self, wanted: &SecretRef) -> Option<&str> {
        self.secrets.iter().find(|(secret, _)| secret == wanted).map(|(_, value)| value.0.as_ref())
    }

    pub(crate) fn bound(&self, name: &str) -> Option<&Value> {
        self.vars.iter().find(|(bound, _)| bound.as_str() == name).map(|(_, value)| value)
    }

    /// Whether the name has a value of its own, beside the observation.
    pub(crate) fn binds(&self, name: &str) -> bool {
        self.bound(name).is_some()
    }

    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.now
    }

    pub(crate) fn it(&self) -> Option<&Value> {
        self.it.as_ref()
    }

    /// Whether the value at `path` (a name and what follows) comes later.
    pub(crate) fn is_later(&self, path: &[&str]) -> bool {
        self.later.iter().any(|later| later.split('.').zip(path).all(|(a, b)| a == *b))
    }

    /// The value of a name, if it has one.
    pub(crate) fn find(&self, name: &str) -> Option<Value> {
        if let Some(bound) = self.bound(name) {
            return Some(bound.clone());
        }
        let it = self.it.as_ref()?;
        if name == "it" { Some(it.clone()) } else { it.entry(name) }
    }

    /// A name followed by keys, as far as possible without taking values in hand.
    pub(crate) fn walk(&self, name: &Arc<str>, keys: &[Arc<str>]) -> Result<Value, Stop> {
        if let Some(bound) = self.bound(name) {
            return bound.walk(keys).map_err(|(done, base)| Stop::Key(done, base));
        }
        let it = self.it.as_ref().ok_or_else(|| Stop::Name(self.unknown(name)))?;
        if name.as_ref() == "it" {
            return it.walk(keys).map_err(|(done, base)| Stop::Key(done, base));
        }
        let top = it.entry(name).ok_or_else(|| Stop::Name(self.unknown(name)))?;
        top.walk(keys).map_err(|(done, base)| Stop::Key(done, base))
    }

    /// Says that a name has no value.
    pub(crate) fn unknown(&self, name: &str) -> EvalError {
        let Some(it) = &self.it else {
            let bound: Vec<&str> = self.vars.iter().map(|(name, _)| name.as_str()).collect();
            let near = suggest(name, bound.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            return EvalError { help: near, ..EvalError::new(format!("`{name}` has no value here")) };
        };
        if it.is_null() {
            return EvalError::absent(format!("the object is not there, so `{name}` is not either"));
        }
        missing_key("the observation", name, it)
    }
}

/// Where following a name and its keys ended.
pub(crate) enum Stop {
    /// The name has no value.
    Name(EvalError),
    /// So many keys were followed; this is what the next one is missing from.
    Key(usize, Value),
}

/// Keys named in a message.
const NAMED: usize = 12;

/// Says that `value`, named `what`, has no `key`, and which keys there are.
pub(crate) fn missing_key(what: &str, key: &str, value: &Value) -> EvalError {
    let Some(keys) = value.keys() else { return no_object(what, key, value) };
    if keys.is_empty() {
        return EvalError::absent(format!("{what} has no `{key}`; it is empty"));
    }
    let mut there = keys.iter().take(NAMED).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    if keys.len() > NAMED {
        there.push_str(&format!(", … ({} in all)", keys.len()));
    }
    let near = suggest(key, keys.iter().map(AsRef::as_ref)).map(|near| format!("did you mean `{near}`?"));
    EvalError { help: near, ..EvalError::absent(format!("{what} has no `{key}`; it has: {there}")) }
}

fn no_object(what: &str, key: &str, value: &Value) -> EvalError {
    if value.is_null() {
        return EvalError::absent(format!("{what} is null, so it has no `{key}`"));
    }
    let error = EvalError::new(format!("{what} is {}, which has no `{key}`: {}", value.sort_name(), value.show(60)));
    match value.items() {
        Some(_) => error.help(format!("take one item, `[0].{key}`, or all, `.map(|x| x.{key})`")),
        None => error,
    }
}
