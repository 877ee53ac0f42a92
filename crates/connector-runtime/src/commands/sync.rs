//! `stocktake sync`: one cycle for each tenant.

use std::sync::Arc;

use stocktake_connector_core::{CycleOutcome, CycleReport, SinkAccount};
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
        let tenants = supervisor.tenant_count();
        let reports = supervisor.run_once(request, &context.output).await?;
        print(&reports, &context.output)?;
        Ok(match exit_status(&reports) {
            _ if !all_built => ExitStatus::Failed,
            // A tenant that was still waiting when the signal came has no report.
            ExitStatus::Success | ExitStatus::DeadLetters if reports.len() < tenants => {
                ExitStatus::Interrupted
            }
            status => status,
        })
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
    reports.iter().map(status).max_by_key(severity).unwrap_or(ExitStatus::Success)
}

fn status(report: &CycleReport) -> ExitStatus {
    match report.outcome {
        CycleOutcome::Failed { .. } => ExitStatus::Failed,
        CycleOutcome::Interrupted => ExitStatus::Interrupted,
        // Whatever the outcome says: what a sink does not have was not delivered.
        CycleOutcome::Complete if !report.sinks.values().all(SinkAccount::is_complete) => {
            ExitStatus::Failed
        }
        CycleOutcome::Complete if report.dead_lettered() > 0 => ExitStatus::DeadLetters,
        CycleOutcome::Complete => ExitStatus::Success,
    }
}

/// Greater is worse.
fn severity(status: &ExitStatus) -> u8 {
    match status {
        ExitStatus::Success => 0,
        ExitStatus::DeadLetters => 1,
        ExitStatus::Interrupted => 2,
        ExitStatus::Failed | ExitStatus::UsageError => 3,
    }
}

#[cfg(test)]
mod tests {
    use stocktake_connector_core::{
        ErrorCode, Failure, Recovery, SinkName, SourceName, TenantName,
    };

    use super::*;

    fn report(outcome: CycleOutcome, account: SinkAccount) -> CycleReport {
        let tenant = TenantName::new("contoso").unwrap();
        let source = SourceName::new("defender").unwrap();
        let at = chrono::DateTime::UNIX_EPOCH;
        let mut report = CycleReport::empty(tenant, source, at);
        report.outcome = outcome;
        report.sinks.insert(SinkName::new("soc").unwrap(), account);
        report
    }

    #[test]
    fn the_worst_report_gives_the_status_and_nothing_undelivered_is_a_success() {
        let failure = Failure::new(ErrorCode::SinkFailed, Recovery::Retry, "no").record();
        let fine = || report(CycleOutcome::Complete, SinkAccount::default());
        let dead = || {
            let account = SinkAccount { dead_lettered: 1, ..SinkAccount::default() };
            report(CycleOutcome::Complete, account)
        };
        let interrupted = || report(CycleOutcome::Interrupted, SinkAccount::default());
        let failed =
            || report(CycleOutcome::Failed { failure: failure.clone() }, SinkAccount::default());
        let undelivered = || {
            let account = SinkAccount { undelivered: 1, ..SinkAccount::default() };
            report(CycleOutcome::Complete, account)
        };
        let refused = || {
            let account = SinkAccount { failure: Some(failure.clone()), ..SinkAccount::default() };
            report(CycleOutcome::Complete, account)
        };
        for (reports, expected) in [
            (vec![], ExitStatus::Success),
            (vec![fine(), fine()], ExitStatus::Success),
            (vec![fine(), dead()], ExitStatus::DeadLetters),
            (vec![dead(), interrupted(), fine()], ExitStatus::Interrupted),
            (vec![failed(), interrupted(), dead()], ExitStatus::Failed),
            (vec![fine(), undelivered()], ExitStatus::Failed),
            (vec![refused(), dead()], ExitStatus::Failed),
        ] {
            assert_eq!(exit_status(&reports), expected, "{reports:#?}");
        }
    }
}
