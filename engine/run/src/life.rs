//! One check's life, from admission to verdict: prepare, look, judge, wait, end. It knows nothing of other
//! checks; what it needs of them is in its scope.

mod begin;
mod bounded;
pub mod cleanup;
mod ending;
mod look;
pub mod prepare;
mod wait;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use checkrun_lang::{Scope, Value};
use checkrun_model::clock::spoken;
use checkrun_model::event::Finding;
use checkrun_model::{Broken, Effect, Observation, Verdict};
use checkrun_spec::plan::{Body, CheckBody, NodeIx, PlanNode};
use futures::FutureExt;
use jiff::Timestamp;

use crate::ledger::REFUSED;
use crate::message::{Ending, Msg};
use crate::room::Room;
use bounded::Flag;
pub use bounded::GRACE;
use ending::Story;
pub use ending::tagged;
use look::Look;
use prepare::Ready;

/// So long an act may go on when its run is stopped: one that is cut off may still be carried out by a server, after
/// what cleans up behind it.
pub const ACT_ENDS: Duration = Duration::from_secs(2);

/// Said where the plan and its reader disagree.
const GROUP: &str = "a group is not looked at";

/// A check that was admitted.
struct Life<'r> {
    room: &'r Room,
    ix: NodeIx,
    body: &'r CheckBody,
    scope: Scope,
    act: Option<Ready>,
    witness: Option<Ready>,
    effect: Effect,
    begun: Instant,
    story: Story,
    /// The first full observation.
    first: Option<Value>,
    flag: &'r Flag,
}

/// Lives a check's life and tells the owner how it ended.
pub async fn live(room: Arc<Room>, ix: NodeIx, started: Timestamp) {
    let ending = match &room.node(ix).body {
        Body::Check(body) => {
            let flag = Flag::default();
            let life = AssertUnwindSafe(whole(&room, ix, body, started, &flag)).catch_unwind();
            life.await.unwrap_or_else(|panic| panicked(ix, started, panic.as_ref()))
        }
        Body::Group { .. } => Story::new(ix, started).broken(Broken::fatal(GROUP)),
    };
    room.tell(Msg::Ended(ix, Box::new(ending)));
}

/// Whether a check does nothing but judge, once, what others saved: that takes no time and cannot change.
pub fn only_judges(node: &PlanNode) -> bool {
    let Body::Check(body) = &node.body else { return false };
    let acts = body.act.is_some() || body.witness.is_some() || !body.cleanup.is_empty() || body.effect.is_some();
    let waits = body.within.is_some() || body.holds_for.is_some();
    !acts && !waits && body.hook.is_none()
}

/// Lives the lives of several checks that only judge, one after the other.
pub async fn live_in_turn(room: Arc<Room>, checks: Vec<(NodeIx, Timestamp)>) {
    let endings = checks.into_iter().map(|(ix, started)| {
        let ending = std::panic::catch_unwind(AssertUnwindSafe(|| at_once(&room, ix, started)));
        (ix, ending.unwrap_or_else(|panic| panicked(ix, started, panic.as_ref())))
    });
    room.tell(Msg::AllEnded(endings.collect()));
}

/// The life of a check that only judges: there is nothing to prepare, and nothing to wait for.
fn at_once(room: &Room, ix: NodeIx, started: Timestamp) -> Ending {
    let mut story = Story::new(ix, started);
    let Body::Check(body) = &room.node(ix).body else { return story.broken(Broken::fatal(GROUP)) };
    story.attempts = 1;
    let mut life = Life {
        room,
        ix,
        body,
        scope: crate::scope::of(room, ix),
        act: None,
        witness: None,
        effect: Effect::Read,
        begun: Instant::now(),
        story,
        first: None,
        flag: &Flag::default(),
    };
    match life.judged(Observation::from(serde_json::Value::Object(serde_json::Map::new())), None) {
        Look::Seen(seen) => life.conclude(*seen, Vec::new()),
        Look::Broken(broken) | Look::Hangs(broken) => life.story.broken(broken),
    }
}

/// A kind that panics is that check's error, not the run's.
fn panicked(ix: NodeIx, started: Timestamp, panic: &(dyn std::any::Any + Send)) -> Ending {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    let broken =
        Broken::fatal(format!("the kind panicked: {text}")).hint("this is a mistake in checkrun: please report it");
    Story::new(ix, started).broken(broken)
}

