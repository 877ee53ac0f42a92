//! When a tenant's next cycle starts.
//!
//! | the last cycle | the next one starts |
//! |---|---|
//! | complete | `interval` after its start |
//! | failed, try again | after `retry_after`, doubled with each further failure, up to `interval` |
//! | failed, an operator has to act | after 5 times that, doubled up to the longer of `interval` and 60 times `retry_after`; at once when a file changes that the tenant names, or when the configuration file has other settings for it |
//! | failed by a defect | the same, from 15 times on |
//!
//! A time that a server named (`Retry-After`) is a lower bound for all of them. A last cycle that lies in
//! the future, because the clock ran ahead, is no reason to wait. A cycle whose listing
//! was complete failed for some sinks only: the others get their next cycle after `interval` at the
//! latest, and the stack of the failed sink keeps to what its server asked for while the program runs.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use stocktake_connector_core::{CycleOutcome, CycleReport, FailureRecord, Recovery, time_since};

/// No failure names a later time: `http-stack` shortens `Retry-After` to a day.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How cycles are spread over time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// From the start of one cycle to the start of the next one.
    pub(crate) interval: Duration,
    /// The wait after a first failure that may pass by itself.
    pub(crate) retry_after: Duration,
}

/// What a tenant waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Waiting {
    /// The next cycle of the schedule.
    Interval,
    /// Another try after a failure that may pass by itself.
    Retry,
    /// An operator; another try is made now and then, and when a file changes.
    Operator,
}

/// When the next cycle starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NextCycle {
    /// How long from now.
    pub(crate) wait: Duration,
    /// What for.
    pub(crate) waiting: Waiting,
}

impl Schedule {
    /// After a start of the program, by the report of the last cycle before it. What was not completed
    /// is tried at once, because the operator may have fixed the cause; but not before the time that a
    /// server named.
    pub(crate) fn first(&self, last: Option<&CycleReport>, now: DateTime<Utc>) -> NextCycle {
        match last.map(|report| (report, &report.outcome)) {
            Some((report, CycleOutcome::Complete)) => self.at_interval(report, now),
            Some((report, CycleOutcome::Failed { failure })) => {
                let wait =
                    self.or_due(until_retry(failure, Some(report), now), failure, report, now);
                NextCycle { wait, waiting: Waiting::Retry }
            }
            _ => NextCycle { wait: Duration::ZERO, waiting: Waiting::Interval },
        }
    }

    /// After a cycle with a report. Counts `failures` in a row.
    pub(crate) fn after_cycle(
        &self,
        report: &CycleReport,
        failures: &mut u32,
        now: DateTime<Utc>,
    ) -> NextCycle {
        match &report.outcome {
            CycleOutcome::Failed { failure } => {
                *failures = failures.saturating_add(1);
                self.after_failure(failure, *failures, Some(report), now)
            }
            CycleOutcome::Complete | CycleOutcome::Interrupted => {
                *failures = 0;
                self.at_interval(report, now)
            }
        }
    }

    /// After `failures` failures in a row, of which `failure` is the last.
    pub(crate) fn after_failure(
        &self,
        failure: &FailureRecord,
        failures: u32,
        report: Option<&CycleReport>,
        now: DateTime<Utc>,
    ) -> NextCycle {
        let (first, longest, waiting) = match failure.recovery {
            Recovery::Retry => (self.retry_after, self.interval, Waiting::Retry),
            Recovery::Operator => {
                (self.retry_after.saturating_mul(5), self.longest_wait(), Waiting::Operator)
            }
            Recovery::Defect => {
                (self.retry_after.saturating_mul(15), self.longest_wait(), Waiting::Operator)
            }
        };
        let doublings = failures.saturating_sub(1).min(16);
        let wait = first.saturating_mul(1 << doublings).min(longest);
        let wait = wait.max(until_retry(failure, report, now));
        let wait = report.map_or(wait, |report| self.or_due(wait, failure, report, now));
        NextCycle { wait, waiting }
    }

    /// `wait`, or less when only sinks failed: those that did not are due at the interval. A failure of
    /// the source or the enrichment, also after a complete listing, is that of everything.
    fn or_due(
        &self,
        wait: Duration,
        failure: &FailureRecord,
        report: &CycleReport,
        now: DateTime<Utc>,
    ) -> Duration {
        let is_this =
            |sink: &FailureRecord| (sink.code, sink.retry_at) == (failure.code, failure.retry_at);
        let is_of_a_sink =
            report.sinks.values().any(|account| account.failure.as_ref().is_some_and(is_this));
        if report.listing_complete && is_of_a_sink {
            wait.min(self.at_interval(report, now).wait)
        } else {
            wait
        }
    }

