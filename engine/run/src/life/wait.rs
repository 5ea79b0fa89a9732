//! `within` and `holds_for`: looks again until what is expected holds, and stays so.
//!
//! The rules are in `docs/design/scheduler.md`, section "A wait".

use std::sync::Arc;
use std::time::{Duration, Instant};

use checkrun_model::clock::spoken;
use checkrun_model::event::{Event, Outcome};
use checkrun_model::{Broken, Clock, Effect, Observation, Repeats};

use super::look::{Ask, Look, Seen};
use super::{ACT_ENDS, Life, is_bad, is_refused, one_line, unless_stopped, unless_stopped_for};
use crate::message::{Ending, Msg};

/// The shortest and the longest pause between two looks.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// The longest pause while something has to stay as it is.
const SAMPLE: Duration = Duration::from_secs(1);
/// A kind that says "changed" all the time is asked no more often than this.
const LEAST: Duration = Duration::from_millis(20);
/// With less time than this left, no look is begun.
const TOO_LATE: Duration = Duration::from_millis(10);
/// In a world whose clock goes faster a look still crosses a real network: it gets at least this long.
const LEAST_LOOK: Duration = Duration::from_secs(2);

/// How the check may look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// Observes.
    Observe,
    /// Acted once; reads what that made.
    Reread,
    /// Not at all.
    Never,
}

/// A wait under way.
struct Waiting {
    again: Again,
    clock: Clock,
    waits: bool,
    /// The end of `within`.
    limit: Option<Instant>,
    epoch: Option<u64>,
    wait_id: u64,
    /// When the expectations first held, without a break since.
    holding: Option<Instant>,
    pause: Duration,
    /// How long the last look took.
    look_time: Duration,
    last_chance: bool,
    acted: Option<Observation>,
    /// The last full observation.
    last: Option<Box<Seen>>,
    trouble: Option<Broken>,
}

