//! The time of the place where a run looks: the wall's, or that of an embedded world, which goes faster.
//! Reads the system's clock; knows no world.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A length of time as people read it in a message: `950ms`, `2.5s`, `30s`, `1m30s`, `2h`. Rounded to what matters.
#[must_use]
pub fn spoken(time: Duration) -> String {
    let millis = time.as_millis();
    if millis < 950 {
        return format!("{millis}ms");
    }
    let tenths = (millis + 50) / 100;
    if tenths < 100 {
        let rest = if tenths.is_multiple_of(10) { String::new() } else { format!(".{}", tenths % 10) };
        return format!("{}{rest}s", tenths / 10);
    }
    let seconds = (millis + 500) / 1000;
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect()
}

/// Tells the time of a place. Cheap to copy; who knows `since` and `rate` tells the same time in any process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// The moment at which this clock and the wall's agree.
    pub since: Timestamp,
    /// How many of its seconds go by in one of the wall's.
    pub rate: f64,
}

impl Default for Clock {
    fn default() -> Self {
        Self::WALL
    }
}

impl Clock {
    /// The wall's clock.
    pub const WALL: Self = Self { since: Timestamp::UNIX_EPOCH, rate: 1.0 };

    /// A clock that agrees with the wall's at `since` and goes `rate` times as fast; never slower than the wall's.
    #[must_use]
    pub fn new(since: Timestamp, rate: f64) -> Self {
        Self { since, rate: if rate.is_finite() { rate.max(1.0) } else { 1.0 } }
    }

    /// Whether it is the wall's own.
    #[must_use]
    pub fn is_wall(&self) -> bool {
        self.rate <= 1.0
    }

    /// The time of the place.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at(Timestamp::now())
    }

    /// What it shows when the wall's clock shows `wall`.
    #[must_use]
    pub fn at(&self, wall: Timestamp) -> Timestamp {
        if self.is_wall() {
            return wall;
        }
        let gone = wall.duration_since(self.since).as_secs_f64() * self.rate;
        let gone = SignedDuration::try_from_secs_f64(gone).unwrap_or(SignedDuration::ZERO);
        self.since.checked_add(gone).unwrap_or(wall)
    }

    /// How long the wall's clock takes for a time of the place.
    #[must_use]
    pub fn wall(&self, time: Duration) -> Duration {
        if self.is_wall() { time } else { time.div_f64(self.rate) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_told_to_what_matters() {
        for (millis, said) in [
            (0, "0ms"),
            (940, "940ms"),
            (960, "1s"),
            (2_540, "2.5s"),
            (29_998, "30s"),
            (90_000, "1m30s"),
            (7_200_000, "2h"),
        ] {
            assert_eq!(spoken(Duration::from_millis(millis)), said);
        }
    }

    #[test]
    fn a_minute_of_the_place_is_a_second_of_the_wall_at_rate_sixty() {
        let since: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
        let clock = Clock::new(since, 60.0);
        assert_eq!(clock.at("2026-03-01T12:00:02Z".parse().expect("a time")).to_string(), "2026-03-01T12:02:00Z");
        assert_eq!(clock.wall(Duration::from_mins(1)), Duration::from_secs(1));
    }

    #[test]
    fn the_walls_clock_changes_nothing() {
        let now = Timestamp::now();
        assert_eq!((Clock::WALL.at(now), Clock::WALL.wall(Duration::from_secs(7))), (now, Duration::from_secs(7)));
        assert!(Clock::new(now, 0.2).is_wall() && Clock::new(now, f64::NAN).is_wall());
    }
}
