//! The program's clock: the machine's, put right by the servers'.
//!
//! A machine whose clock runs ahead would note times that lie in the future: full cycles, refreshes and
//! purges would wait for them, and data would look fresh until then. Every response of Microsoft's APIs
//! shows the time there, so a clock that differs by more than [`CLOCK_TOLERANCE`] is corrected by the
//! difference, until it is set.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::{CLOCK_TOLERANCE, Clock, SystemClock};
use stocktake_http_stack::{ApiErrorKind, Attempt, AttemptOutcome};

use crate::command_error::CommandError;

/// The APIs whose time counts. A receiver's may be anybody's.
const TRUSTED: [&str; 3] = ["entra", "defender", "graph"];

static CORRECTION: Correction = Correction::new();

/// The program's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProgramClock;

impl Clock for ProgramClock {
    fn now(&self) -> DateTime<Utc> {
        CORRECTION.correct(SystemClock.now())
    }
}

/// Fails while the machine's clock is before 1970: the HTTP server panics then, whatever it is asked.
pub(crate) fn check_servable(now: DateTime<Utc>) -> Result<(), CommandError> {
    if now >= DateTime::UNIX_EPOCH {
        return Ok(());
    }
    Err(CommandError::Failed {
        code: None,
        message: format!("the clock of this machine is before 1970: {}", now.format("%F %T UTC")),
        advice: Some("Set the clock, or let it be set by NTP.".to_owned()),
    })
}

/// Compares the clock with the server's of a request that has just ended.
pub(crate) fn compare(attempt: &Attempt<'_>) {
    let is_of_the_api = match attempt.outcome {
        AttemptOutcome::Succeeded => true,
        // What stands in front of an API responds with these.
        AttemptOutcome::Failed(ApiErrorKind::Unavailable | ApiErrorKind::Malformed) => false,
        AttemptOutcome::Failed(_) => true,
        AttemptOutcome::Cancelled => false,
    };
    if let Some(server_time) = attempt.server_time
        && is_of_the_api
        && TRUSTED.contains(&attempt.api)
    {
        CORRECTION.learn(server_time, SystemClock.now(), attempt.duration);
    }
}

/// How far the machine's clock is ahead, in milliseconds; zero within the tolerance.
#[derive(Debug)]
struct Correction(AtomicI64);

impl Correction {
    const fn new() -> Self {
        Self(AtomicI64::new(0))
    }

    fn correct(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let ahead = TimeDelta::milliseconds(self.0.load(Ordering::Relaxed));
        now.checked_sub_signed(ahead).unwrap_or(now)
    }

    /// Learns from a server's time that was sent during a request of this duration, which ends `now`.
    fn learn(&self, server_time: DateTime<Utc>, now: DateTime<Utc>, took: Duration) {
        let took = TimeDelta::from_std(took).unwrap_or_default();
        let begin = now.checked_sub_signed(took).unwrap_or(now);
        // The response may have been on its way all the while, which says nothing about the clock.
        let ahead = if server_time < begin {
            begin.signed_duration_since(server_time)
        } else if server_time > now {
            now.signed_duration_since(server_time)
        } else {
            TimeDelta::zero()
        };
        let ahead = if ahead.abs() > CLOCK_TOLERANCE { ahead } else { TimeDelta::zero() };
        let before =
            TimeDelta::milliseconds(self.0.swap(ahead.num_milliseconds(), Ordering::Relaxed));
        if (ahead - before).abs() <= CLOCK_TOLERANCE {
            return;
        }
        let seconds_ahead = ahead.num_seconds();
        if seconds_ahead == 0 {
            tracing::info!("this machine's clock agrees with Microsoft's again");
        } else {
            tracing::warn!(
                seconds_ahead,
                "this machine's clock differs from Microsoft's, which counts for the times that are \
                 noted; set the clock, by NTP for example"
            );
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
    fn a_clock_before_1970_is_refused_where_http_is_served() {
        assert!(check_servable(DateTime::UNIX_EPOCH).is_ok());
        let error = check_servable(DateTime::UNIX_EPOCH - TimeDelta::seconds(1)).unwrap_err();
        assert!(error.to_string().contains("before 1970: 1969-12-31 23:59:59 UTC"), "{error}");
        assert!(error.advice().unwrap().contains("Set the clock"));
    }

    #[test]
    fn a_clock_that_is_off_is_corrected_and_one_that_is_right_is_left_alone() {
        const YEAR: i64 = 365 * 24 * 60 * 60;
        for (server, now, took, corrected) in [
            (0, 0, 0, 0),
            (0, 60, 0, 60),
            (0, -60, 0, -60),
            (0, 61, 0, 0),
            (0, -61, 0, 0),
            (0, 10 * YEAR, 0, 0),
            (0, -50 * YEAR, 0, 0),
            // A page that took minutes: the clock showed the same time at some moment of it.
            (0, 300, 300, 300),
            (0, 300, 240, 300),
            (0, 300, 239, 239),
            (10 * YEAR, 0, 300, 10 * YEAR),
        ] {
            let correction = Correction::new();
            correction.learn(at(server), at(now), Duration::from_secs(took));
            let found = correction.correct(at(now));
            assert_eq!(found, at(corrected), "server {server}, now {now}, took {took}");
        }
    }

    #[test]
    fn a_clock_that_is_set_counts_again() {
        let correction = Correction::new();
        correction.learn(at(0), at(3_600), Duration::ZERO);
        assert_eq!(correction.correct(at(3_600)), at(0));
        correction.learn(at(10), at(10), Duration::ZERO);
        assert_eq!(correction.correct(at(10)), at(10));
    }

    #[test]
    fn times_at_the_ends_of_the_calendar_do_no_harm() {
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        for (server, now) in [(first, last), (last, first), (first, first), (last, last)] {
            let correction = Correction::new();
            correction.learn(server, now, Duration::MAX);
            correction.correct(first);
            correction.correct(last);
        }
    }
}
