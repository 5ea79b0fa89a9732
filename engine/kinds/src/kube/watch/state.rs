//! What a feed knows: objects as of a list and the events since, who asks for which, and whether what is
//! known is new enough for them. Synchronous; knows no network and reads no clock.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use checkrun_model::Broken;
use serde_json::Value as Json;

use super::{Id, Sought, id};

/// Lists up to this length are kept whole, so that a wait that joins later needs no list of its own.
const KEPT_WHOLE: usize = 2000;

/// A wait that has not looked for so long has ended without saying so.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// Who asks: a wait may ask for several things (its witness).
pub(super) type Asker = (u64, Sought);

/// What somebody asks for, and how new it must be.
struct Interest {
    /// Lives as long as the check does; set when it is given up.
    owner: Weak<AtomicBool>,
    looked: Instant,
    /// The epoch that a list must have begun in, or after.
    least: u64,
    /// The last list was kept with this interest in mind.
    covered: bool,
    /// A list has come since it began to look: it answers this look, followed or not.
    fresh: bool,
    /// Something that it asks for has changed since it looked.
    news: bool,
}

impl Interest {
    fn lives(&self, now: Instant) -> bool {
        let owner = self.owner.upgrade();
        owner.is_some_and(|given_up| !given_up.load(Ordering::Relaxed)) && now.duration_since(self.looked) < FORGOTTEN
    }
}

/// What a feed can answer.
pub(super) enum Known {
    /// The objects that are sought.
    Objects(Vec<Arc<Json>>),
    /// Only by reading itself can the wait know.
    Denied(String),
    /// Nothing that is new enough, yet.
    Nothing,
}

/// What a feed knows.
#[derive(Default)]
pub(super) struct State {
    objects: BTreeMap<Id, Arc<Json>>,
    /// Every object of the list was kept, not only those that were asked for.
    whole: bool,
    /// The epoch that the list began in.
    epoch: Option<u64>,
    /// The list is followed by a watch that has not ended.
    live: bool,
    denied: Option<String>,
    troubles: u64,
    trouble: Option<Broken>,
    ended: bool,
    asked: HashMap<Asker, Interest>,
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Is,
    Gone,
}

impl State {
    /// Somebody asks. False: nobody answers any more.
    pub(super) fn ask(&mut self, asker: &Asker, owner: Weak<AtomicBool>, least: u64, now: Instant) -> bool {
        if self.ended {
            return false;
        }
        match self.asked.get_mut(asker) {
            // After a look that was given up, the check goes on under another flag.
            Some(interest) => {
                (interest.owner, interest.looked, interest.fresh) = (owner, now, false);
                interest.least = interest.least.max(least);
            }
            None => {
                let interest = Interest { owner, looked: now, least, covered: self.whole, fresh: false, news: true };
                self.asked.insert(asker.clone(), interest);
            }
        }
        true
    }

    /// What is known for `asker`, who has asked before.
    pub(super) fn known(&mut self, asker: &Asker) -> Known {
        if let Some(why) = &self.denied {
            return Known::Denied(why.clone());
        }
        let (live, epoch) = (self.live, self.epoch);
        match self.asked.get_mut(asker) {
            Some(interest) if (live || interest.fresh) && interest.covered && epoch >= Some(interest.least) => {
                interest.news = false;
            }
            _ => return Known::Nothing,
        }
        Known::Objects(self.objects.values().filter(|object| asker.1.fits(object)).cloned().collect())
    }

    /// A list that began in `epoch`. Until it is followed it answers only those who wait for it.
    pub(super) fn listed(&mut self, epoch: u64, items: Vec<Json>) {
        self.whole = items.len() <= KEPT_WHOLE;
        let kept =
            items.into_iter().filter(|item| self.whole || self.asked.keys().any(|(_, sought)| sought.fits(item)));
        self.objects = kept.map(|item| (id(&item), Arc::new(item))).collect();
        (self.epoch, self.live) = (Some(epoch), false);
        for interest in self.asked.values_mut() {
            (interest.covered, interest.fresh, interest.news) = (true, true, true);
        }
    }

    /// The watch that goes on from the list is open: from now on nothing is missed.
    pub(super) fn followed(&mut self) {
        self.live = true;
    }

    /// An event of the watch.
    pub(super) fn happened(&mut self, change: Change, object: Json) {
        let key = id(&object);
        let before = self.objects.remove(&key);
        let mut wanted = self.whole;
        for ((_, sought), interest) in &mut self.asked {
            let fits = sought.fits(&object);
            wanted |= fits;
            interest.news |= fits || before.as_ref().is_some_and(|before| sought.fits(before));
        }
        if change == Change::Is && wanted {
            self.objects.insert(key, Arc::new(object));
        }
    }

    /// The watch has ended: what is known is the past.
    pub(super) fn cut(&mut self) {
        self.live = false;
    }

    /// Listing or watching did not work; waiting may help.
    pub(super) fn fails(&mut self, trouble: Broken) {
        self.live = false;
        self.troubles += 1;
        self.trouble = Some(trouble);
    }

    /// There is no right to list or to watch.
    pub(super) fn deny(&mut self, why: String) {
        self.denied = Some(why);
        self.objects.clear();
    }

    /// How often something did not work, and what the last time.
    pub(super) fn troubles(&self) -> (u64, Option<&Broken>) {
        (self.troubles, self.trouble.as_ref())
    }

    /// Whether somebody asks for more than the last list shows.
    pub(super) fn is_wanting(&self) -> bool {
        self.asked.values().any(|interest| !interest.covered || self.epoch < Some(interest.least))
    }

    /// Whether something has changed for this wait since it looked. Also if it is not known here: it shall look.
    pub(super) fn has_news(&self, wait: u64) -> bool {
        let mut interests = self.asked.iter().filter(|((asker, _), _)| *asker == wait).peekable();
        interests.peek().is_none() || interests.any(|(_, interest)| interest.news)
    }

    pub(super) fn is_asked_by(&self, wait: u64) -> bool {
        self.asked.keys().any(|(asker, _)| *asker == wait)
    }

    /// Forgets who asks no longer; whether nobody does.
    pub(super) fn is_idle(&mut self, now: Instant) -> bool {
        self.asked.retain(|_, interest| interest.lives(now));
        self.asked.is_empty()
    }

    /// Ends the feed if nobody asks. From then on nobody can.
    pub(super) fn end_if_idle(&mut self, now: Instant) -> bool {
        self.ended = self.is_idle(now);
        self.ended
    }

    /// Nobody feeds it any more.
    pub(super) fn abandon(&mut self) {
        (self.live, self.ended) = (false, true);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.objects.len()
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
