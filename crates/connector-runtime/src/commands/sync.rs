//! `stocktake sync`: one cycle for each tenant.

use std::sync::Arc;

use stocktake_connector_core::{CycleOutcome, CycleReport};
use tokio::task::JoinSet;

use crate::cli::{CommandError, Context, Ending, LEVEL};
use crate::config::Config;
use crate::cycle::{Progress, Request, Stop};
use crate::output::{Bars, Format, Output, ReportText};
use crate::stop;
use crate::telemetry::Telemetry;
use crate::watch::Watch;
use crate::wiring::{self, Deployment};

/// Runs one cycle for each tenant.
#[derive(Debug, clap::Args)]
pub(crate) struct Sync {
    /// Only this tenant; may be given several times
    #[arg(long = "tenant", value_name = "NAME")]
    tenants: Vec<String>,
    /// Read every machine, even when only those seen lately are due
    #[arg(long)]
    full: bool,
}

impl Sync {
    pub(crate) async fn execute(self, context: &Context) -> Result<Ending, CommandError> {
        let (config, telemetry) = context.watched_config(LEVEL)?;
        let stop = stop::on_signals(config.shutdown.grace)?;
        let ended = self.cycles(&config, &telemetry, &stop, context).await;
        telemetry.shut_down(&stop).await;
        ended
    }

    async fn cycles(
        &self,
        config: &Config,
        telemetry: &Telemetry,
        stop: &Stop,
        context: &Context,
    ) -> Result<Ending, CommandError> {
        let watch = Arc::new(Watch::new(telemetry.registry.clone()));
        let deployment = wiring::deploy(config, &self.tenants, &watch)?.built_only()?;
        deployment.broken.iter().for_each(|error| context.output.error(error));
        deployment.restore().await;
        let request = if self.full { Request::Full } else { Request::WhatIsDue };
        let reports = run_once(&deployment, request, stop, &context.output).await?;
        print(&reports, &context.output)?;
        Ok(if deployment.broken.is_empty() { ending(&reports) } else { Ending::Failed })
    }
}

/// Runs one cycle of every tenant, as many at the same time as the configuration allows.
pub(crate) async fn run_once(
    deployment: &Deployment,
    request: Request,
    stop: &Stop,
    output: &Output,
) -> Result<Vec<CycleReport>, CommandError> {
    let mut bars = Bars::new(output);
    let mut cycles = JoinSet::new();
    for tenant in &deployment.tenants {
        let progress = Arc::new(Progress::default());
        bars.add(&tenant.id, Arc::clone(&progress));
        let (tenant, stop) = (Arc::clone(tenant), stop.clone());
        let turns = Arc::clone(&deployment.turns);
        let watch = Arc::clone(&deployment.watch);
        cycles.spawn(async move {
            // The semaphore is never closed; if it were, the cycle would only run beside others.
            let _turn = turns.acquire().await;
            // Who was still waiting for a turn has nothing to report.
            if stop.gently.is_cancelled() {
                return Ok(None);
            }
            watch.run_cycle(&tenant, request, &stop, &progress).await.map(Some)
        });
    }
    let mut reports = Vec::new();
    let mut failure = None;
    while let Some(ended) = cycles.join_next().await {
        match ended {
            Ok(Ok(report)) => reports.extend(report),
            Ok(Err(error)) => failure = Some(CommandError::from(error)),
            Err(panic) => failure = Some(CommandError::failed(format!("a cycle broke: {panic}"))),
        }
    }
    drop(bars);
    match failure {
        // The other tenants' cycles are over too; their reports are in state.
        Some(error) => Err(error),
        None => {
            reports.sort_by(|one, other| one.tenant.cmp(&other.tenant));
            Ok(reports)
        }
    }
}

/// Prints reports.
pub(crate) fn print(reports: &[CycleReport], output: &Output) -> Result<(), CommandError> {
    match output.format() {
        Format::Json => output.json(&reports),
        Format::Text => reports.iter().try_for_each(|report| output.text(ReportText(report))),
    }
}

/// The worst of all reports.
pub(crate) fn ending(reports: &[CycleReport]) -> Ending {
    let failed = |report: &CycleReport| matches!(report.outcome, CycleOutcome::Failed { .. });
    if reports.iter().any(failed) {
        Ending::Failed
    } else if reports.iter().any(|report| report.dead_lettered() > 0) {
        Ending::DeadLetters
    } else {
        Ending::Fine
    }
}
