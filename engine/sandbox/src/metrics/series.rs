//! Series and their last samples. Knows no query language.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// Labels by name, that of the metric under [`NAME`].
pub type Labels = BTreeMap<String, String>;

/// The label that holds a metric's name.
pub const NAME: &str = "__name__";

/// A sample older than this is not seen any more, as with real stores.
pub const LOOKBACK: Duration = Duration::from_secs(300);

/// When a series was last written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// Always so long ago.
    Ago(Duration),
    /// At this moment.
    At(Timestamp),
}

/// What a series has for a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// This number.
    Number(f64),
    /// What this query gives, a scalar: `time() - 60`.
    Query(String),
}

/// A series and its last sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: Labels,
    /// The value of its last sample.
    pub value: Value,
    /// When that was written.
    pub when: When,
}

impl Series {
    /// When its last sample was written, seen from `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Timestamp {
        match self.when {
            When::Ago(ago) => now.checked_sub(ago).unwrap_or(now),
            When::At(at) => at,
        }
    }

    /// Whether a query for `now` sees it.
    #[must_use]
    pub fn is_seen(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at(now));
        !age.is_negative() && Duration::try_from(age).is_ok_and(|age| age <= LOOKBACK)
    }
}

/// All series of a store.
#[derive(Debug, Clone, Default)]
pub struct Store {
    series: Vec<Series>,
}

impl Store {
    /// Writes a sample: a series of the same labels gets a new value.
    pub fn set(&mut self, series: Series) {
        match self.series.iter_mut().find(|known| known.labels == series.labels) {
            Some(known) => *known = series,
            None => self.series.push(series),
        }
    }

    /// Takes out the series that fit.
    pub fn remove(&mut self, fits: impl Fn(&Labels) -> bool) {
        self.series.retain(|series| !fits(&series.labels));
    }

    /// Changes the series that fit.
    pub fn change(&mut self, fits: impl Fn(&Labels) -> bool, change: impl Fn(&mut Series)) {
        self.series.iter_mut().filter(|series| fits(&series.labels)).for_each(change);
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Series] {
        &self.series
    }
}
