//! When cycles run: each tenant on its own, so that one that is slow or broken delays no other.
//!
//! A cycle starts `interval` after the start of the last one, also across restarts of the program. A
//! cycle that failed, or that could not note its report, is tried again sooner, with a growing wait
//! that never exceeds `interval`.
//!
//! Only so many cycles run at the same time as memory is meant for; who waits for a turn waits in the
//! order of asking. So many tenants that are slow at the same time do delay the others; each call's
//! deadline bounds for how long.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{Clock, CycleOutcome, CycleReport, StateError, SystemClock};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::cli::CommandError;
use crate::cycle::{Progress, Request, Stop};
use crate::output::{Output, ReportPrinter};
use crate::record;
use crate::watch::Watch;
use crate::wiring::{ConfiguredTenant, Deployment};

/// The wait after the first failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(60);

/// Runs the cycles of all tenants until `stop`.
pub(crate) async fn run(
    deployment: &Deployment,
    interval: Duration,
    stop: &Stop,
    output: &Output,
) -> Result<(), CommandError> {
    let printer = ReportPrinter::start(*output)?.map(Arc::new);
    let mut tenants = JoinSet::new();
    for configured in &deployment.tenants {
        let tenant = Tenant {
            configured: Arc::clone(configured),
            watch: Arc::clone(&deployment.watch),
            turns: Arc::clone(&deployment.turns),
            interval,
            stop: stop.clone(),
            printer: printer.clone(),
        };
        let board = Arc::clone(&deployment.watch.board);
        let task = format!("tenant {}", configured.id);
        tenants.spawn(async move { board.while_moving(&task, tenant.run()).await });
    }
    while let Some(ended) = tenants.join_next().await {
        if let Err(panic) = ended {
            return Err(CommandError::failed(format!("a tenant broke: {panic}")));
        }
    }
    // The tenants' share of it is gone with them.
    if let Some(printer) = printer.and_then(Arc::into_inner) {
        printer.finish().await;
    }
    Ok(())
}

/// One tenant's cycles, one after the other.
struct Tenant {
    configured: Arc<ConfiguredTenant>,
    watch: Arc<Watch>,
    turns: Arc<Semaphore>,
    interval: Duration,
    stop: Stop,
    printer: Option<Arc<ReportPrinter>>,
}

impl Tenant {
    async fn run(self) {
        let mut failures = 0;
        let mut wait = match self.until_first().await {
            Ok(wait) => wait,
            Err(error) => {
                failures = 1;
                record::no_report(&self.configured.id, &error.into());
                retry_wait(failures, self.interval)
            }
        };
        loop {
            self.watch.board.waits(&self.configured.id, wait);
            // A turn is waited for after the rest, so that who rests holds none.
            let turn = tokio::select! {
                biased;
                () = self.stop.gently.cancelled() => return,
                turn = async {
                    tokio::time::sleep(wait).await;
                    self.turns.acquire().await
                } => turn,
            };
            let progress = Arc::new(Progress::default());
            let report = self
                .watch
                .run_cycle(&self.configured, Request::WhatIsDue, &self.stop, &progress)
                .await;
            drop(turn);
            match report {
                Ok(report) => {
                    failures = match report.outcome {
                        CycleOutcome::Failed { .. } => failures + 1,
                        CycleOutcome::Complete | CycleOutcome::Interrupted => 0,
                    };
                    wait = until_due(&report, failures, self.interval, SystemClock.now());
                    record::cycle_ended(&report);
                    if let Some(printer) = &self.printer {
                        printer.print(report);
                    }
                }
                // A full disk or a missing file is a person's to mend, and the next cycles shall go on
                // when it is.
                Err(error) => {
                    failures += 1;
                    record::no_report(&self.configured.id, &error);
                    wait = retry_wait(failures, self.interval);
                }
            }
        }
    }

    /// How long until the first cycle, by the last one's report. What was not completed is tried at
    /// once: whoever starts the program may have mended the cause.
    async fn until_first(&self) -> Result<Duration, StateError> {
        let last = self.configured.store().reports(&self.configured.id, 1).await?;
        Ok(match last.first() {
            Some(report) if report.outcome == CycleOutcome::Complete => {
                until_due(report, 0, self.interval, SystemClock.now())
            }
            _ => Duration::ZERO,
        })
    }
}

/// How long until the cycle after `last` is due.
fn until_due(
    last: &CycleReport,
    failures: u32,
    interval: Duration,
    now: DateTime<Utc>,
) -> Duration {
    if failures > 0 {
        return retry_wait(failures, interval);
    }
    let since = now.signed_duration_since(last.started_at).to_std().unwrap_or_default();
    interval.saturating_sub(since)
}

/// The wait after a number of failures in a row.
fn retry_wait(failures: u32, interval: Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_RETRY.saturating_mul(1 << doublings).min(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_after_failures_grows_up_to_the_interval() {
        let interval = Duration::from_secs(600);
        let waits: Vec<_> =
            (1..=5).map(|failures| retry_wait(failures, interval).as_secs()).collect();
        assert_eq!(waits, [60, 120, 240, 480, 600]);
        assert_eq!(retry_wait(u32::MAX, interval), interval);
    }
}
