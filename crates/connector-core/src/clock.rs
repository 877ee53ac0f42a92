//! The clock, passed in so that a cycle can be repeated exactly in a test.
//!
//! A clock can be wrong and be put right later. What was noted by one that ran ahead then lies in the
//! future, where it says nothing: [`time_since`] gives no age for it, and [`Started`] counts the time
//! that has really passed.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};

/// How far apart two clocks may be and still count as the same: 60 s.
pub const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// Tells the wall-clock time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present instant, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        // The one place that reads the machine's clock. Unlike `Utc::now`, it does not panic before 1970.
        SystemTime::now().into()
    }
}

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

/// The time from `then` to `now`. `None` when `then` lies in the future by more than
/// [`CLOCK_TOLERANCE`]: a clock that ran ahead noted it, so the time is unknown. Within the tolerance
/// it is the distance, so that no time in the future looks fresher than one just past.
pub fn time_since(then: DateTime<Utc>, now: DateTime<Utc>) -> Option<Duration> {
    let passed = now.signed_duration_since(then);
    (passed >= -CLOCK_TOLERANCE).then(|| passed.abs().to_std().unwrap_or_default())
}

/// When something started, by a clock that may be put right before it ends.
#[derive(Debug, Clone, Copy)]
pub struct Started {
    at: DateTime<Utc>,
    since: Instant,
}

impl Started {
    /// Something starts now.
    pub fn now(clock: &dyn Clock) -> Self {
        Self { at: clock.now(), since: Instant::now() }
    }

    /// When it started: what `clock` showed then, or, where the clock ran ahead and was put right since,
    /// `now` less the time that has passed. Never later than that by more than [`CLOCK_TOLERANCE`].
    pub fn at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.since.elapsed()).unwrap_or(TimeDelta::MAX);
        match now.checked_sub_signed(passed) {
            Some(latest) if time_since(self.at, latest).is_none() => latest,
            _ => self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
    }

    #[test]
    fn a_time_in_the_future_has_no_age_and_is_never_fresher_than_one_just_past() {
        for (then, age) in [
            (0, Some(0)),
            (-90, Some(90)),
            (1, Some(1)),
            (60, Some(60)),
            (61, None),
            (1 << 40, None),
        ] {
            let found = time_since(at(then), at(0)).map(|age| age.as_secs());
            assert_eq!(found, age, "{then}");
        }
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        assert!(time_since(first, last).is_some());
        assert_eq!(time_since(last, first), None);
    }

    #[test]
    fn a_start_by_a_clock_that_ran_ahead_is_put_right_with_it() {
        let start = Started::now(&FixedClock(at(0)));
        for (now, started) in [(0, at(0)), (1_000_000, at(0)), (-50, at(0))] {
            assert_eq!(start.at(at(now)), started, "{now}");
        }
        // The test itself takes a moment.
        let right = start.at(at(-3_600));
        assert!(right <= at(-3_600) && right > at(-3_660), "{right}");
        start.at(DateTime::<Utc>::MIN_UTC);
    }

    #[test]
    fn the_clock_of_the_machine_tells_the_time() {
        assert!(SystemClock.now() > at(-1_790_000_000));
    }
}