impl Life<'_> {
    /// Looks until there is a verdict.
    pub(super) async fn watch(mut self) -> Ending {
        let mut wait = self.begin();
        loop {
            let began = Instant::now();
            let acts = self.acts(&wait);
            let ask = Ask {
                deadline: self.deadline(&wait, began),
                epoch: wait.epoch.filter(|_| !self.decides(&wait, began)),
                wait_id: wait.wait_id,
                again: wait.acted.as_ref(),
            };
            let (room, patience) = (self.room, if acts { ACT_ENDS } else { Duration::ZERO });
            let Some(look) = unless_stopped_for(room, patience, self.look(ask)).await else {
                return self.stopped(wait.last, wait.trouble).await;
            };
            self.story.attempts += 1;
            if let Look::Broken(broken) = &look
                && is_refused(room, broken)
            {
                return self.stopped(wait.last, Some(broken.clone())).await;
            }
            wait.look_time = began.elapsed();
            if let Some(ending) = self.weigh(&mut wait, look, began) {
                return ending;
            }
            let Some(pause) = wait.next_pause() else { return self.at_the_end(wait) };
            if room.stop.is_cancelled() || unless_stopped(room, self.pause(&wait, pause)).await.is_none() {
                return self.stopped(wait.last, wait.trouble).await;
            }
        }
    }

    /// Why the check cannot show that anything holds; asked before it acts, since only now its values are known.
    pub(super) fn cannot_hold(&self) -> Option<Broken> {
        (self.body.holds_for.is_some() && self.again() == Again::Never).then(|| {
            Broken::fatal("with its values it acts, once: nothing would be looked at for as long as `holds_for` says")
                .hint("take `holds_for` out, and say it at a check that needs this one and only reads")
        })
    }

    fn begin(&self) -> Waiting {
        let waits = self.body.within.is_some() || self.body.holds_for.is_some();
        let clock = self.room.clock();
        Waiting {
            again: self.again(),
            clock,
            waits,
            limit: self.body.within.map(|within| self.begun + clock.wall(within)),
            epoch: waits.then(|| self.room.shared.epoch()),
            wait_id: if waits { self.room.wait_id() } else { 0 },
            holding: None,
            pause: clock.wall(PAUSE.0).max(LEAST),
            look_time: Duration::ZERO,
            last_chance: false,
            acted: None,
            last: None,
            trouble: None,
        }
    }

    /// What may change the world does so once.
    fn again(&self) -> Again {
        let Some(act) = &self.act else { return Again::Never };
        match act.kind.repeats() {
            Repeats::Reread => Again::Reread,
            Repeats::Observe | Repeats::Refused(_) if self.effect == Effect::Read => Again::Observe,
            Repeats::Observe | Repeats::Refused(_) => Again::Never,
        }
    }

    /// Whether this look may end the wait: it then reads for itself, because what a watch has told may be old news of
    /// a connection that died. In an embedded world every look that must see a break is one.
    fn decides(&self, wait: &Waiting, began: Instant) -> bool {
        let held = |since: Instant| self.body.holds_for.is_some_and(|most| began - since >= wait.clock.wall(most));
        wait.last_chance || wait.holding.is_some_and(|since| !wait.clock.is_wall() || held(since))
    }

    /// Whether the look that is next changes the world; what it made may then only be read.
    fn acts(&self, wait: &Waiting) -> bool {
        self.effect > Effect::Read && wait.acted.is_none()
    }

    /// An act is not cut short by `within`: half an act is worse than a late one.
    fn deadline(&self, wait: &Waiting, began: Instant) -> Instant {
        let own = began + self.room.timeout(self.body.timeout);
        match wait.limit {
            Some(limit) if !self.acts(wait) && wait.holding.is_none() => {
                own.min(if wait.clock.is_wall() { limit } else { limit.max(began + LEAST_LOOK) })
            }
            _ => own,
        }
    }

    /// What a look means for the wait: its end, or nothing yet.
    fn weigh(&mut self, wait: &mut Waiting, look: Look, began: Instant) -> Option<Ending> {
        match look {
            Look::Hangs(broken) => Some(self.story.hangs(broken)),
            Look::Broken(broken) => {
                if !broken.transient || self.acts(wait) || !wait.waits {
                    return Some(self.story.broken(broken));
                }
                self.changed_to(wait, &broken.cause, None);
                wait.trouble = Some(broken);
                wait.not_yet()
            }
            Look::Seen(mut seen) => {
                wait.trouble = None;
                if wait.again == Again::Reread && wait.acted.is_none() {
                    wait.acted = Some(acted(&seen));
                    wait.acts_in_no_time();
                    wait.epoch = wait.epoch.map(|_| self.room.shared.epoch());
                }
                if seen.passes() {
                    return self.holds(wait, seen, began);
                }
                let outcome = seen.judgement.outcome;
                let final_at_once = matches!(outcome, Outcome::Final | Outcome::Error);
                if final_at_once || !wait.waits || wait.again == Again::Never {
                    return Some(self.conclude(*seen, Vec::new()));
                }
                let why = seen.unreadable.clone().unwrap_or_else(|| first_bad(&seen));
                self.changed_to(wait, &why, Some(&mut seen));
                wait.last = Some(seen);
                wait.not_yet()
            }
        }
    }

    /// Everything is met: for long enough?
    fn holds(&mut self, wait: &mut Waiting, mut seen: Box<Seen>, began: Instant) -> Option<Ending> {
        let Some(holds_for) = self.body.holds_for else { return Some(self.conclude(*seen, Vec::new())) };
        let holds_for = wait.clock.wall(holds_for);
        let since = *wait.holding.get_or_insert(began);
        if began.duration_since(since) >= holds_for {
            return Some(self.conclude(*seen, Vec::new()));
        }
        self.changed_to(wait, "holds", Some(&mut seen));
        wait.last = Some(seen);
        let left = holds_for.saturating_sub(since.elapsed());
        wait.pause = (holds_for / 10).clamp(wait.clock.wall(PAUSE.0).max(LEAST), SAMPLE).min(left);
        None
    }

    /// Says what a wait waits for, once for each change.
    fn changed_to(&mut self, wait: &Waiting, what: &str, seen: Option<&mut Box<Seen>>) {
        if !wait.waits || !self.story.changes_to(what) {
            return;
        }
        if let Some(seen) = seen {
            let kept = Arc::clone(&seen.value);
            let (witness, observation) = (seen.witness.clone(), seen.observation.clone());
            let event = self.observed(seen);
            seen.value = kept;
            (seen.witness, seen.observation) = (witness, observation);
            event.into_iter().for_each(|event| self.room.tell(Msg::Write(event)));
        }
        let what = if what == "holds" { "it must stay so".to_owned() } else { format!("not yet: {what}") };
        self.room.tell(Msg::Write(Event::Waiting { node: self.ix.0, what }));
    }

    /// Waits without a slot: for so long, or until the kind says that something has changed.
    async fn pause(&self, wait: &Waiting, pause: Duration) {
        self.room.tell(Msg::Waits(self.ix));
        let floor = tokio::time::Instant::now() + LEAST.min(pause);
        if let Some(act) = &self.act {
            let deadline = Instant::now() + pause;
            let cx = self.cx(act, Ask { deadline, epoch: wait.epoch, wait_id: wait.wait_id, again: None });
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = act.kind.changed(&cx) => tokio::time::sleep_until(floor).await,
            }
        }
        let (go, gone) = tokio::sync::oneshot::channel();
        self.room.tell(Msg::WantsLook(self.ix, go));
        let _ = gone.await;
        if !wait.clock.is_wall() {
            // What an embedded world had to do until now has been done.
            self.room.settled().await;
        }
    }

    /// Time is up: failed with what was seen last, an error where nothing ever was.
    fn at_the_end(mut self, mut wait: Waiting) -> Ending {
        match (wait.last.take(), wait.trouble.take()) {
            (Some(seen), trouble) if !seen.passes() => {
                let notes = trouble.map(|broken| format!("the last look saw nothing: {}", broken.cause));
                self.conclude(*seen, notes.into_iter().collect())
            }
            (_, Some(broken)) => self.story.broken(broken),
            (_, None) => {
                let within = spoken(self.body.within.unwrap_or_default());
                self.story.broken(Broken::fatal(format!("the {within} of `within` were up before the first look")))
            }
        }
    }
}