    fn at_interval(&self, last: &CycleReport, now: DateTime<Utc>) -> NextCycle {
        let wait = time_since(last.started_at, now)
            .map_or(Duration::ZERO, |since| self.interval.saturating_sub(since));
        NextCycle { wait, waiting: Waiting::Interval }
    }

    /// The longest wait for an operator.
    fn longest_wait(&self) -> Duration {
        self.interval.max(self.retry_after.saturating_mul(60))
    }
}

/// How long until the time that a server named; nothing when it has passed, or there is none. By a clock
/// that ran ahead it lies further off than the server asked for when the cycle ended.
fn until_retry(
    failure: &FailureRecord,
    report: Option<&CycleReport>,
    now: DateTime<Utc>,
) -> Duration {
    let Some(at) = failure.retry_at else { return Duration::ZERO };
    let until = |time| at.signed_duration_since(time).to_std().unwrap_or_default();
    let asked = report.map_or(LONGEST_RETRY_AFTER, |report| until(report.finished_at));
    until(now).min(asked).min(LONGEST_RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use chrono::TimeDelta;
    use stocktake_connector_core::{
        ErrorCode, Failure, SinkAccount, SinkName, SourceName, TenantName,
    };

    const SCHEDULE: Schedule = Schedule {
        interval: Duration::from_secs(3 * 60 * 60),
        retry_after: Duration::from_secs(60),
    };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn failed(recovery: Recovery) -> FailureRecord {
        Failure::new(ErrorCode::SourceFailed, recovery, "it failed").record()
    }

    fn waits(recovery: Recovery, failures: u32) -> u64 {
        SCHEDULE.after_failure(&failed(recovery), failures, None, now()).wait.as_secs()
    }

    #[test]
    fn each_recovery_has_waits_of_its_own_that_grow_up_to_a_bound() {
        let first_five = |recovery| (1..=5).map(|n| waits(recovery, n)).collect::<Vec<_>>();
        assert_eq!(first_five(Recovery::Retry), [60, 120, 240, 480, 960]);
        assert_eq!(first_five(Recovery::Operator), [300, 600, 1_200, 2_400, 4_800]);
        assert_eq!(first_five(Recovery::Defect), [900, 1_800, 3_600, 7_200, 10_800]);
        for recovery in [Recovery::Retry, Recovery::Operator, Recovery::Defect] {
            assert_eq!(waits(recovery, u32::MAX), SCHEDULE.interval.as_secs());
        }
        let often = Schedule { interval: Duration::from_secs(60), ..SCHEDULE };
        let operator = failed(Recovery::Operator);
        assert_eq!(often.after_failure(&operator, 99, None, now()).wait.as_secs(), 3_600);
    }

    #[test]
    fn only_what_waits_for_an_operator_wakes_up_when_a_file_changes() {
        let waiting = |recovery| SCHEDULE.after_failure(&failed(recovery), 1, None, now()).waiting;
        assert_eq!(waiting(Recovery::Retry), Waiting::Retry);
        assert_eq!(waiting(Recovery::Operator), Waiting::Operator);
        assert_eq!(waiting(Recovery::Defect), Waiting::Operator);
    }

    #[test]
    fn the_time_that_a_server_names_is_a_lower_bound_for_every_recovery() {
        let at = now() + TimeDelta::seconds(80_000);
        for recovery in [Recovery::Retry, Recovery::Operator, Recovery::Defect] {
            let failure = FailureRecord { retry_at: Some(at), ..failed(recovery) };
            assert_eq!(SCHEDULE.after_failure(&failure, 1, None, now()).wait.as_secs(), 80_000);
            let past = FailureRecord { retry_at: Some(now()), ..failed(recovery) };
            assert_eq!(
                SCHEDULE.after_failure(&past, 1, None, now()).wait.as_secs(),
                waits(recovery, 1)
            );
        }
    }

    /// A cycle that started `seconds_ago`, read all, and failed at a sink alone.
    fn failed_at_a_sink(failure: FailureRecord, seconds_ago: i64) -> CycleReport {
        let tenant = TenantName::new("contoso").unwrap();
        let source = SourceName::new("defender").unwrap();
        let at = now() - TimeDelta::seconds(seconds_ago);
        let account = SinkAccount { failure: Some(failure.clone()), ..SinkAccount::default() };
        CycleReport {
            outcome: CycleOutcome::Failed { failure },
            sinks: BTreeMap::from([(SinkName::new("soc").unwrap(), account)]),
            ..CycleReport::empty(tenant, source, at)
        }
    }

    #[test]
    fn what_a_source_asked_for_after_its_listing_is_kept_to_also_beyond_the_interval() {
        let retry_at = Some(now() + TimeDelta::seconds(50_000));
        let failure = FailureRecord { retry_at, ..failed(Recovery::Retry) };
        let mut report = failed_at_a_sink(failure, 3_600);
        report.sinks.clear();
        let mut failures = 0;
        for next in [
            SCHEDULE.first(Some(&report), now()),
            SCHEDULE.after_cycle(&report, &mut failures, now()),
        ] {
            assert_eq!(next.wait.as_secs(), 50_000);
        }
    }

    #[test]
    fn a_sink_that_needs_an_operator_wakes_up_by_its_files_also_when_the_others_are_due_first() {
        let report = failed_at_a_sink(failed(Recovery::Operator), 3_600);
        let mut failures = 99;
        let next = SCHEDULE.after_cycle(&report, &mut failures, now());
        assert_eq!(
            next,
            NextCycle { wait: Duration::from_secs(7_200), waiting: Waiting::Operator }
        );
    }

    #[test]
    fn a_start_keeps_to_what_the_server_of_a_sink_asked_for_until_the_others_are_due() {
        let wait_after = |seconds| {
            let retry_at = Some(now() + TimeDelta::seconds(seconds));
            let failure = FailureRecord { retry_at, ..failed(Recovery::Retry) };
            SCHEDULE.first(Some(&failed_at_a_sink(failure, 3_600)), now()).wait.as_secs()
        };
        assert_eq!(wait_after(-1), 0);
        assert_eq!(wait_after(1_800), 1_800);
        assert_eq!(wait_after(100_000), 7_200);
    }

    /// A report of a cycle that ended just now by a clock that was `ahead` seconds ahead, or behind.
    fn by_a_wrong_clock(outcome: CycleOutcome, ahead: i64) -> CycleReport {
        let tenant = TenantName::new("contoso").unwrap();
        let source = SourceName::new("defender").unwrap();
        let at = now() + TimeDelta::seconds(ahead);
        CycleReport { outcome, listing_complete: false, ..CycleReport::empty(tenant, source, at) }
    }

    const YEAR: i64 = 365 * 24 * 60 * 60;

    #[test]
    fn a_last_cycle_in_the_future_is_no_reason_to_wait() {
        for (ahead, wait) in
            [(0, 10_800), (30, 10_770), (61, 0), (86_400, 0), (10 * YEAR, 0), (-50 * YEAR, 0)]
        {
            let report = by_a_wrong_clock(CycleOutcome::Complete, ahead);
            let first = SCHEDULE.first(Some(&report), now());
            assert_eq!(first.wait.as_secs(), wait, "at the start, {ahead}");
            let after = SCHEDULE.after_cycle(&report, &mut 0, now());
            assert_eq!(after.wait.as_secs(), wait, "after it, {ahead}");
        }
    }

    #[test]
    fn a_wait_that_a_server_asked_for_is_no_longer_by_a_clock_that_ran_ahead() {
        for (ahead, wait) in [(0, 300), (-600, 0), (3_600, 300), (10 * YEAR, 300)] {
            let retry_at = Some(now() + TimeDelta::seconds(ahead + 300));
            let failure = FailureRecord { retry_at, ..failed(Recovery::Retry) };
            let outcome = CycleOutcome::Failed { failure: failure.clone() };
            let report = by_a_wrong_clock(outcome, ahead);
            assert_eq!(SCHEDULE.first(Some(&report), now()).wait.as_secs(), wait, "{ahead}");
            let after = SCHEDULE.after_failure(&failure, 1, Some(&report), now()).wait.as_secs();
            assert_eq!(after, wait.max(60), "{ahead}");
            let without = SCHEDULE.after_failure(&failure, 1, None, now()).wait;
            assert!(without <= LONGEST_RETRY_AFTER, "{ahead}: {without:?}");
        }
    }
}
