//! What the log of `run` tells of cycles: one record for each that ended, whatever became of it.

use std::collections::BTreeMap;
use std::fmt;

use stocktake_connector_core::{CycleOutcome, CycleReport, SinkAccount, SinkName, TenantName};
use stocktake_telemetry::field;

use crate::cli::CommandError;
use crate::error_code::ErrorCode;
use crate::watch::CycleError;

/// Notes a cycle that ended: at level `error` when it failed, else at `info`.
pub(crate) fn cycle_ended(report: &CycleReport) {
    macro_rules! record {
        ($level:ident, $error:expr, $advice:expr) => {{
            let error: Option<&str> = $error;
            tracing::$level!(
                { field::TENANT_NAME } = %report.tenant,
                { field::CYCLE_ID } = %report.cycle,
                { field::CYCLE_KIND } = report.kind.name(),
                { field::CYCLE_OUTCOME } = report.outcome.name(),
                { field::CYCLE_DURATION_MS } =
                    (report.finished_at - report.started_at).num_milliseconds(),
                { field::CYCLE_READ } = report.read,
                { field::CYCLE_MAPPED } = report.mapped,
                { field::CYCLE_SINKS } = %Accounts(&report.sinks),
                { field::CALLS_TOKEN } = report.calls.token,
                { field::CALLS_SOURCE } = report.calls.source,
                { field::CALLS_ENRICHER } = report.calls.enricher,
                { field::CALLS_RETRIES } = report.calls.retries,
                { field::CALLS_THROTTLED } = report.calls.throttled,
                { field::ERROR_CODE } = error.and_then(code_of),
                { field::ERROR } = error,
                { field::ADVICE } = $advice,
                "cycle ended"
            );
        }};
    }
    match &report.outcome {
        CycleOutcome::Failed { error, advice } => record!(error, Some(error), advice.as_deref()),
        CycleOutcome::Complete | CycleOutcome::Interrupted => record!(info, None, None::<&str>),
    }
}

/// Notes a cycle that has no report.
pub(crate) fn no_report(tenant: &TenantName, error: &CycleError) {
    let text = error.text();
    tracing::error!(
        { field::TENANT_NAME } = %tenant,
        { field::CYCLE_OUTCOME } = CycleOutcome::FAILED,
        { field::ERROR_CODE } = code_of(&text),
        { field::ERROR } = text,
        { field::ADVICE } = error.advice(),
        "cycle has no report, and is tried again later"
    );
}

/// Notes a tenant or a sink that could not be built at the start.
pub(crate) fn unbuilt(error: &CommandError) {
    let text = error.to_string();
    tracing::error!(
        { field::ERROR_CODE } = code_of(&text),
        { field::ERROR } = text,
        { field::ADVICE } = error.advice(),
        "cannot be built; cycles that need it fail, and each tries again"
    );
}

/// Notes why the program ends.
pub(crate) fn end(error: &CommandError) {
    let text = error.to_string();
    tracing::error!(
        { field::ERROR_CODE } = code_of(&text),
        { field::ERROR } = text,
        { field::ADVICE } = error.advice(),
        "the program ends"
    );
}

fn code_of(error: &str) -> Option<&'static str> {
    ErrorCode::at_end_of(error).map(ErrorCode::as_str)
}

/// The accounts of sinks in one line.
struct Accounts<'a>(&'a BTreeMap<SinkName, SinkAccount>);

impl fmt::Display for Accounts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, account)) in self.0.iter().enumerate() {
            let between = if place > 0 { "; " } else { "" };
            let SinkAccount { acknowledged, unchanged, duplicates, .. } = account;
            let SinkAccount { dead_lettered, undelivered, .. } = account;
            write!(
                f,
                "{between}{name} acknowledged={acknowledged} unchanged={unchanged} \
                 duplicates={duplicates} dead_lettered={dead_lettered} undelivered={undelivered}"
            )?;
        }
        Ok(())
    }
}
