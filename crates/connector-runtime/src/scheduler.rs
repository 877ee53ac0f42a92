//! When cycles run: each tenant on its own, so that one that is slow or broken never delays another.
//!
//! A cycle starts `interval` after the start of the last one, also across restarts of the program. A
//! cycle that failed is tried again sooner, with a growing wait that never exceeds `interval`.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{CycleOutcome, CycleReport, StateError};
use tokio::task::JoinSet;

use crate::cli::CommandError;
use crate::cycle::{Progress, Request, Stop};
use crate::output::{Format, Output, ReportText};
use crate::wiring::TenantCollector;

/// The wait after the first failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(60);

/// Runs the cycles of all tenants until `stop`.
pub(crate) async fn run(
    collectors: &[Arc<TenantCollector>],
    interval: Duration,
    stop: &Stop,
    output: &Output,
) -> Result<(), CommandError> {
    let (reports, mut reported) = tokio::sync::mpsc::channel::<CycleReport>(16);
    let mut tenants = JoinSet::new();
    for collector in collectors {
        let (collector, stop, reports) = (Arc::clone(collector), stop.clone(), reports.clone());
        tenants.spawn(async move { run_tenant(&collector, interval, &stop, reports).await });
    }
    drop(reports);
    while let Some(report) = reported.recv().await {
        match output.format() {
            Format::Text => output.text(ReportText(&report))?,
            Format::Json => output.json(&report)?,
        }
    }
    while let Some(ended) = tenants.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(CommandError::of(&error)),
            Err(panic) => return Err(CommandError::failed(format!("a tenant broke: {panic}"))),
        }
    }
    Ok(())
}

async fn run_tenant(
    collector: &TenantCollector,
    interval: Duration,
    stop: &Stop,
    reports: tokio::sync::mpsc::Sender<CycleReport>,
) -> Result<(), StateError> {
    let last = collector.store.reports(&collector.tenant, 1).await?;
    let mut wait = last
        .first()
        .map_or(Duration::ZERO, |report| until_due(report, 0, interval, collector.clock.now()));
    let mut failures = 0;
    loop {
        tokio::select! {
            biased;
            () = stop.gently.cancelled() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
        let progress = Arc::new(Progress::default());
        let report = collector.run_cycle(Request::WhatIsDue, stop, &progress).await?;
        failures = match report.outcome {
            CycleOutcome::Failed { .. } => failures + 1,
            CycleOutcome::Complete | CycleOutcome::Interrupted => 0,
        };
        wait = until_due(&report, failures, interval, collector.clock.now());
        if reports.send(report).await.is_err() {
            return Ok(());
        }
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
        let doublings = (failures - 1).min(16);
        return FIRST_RETRY.saturating_mul(1 << doublings).min(interval);
    }
    let since = now.signed_duration_since(last.started_at).to_std().unwrap_or_default();
    interval.saturating_sub(since)
}
