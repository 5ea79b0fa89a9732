//! Undoes what a check made: its `cleanup:` entries first, then what was made, newest first, by identity.
//! It has deadlines of its own, and is ended only by a second request to stop.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use checkrun_model::clock::spoken;
use checkrun_model::event::Event;
use checkrun_model::kind::UndoFn;
use checkrun_model::{Asked, Broken, Cx, Intent, IntentId, KindEntry, Place, Ruling, Undone};
use checkrun_spec::plan::{Act, Body, NodeIx};

use super::{bounded, prepare};
use crate::message::Msg;
use crate::room::Room;
use crate::scope;

/// Before the kind of an intent that stands for a `cleanup:` entry.
pub const PREFIX: &str = "cleanup:";
/// For one undoing, tried again while it fails for reasons that may pass.
pub const TIME: Duration = Duration::from_secs(120);
/// Between two tries.
const AGAIN: Duration = Duration::from_secs(1);

/// How something came to be gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// It was gone before.
    pub already: bool,
    /// What is not known of it, where nothing says that it was ever made.
    pub unknown: Option<String>,
}

/// Undoes a check's effects, given newest first.
pub async fn unmake(room: Arc<Room>, ix: NodeIx, open: Vec<(IntentId, Intent)>) {
    let (entries, made): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, intent)| intent.kind.starts_with(PREFIX));
    let work = async {
        // Entries were announced in their order; they are run in it.
        for (place, (id, intent)) in entries.into_iter().rev().enumerate() {
            let done = entry(&room, ix, place).await;
            let kind = intent.kind[PREFIX.len()..].to_owned();
            room.tell(Msg::Write(Event::CleanedUp { node: ix.0, kind, failed: done.as_ref().err().cloned() }));
            room.tell(Msg::Undone(id, done.map(|()| Gone::default())));
        }
        for (id, intent) in made {
            let done = one(&room, ix, &intent).await;
            room.tell(Msg::Undone(id, done));
        }
    };
    let work = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(work));
    tokio::select! {
        _ = work => {}
        () = room.now.cancelled() => {}
    }
    room.tell(Msg::Unmade(ix));
}

/// Runs the check's `cleanup:` entry at `place`: it has to do its work by its own rule.
async fn entry(room: &Room, ix: NodeIx, place: usize) -> Result<(), String> {
    let Body::Check(body) = &room.node(ix).body else { return Ok(()) };
    let Some(act) = body.cleanup.get(place) else { return Ok(()) };
    let flag = Arc::new(AtomicBool::new(false));
    let work = run_entry(room, ix, act, &flag);
    let done = bounded::by(Instant::now() + TIME, work).await;
    room.shared.effect_ended();
    done.unwrap_or_else(|| Err(format!("not done within {}", spoken(TIME))))
}

async fn run_entry(room: &Room, ix: NodeIx, act: &Act, flag: &Arc<AtomicBool>) -> Result<(), String> {
    let deadline = Instant::now() + TIME;
    let scope = scope::of(room, ix);
    let cx = room.cx(ix, Place::default(), deadline, flag);
    let ready = prepare::ready(room, act, &scope, &cx).await;
    let ready = ready.map_err(|trouble| trouble.told(&room.plan.sources).0.cause)?;
    let cx = room.cx(ix, ready.place.clone(), deadline, flag);
    let seen = ready.kind.observe(&cx).await.map_err(|broken| broken.cause)?;
    judged(ready.kind.rule(&seen.value, Asked { none: false, allow_empty: true }))
}

/// What the kind's own rule says of a `cleanup:` entry.
pub fn judged(ruling: Ruling) -> Result<(), String> {
    match ruling {
        Ruling::Met => Ok(()),
        Ruling::NotYet(why) | Ruling::Final(why) => Err(why),
    }
}

async fn one(room: &Room, ix: NodeIx, intent: &Intent) -> Result<Gone, String> {
    let entry = kind_of(room, ix, &intent.kind).ok_or_else(|| format!("no kind `{}` knows how", intent.kind))?;
    let place = place_of(room, ix, intent).await?;
    let flag = Arc::new(AtomicBool::new(false));
    let cx = room.cx(ix, place, Instant::now() + TIME, &flag);
    let done = undo(entry.undo, &intent.identity, &cx).await;
    room.shared.effect_ended();
    done
}

/// Undoes one thing, again while it fails for reasons that may pass.
pub async fn undo(undo: UndoFn, identity: &serde_json::Value, cx: &Cx) -> Result<Gone, String> {
    loop {
        match bounded::by(cx.deadline, undo(identity, cx)).await {
            None => return Err(format!("not undone within {}", spoken(TIME))),
            Some(Ok(Undone::Done)) => return Ok(Gone::default()),
            Some(Ok(Undone::AlreadyGone)) => return Ok(Gone { already: true, unknown: None }),
            Some(Ok(Undone::NotSeen(what))) => return Ok(Gone { already: false, unknown: Some(what) }),
            Some(Ok(Undone::NotOurs(why))) => return Err(format!("it was left alone: {why}")),
            Some(Err(Broken { transient: true, .. })) if cx.remaining() > AGAIN => tokio::time::sleep(AGAIN).await,
            Some(Err(broken)) => return Err(broken.cause),
        }
    }
}

/// The deadline of one undoing that begins now.
pub fn deadline() -> Instant {
    Instant::now() + TIME
}

/// The row of a kind: the check's own act, else any of the plan.
fn kind_of(room: &Room, ix: NodeIx, kind: &str) -> Option<&'static KindEntry> {
    let own = acts(room, ix).find(|act| act.kind.doc.name == kind);
    let any = || room.plan.nodes.iter().filter_map(body).find(|act| act.kind.doc.name == kind);
    own.or_else(any).map(|act| act.kind)
}

fn body(node: &checkrun_spec::plan::PlanNode) -> Option<&Act> {
    match &node.body {
        Body::Check(check) => check.act.as_ref(),
        Body::Group { .. } => None,
    }
}

fn acts(room: &Room, ix: NodeIx) -> impl Iterator<Item = &Act> {
    let check = match &room.node(ix).body {
        Body::Check(check) => Some(check),
        Body::Group { .. } => None,
    };
    check.into_iter().flat_map(|check| check.act.iter().chain(&check.cleanup))
}

/// Cluster and endpoint that the intent names, the endpoint as this check had it.
async fn place_of(room: &Room, ix: NodeIx, intent: &Intent) -> Result<Place, String> {
    let target = room.target();
    let mut place = Place::default();
    if let Some(name) = &intent.cluster {
        place.cluster = target.clusters.get(name).cloned();
    }
    if let Some(name) = &intent.endpoint {
        let own = acts(room, ix).filter_map(|act| act.endpoint.as_ref()).find(|endpoint| endpoint.name == *name);
        let endpoint =
            own.or_else(|| target.endpoints.get(name)).ok_or_else(|| format!("the target has no endpoint `{name}`"))?;
        let flag = Arc::new(AtomicBool::new(false));
        let cx = room.cx(ix, place.clone(), deadline(), &flag);
        let filled = room.endpoints.filled(room, endpoint, &scope::of(room, ix), &cx).await;
        place.endpoint = Some(filled.map_err(|trouble| trouble.told(&room.plan.sources).0.cause)?);
    }
    Ok(place)
}
