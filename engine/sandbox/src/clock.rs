//! The clock of one world. It runs faster than the wall's, so that what takes minutes on a platform takes seconds here.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock: cheap to clone, all clones tell the same time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Timestamp,
    since: Instant,
    rate: f64,
}

impl Clock {
    /// A clock that begins at the present and goes `rate` times as fast as the wall's; at least as fast.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        Self { began: Timestamp::now(), since: Instant::now(), rate: rate.max(1.0) }
    }

    /// When it began: then it agreed with the wall's.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// How many of its seconds go by in one of the wall's.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The time of the world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let gone = self.since.elapsed().mul_f64(self.rate);
        SignedDuration::try_from(gone).map_or(self.began, |gone| self.began.saturating_add(gone).unwrap_or(self.began))
    }

    /// How long the wall's clock takes for a time of the world.
    #[must_use]
    pub fn wall(&self, time: Duration) -> Duration {
        time.div_f64(self.rate)
    }

    /// Waits for a time of the world.
    pub async fn sleep(&self, time: Duration) {
        tokio::time::sleep(self.wall(time)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn six_seconds_of_the_world_are_a_tenth_of_one_at_rate_sixty() {
        let (clock, wall) = (Clock::new(60.0), Instant::now());
        let before = clock.now();
        clock.sleep(Duration::from_secs(6)).await;
        let seen = clock.now().duration_since(before).as_secs_f64();
        let gone = wall.elapsed().as_secs_f64();
        assert!(gone >= 0.1 && (seen / gone - 60.0).abs() < 10.0, "{seen} in {gone}");
    }

    #[test]
    fn no_clock_is_slower_than_the_wall() {
        assert_eq!(Clock::new(0.0).wall(Duration::from_secs(1)), Duration::from_secs(1));
    }
}