impl Waiting {
    /// Not what is expected: a break where it had to stay so, and then only what is left of `within` counts.
    fn not_yet(&mut self) -> Option<Ending> {
        if self.holding.take().is_some() {
            self.pause = self.clock.wall(PAUSE.0).max(LEAST);
        }
        None
    }

    /// In an embedded world it is this machine that takes its time to act, which is not the world's.
    fn acts_in_no_time(&mut self) {
        if !self.clock.is_wall() {
            self.limit = self.limit.map(|limit| limit + self.look_time);
        }
    }

    /// How long to pause before the next look; none where there is no time for another.
    fn next_pause(&mut self) -> Option<Duration> {
        if self.holding.is_some() {
            return Some(self.pause);
        }
        let left = self.limit?.saturating_duration_since(Instant::now());
        if self.last_chance || (left <= TOO_LATE && self.clock.is_wall()) {
            return None;
        }
        let pause = self.pause.mul_f64(0.8 + 0.4 * jitter());
        self.pause = (self.pause * 3 / 2).min(self.clock.wall(PAUSE.1).max(LEAST));
        // The last look begins so that it ends before the deadline; in a world where looks take no time, at it.
        let spare = match self.clock.is_wall() {
            true => left.saturating_sub(self.look_time * 3 / 2 + TOO_LATE),
            false => left,
        };
        self.last_chance = spare <= pause;
        Some(pause.min(spare))
    }
}

/// What a read after the act is given of it.
fn acted(seen: &Seen) -> Observation {
    Observation { value: (*seen.value).clone(), notes: seen.observation.notes.clone(), secrets: Vec::new() }
}

fn first_bad(seen: &Seen) -> String {
    let bad = seen.judgement.findings.iter().map(|one| &one.finding).find(|finding| is_bad(finding));
    bad.map_or_else(String::new, one_line)
}

/// From 0 to 1, different for checks that wait together.
fn jitter() -> f64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let random = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}
