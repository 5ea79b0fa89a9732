//! The contract with kinds: what a kind is asked, what it answers, what it may use.
//!
//! A kind decodes its arguments, says what it would touch, and observes. It judges nothing but
//! its own rule, which is a pure function of the observation, so that a recorded one can be judged again.

mod cx;
mod doc;
mod effect;
mod ledger;
mod observation;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::{Node, Place, SpecError, de};

pub use cx::{Cx, Files, LoadCx, RunFacts, Shared};
pub use doc::{Field, KindDoc, LockMode, Repeats, Runs, Sort, Witness};
pub use effect::{Effect, Touch};
pub use ledger::{Intent, IntentId, Ledger, Undone};
pub use observation::{Asked, Broken, Hidden, Observation, Outage, Ruling};

/// A future that may go to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

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

/// Decodes the arguments of a kind.
pub type ParseFn = fn(&Node, &LoadCx<'_>) -> Result<Arc<dyn Prepared>, Vec<SpecError>>;

/// One row of the registry of kinds.
pub struct KindEntry {
    /// What the kind says of itself.
    pub doc: &'static KindDoc,
    /// Decodes and checks arguments; every mistake at once. A tree with deferred scalars is decoded
    /// with them as wildcards and not checked further.
    pub parse: ParseFn,
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