/// What comes of `work`; none where the run is stopped before.
async fn unless_stopped<T>(room: &Room, work: impl Future<Output = T>) -> Option<T> {
    unless_stopped_for(room, Duration::ZERO, work).await
}

/// What comes of `work`; none where the run was stopped so long before.
async fn unless_stopped_for<T>(room: &Room, patience: Duration, work: impl Future<Output = T>) -> Option<T> {
    let stopped = async {
        room.stop.cancelled().await;
        if !patience.is_zero() {
            tokio::time::sleep(patience).await;
        }
    };
    tokio::select! {
        biased;
        done = work => Some(done),
        () = stopped => None,
    }
}

async fn whole<'r>(room: &'r Room, ix: NodeIx, body: &'r CheckBody, started: Timestamp, flag: &'r Flag) -> Ending {
    let begun = Instant::now();
    let mut story = Story::new(ix, started);
    let scope = crate::scope::of(room, ix);
    let preparing = begin::prepared(room, ix, body, &scope, begun, flag, &mut story);
    let prepared = match unless_stopped(room, preparing).await {
        Some(Ok(prepared)) => prepared,
        Some(Err((broken, findings))) if !is_refused(room, &broken) => return story.broken_with(broken, findings),
        Some(Err(_)) | None => return story.stopped(flag.give_up().await),
    };
    if let Some(why) = prepared.refused {
        return story.skipped(why);
    }
    story.touches = prepared.effect > Effect::Read;
    let mut life = Life {
        room,
        ix,
        body,
        scope,
        act: prepared.act,
        witness: prepared.witness,
        effect: prepared.effect,
        begun,
        story,
        first: None,
        flag,
    };
    if let Some(broken) = life.cannot_hold() {
        return life.story.broken(broken);
    }
    let safe = unless_stopped(room, life.before_effect()).await;
    // Nothing new starts once the run is stopped, also where the disk has just answered.
    if room.stop.is_cancelled() {
        return life.story.stopped(flag.give_up().await);
    }
    match safe {
        Some(Err(broken)) => life.story.broken(broken),
        _ => life.watch().await,
    }
}

/// Whether it is no more than that the run is being stopped. A kind may have put words of its own around that.
fn is_refused(room: &Room, broken: &Broken) -> bool {
    room.stop.is_cancelled() && broken.cause.contains(REFUSED)
}

impl Life<'_> {
    /// What must be on the disk before the first effect: that it started, and what cleans up after it.
    async fn before_effect(&self) -> Result<(), Broken> {
        if self.effect > Effect::Read {
            let (safe, written) = tokio::sync::oneshot::channel();
            self.room.tell(Msg::Safe(safe));
            written.await.map_err(|_| Broken::fatal("the journal cannot be written, so no effect may start"))??;
        }
        Ok(())
    }

    /// Why an observation that had so much time is none.
    fn late(&self, time: Duration) -> Broken {
        let timeout = self.room.timeout(self.body.timeout);
        // A moment goes by before it is measured.
        let whole = time + timeout / 20 >= timeout;
        Broken::transient(match whole {
            true => format!("no answer within its timeout of {}", spoken(timeout)),
            false => format!("no answer within the {} that were left of `within`", spoken(time)),
        })
    }
}

/// The end of a check that does not end.
pub fn hanging(ix: NodeIx, started: Timestamp, broken: Broken) -> Ending {
    Story::new(ix, started).hangs(broken)
}

/// An expression of the suite that has no value, as a finding.
pub fn unjudged(room: &Room, what: &str, span: checkrun_model::Span, error: checkrun_lang::EvalError) -> Finding {
    Finding {
        what: what.to_owned(),
        outcome: checkrun_model::event::Outcome::Error,
        snippet: Some(Box::new(room.plan.sources.snippet(span))),
        seen: error.message,
        details: Vec::new(),
        hint: error.help,
    }
}

/// Whether a finding says that something is wrong.
fn is_bad(finding: &Finding) -> bool {
    use checkrun_model::event::Outcome;
    !matches!(finding.outcome, Outcome::Met | Outcome::NotJudged)
}

/// The verdict for people who read only one line.
fn one_line(finding: &Finding) -> String {
    if finding.seen.is_empty() { finding.what.clone() } else { format!("{}: {}", finding.what, finding.seen) }
}

/// Whether the verdict is one.
fn passed(verdict: Verdict) -> bool {
    verdict == Verdict::Passed
}
