//! What a check needs before its first look: in a wait it is asked for again while it fails for reasons that may pass.

use std::time::{Duration, Instant};

use checkrun_lang::Scope;
use checkrun_model::clock::spoken;
use checkrun_model::event::{Event, Finding};
use checkrun_model::{Broken, Place};
use checkrun_spec::plan::{CheckBody, NodeIx};

use super::bounded::{self, Flag};
use super::ending::Story;
use super::prepare::{self, Preparation};
use crate::message::Msg;
use crate::room::Room;

/// Between two tries, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A try gets at least this long, also where `within` ends before.
const LEAST: Duration = Duration::from_secs(2);

/// Prepares the check that was admitted at `begun`, until it is ready or `within` is over.
///
/// # Errors
/// Why it cannot be prepared, and findings that say where in the suite.
pub async fn prepared(
    room: &Room,
    ix: NodeIx,
    body: &CheckBody,
    scope: &Scope,
    begun: Instant,
    flag: &Flag,
    story: &mut Story,
) -> Result<Preparation, (Broken, Vec<Finding>)> {
    let clock = room.clock();
    let limit = body.within.map(|within| begun + clock.wall(within));
    let mut pause = clock.wall(PAUSE.0).max(PAUSE.0 / 2);
    loop {
        let own = Instant::now() + room.timeout(body.timeout);
        let deadline = limit.map_or(own, |limit| own.min(limit.max(Instant::now() + LEAST)));
        let broken = match once(room, ix, body, scope, deadline, flag).await {
            Ok(prepared) => return Ok(prepared),
            Err((broken, findings)) if !broken.transient || !findings.is_empty() => return Err((broken, findings)),
            Err((broken, _)) => broken,
        };
        if limit.is_none_or(|limit| Instant::now() + pause >= limit) {
            return Err((broken, Vec::new()));
        }
        if story.changes_to(&broken.cause) {
            room.tell(Msg::Write(Event::Waiting { node: ix.0, what: format!("not yet: {}", broken.cause) }));
        }
        room.tell(Msg::Waits(ix));
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(PAUSE.1);
        let (go, gone) = tokio::sync::oneshot::channel();
        room.tell(Msg::WantsLook(ix, go));
        let _ = gone.await;
    }
}

async fn once(
    room: &Room,
    ix: NodeIx,
    body: &CheckBody,
    scope: &Scope,
    deadline: Instant,
    flag: &Flag,
) -> Result<Preparation, (Broken, Vec<Finding>)> {
    let cx = room.cx(ix, Place::default(), deadline, &flag.get());
    let time = deadline.saturating_duration_since(Instant::now());
    match bounded::by(deadline, prepare::check(room, ix, body, scope, &cx)).await {
        Some(done) => done.map_err(|trouble| trouble.told(&room.plan.sources)),
        None => {
            let late = format!("its arguments could not be read within {}", spoken(time));
            Err((Broken::transient(late).hint("say a longer `timeout:`"), Vec::new()))
        }
    }
}
