//! What can go wrong with an API server, switched on and off while it runs. Data; acts nowhere.

use std::time::Duration;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interference {
    /// Connections are closed as soon as they are made, and those that are open are cut.
    Down,
    /// Every request is answered so much later, in the time of the world.
    Slow(Duration),
    /// Connections are made and requests are read, and nothing is ever answered.
    Freeze,
    /// Every request is refused with 429 and told to come again after so many seconds.
    TooMany {
        /// Whole seconds of the wall's clock.
        retry_after: u64,
    },
    /// Every request is answered with 500.
    Broken,
    /// Watches are refused with 403: who needs one has to poll.
    RefuseWatches,
    /// Watches end by themselves after so long, in the time of the world.
    CutWatches(Duration),
    /// Watches tell what happens so much later, in the time of the world; lists show the present.
    StaleWatches(Duration),
    /// No object of this kind is made or changed by a client.
    Deny {
        /// `Kind` or `Kind.group`.
        kind: String,
        /// What the client is told.
        message: String,
    },
}

/// All that is wrong at the moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Vec<Interference>);

impl Faults {
    /// Adds one; of each sort there is one at a time, and one refusal a kind.
    pub(super) fn add(&mut self, fault: Interference) {
        self.0.retain(|known| !replaces(&fault, known));
        self.0.push(fault);
    }

    pub(super) fn remove(&mut self, fault: &Interference) {
        self.0.retain(|known| known != fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn all(&self) -> &[Interference] {
        &self.0
    }

    pub(super) fn is_down(&self) -> bool {
        self.0.contains(&Interference::Down)
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.0.contains(&Interference::Freeze)
    }

    pub(super) fn refuses_watches(&self) -> bool {
        self.0.contains(&Interference::RefuseWatches)
    }

    /// By how much answers are late.
    pub(super) fn slowness(&self) -> Duration {
        self.time(|fault| if let Interference::Slow(by) = fault { Some(*by) } else { None }).unwrap_or_default()
    }

    /// By how much watches are late.
    pub(super) fn staleness(&self) -> Duration {
        self.time(|fault| if let Interference::StaleWatches(by) = fault { Some(*by) } else { None }).unwrap_or_default()
    }

    /// How long a watch lasts.
    pub(super) fn cut(&self) -> Option<Duration> {
        self.time(|fault| if let Interference::CutWatches(after) = fault { Some(*after) } else { None })
    }

    fn time(&self, of: impl Fn(&Interference) -> Option<Duration>) -> Option<Duration> {
        self.0.iter().find_map(of)
    }
}

fn replaces(new: &Interference, old: &Interference) -> bool {
    match (new, old) {
        (Interference::Deny { kind, .. }, Interference::Deny { kind: known, .. }) => kind == known,
        _ => std::mem::discriminant(new) == std::mem::discriminant(old),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_one_takes_the_place_of_its_sort() {
        let mut faults = Faults::default();
        faults.add(Interference::Slow(Duration::from_secs(1)));
        faults.add(Interference::Slow(Duration::from_secs(2)));
        faults.add(Interference::Down);
        assert_eq!((faults.slowness(), faults.all().len()), (Duration::from_secs(2), 2));
        faults.remove(&Interference::Down);
        assert!(!faults.is_down());
    }
}
