//! `stocktake sync`: one cycle for each tenant.

use std::sync::Arc;

use stocktake_connector_core::{CycleOutcome, CycleReport};
use stocktake_engine::{Request, Stop};

use crate::command_error::{CommandError, ExitStatus};
use crate::config::Config;
use crate::context::{Context, LEVEL};
use crate::output::{Format, Output, ReportText};
use crate::stop;
use crate::supervisor::Supervisor;
use crate::telemetry::Telemetry;
use crate::watch::Watch;
use crate::wiring;

/// Runs one cycle for each tenant.
#[derive(Debug, clap::Args)]
pub(crate) struct Sync {
    /// Only this tenant; can be repeated
    #[arg(long = "tenant", value_name = "NAME")]
    tenants: Vec<String>,
    /// Read every machine, even when only those seen lately are due
    #[arg(long)]
    full: bool,
}

impl Sync {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        let (loaded, telemetry) = context.watched(LEVEL)?;
        let config = loaded.config;
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
    ) -> Result<ExitStatus, CommandError> {
        let watch = Arc::new(Watch::new(telemetry.registry.clone()));
        let observer = Arc::clone(&watch.metrics) as _;
        let deployment = wiring::deploy(config, &self.tenants, observer, None)?.built_only()?;
        let all_built = deployment.broken.is_empty();
        deployment.broken.iter().for_each(|error| context.output.error(error));
        watch.deployed(&deployment, config).await;
        let request = if self.full { Request::Full } else { Request::WhatIsDue };
        let concurrent = config.collection.concurrent_cycles;
        let supervisor = Supervisor::new(deployment, watch, concurrent, stop.clone())?;
        let reports = supervisor.run_once(request, &context.output).await?;
        print(&reports, &context.output)?;
        Ok(if all_built { exit_status(&reports) } else { ExitStatus::Failed })
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
pub(crate) fn exit_status(reports: &[CycleReport]) -> ExitStatus {
    let failed = |report: &CycleReport| matches!(report.outcome, CycleOutcome::Failed { .. });
    if reports.iter().any(failed) {
        ExitStatus::Failed
    } else if reports.iter().any(|report| report.dead_lettered() > 0) {
        ExitStatus::DeadLetters
    } else {
        ExitStatus::Success
    }
}
