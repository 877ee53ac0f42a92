//! Logs the end of a cycle.

use std::collections::BTreeMap;
use std::fmt;

use stocktake_connector_core::{CycleOutcome, CycleReport, FailureRecord, SinkAccount, SinkName};
use stocktake_telemetry::field;

/// Logs the end of a cycle: at level `error` if it failed, else at `info`.
pub fn log_cycle_end(report: &CycleReport) {
    macro_rules! record {
        ($level:ident, $failure:expr) => {{
            let failure: Option<&FailureRecord> = $failure;
            tracing::$level!(
                { field::TENANT_NAME } = %report.tenant,
                { field::SOURCE } = %report.source,
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
                { field::ERROR_CODE } = failure.map(|failure| failure.code.as_str()),
                { field::ERROR_RECOVERY } = failure.map(|failure| failure.recovery.name()),
                { field::RETRY_AT } = failure
                    .and_then(|failure| failure.retry_at)
                    .map(|at| at.to_rfc3339()),
                { field::ERROR } = failure.map(|failure| failure.message.as_str()),
                { field::ADVICE } = failure.and_then(|failure| failure.advice.as_deref()),
                "cycle ended"
            );
        }};
    }
    match &report.outcome {
        CycleOutcome::Failed { failure } => record!(error, Some(failure)),
        CycleOutcome::Complete | CycleOutcome::Interrupted => record!(info, None),
    }
}

/// Warns once in a cycle of the values of records that could not be read.
pub(crate) fn warn_unreadable(report: &CycleReport) {
    if !report.unreadable.is_empty() {
        tracing::warn!(
            { field::TENANT_NAME } = %report.tenant,
            { field::SOURCE } = %report.source,
            { field::CYCLE_ID } = %report.cycle,
            { field::UNREADABLE_COUNT } = report.unreadable.count(),
            { field::UNREADABLE_VALUES } = %report.unreadable,
            "values of records could not be read; the events lack these fields"
        );
    }
}

/// The accounts of sinks in one line.
struct Accounts<'a>(&'a BTreeMap<SinkName, SinkAccount>);

impl fmt::Display for Accounts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (name, account)) in self.0.iter().enumerate() {
            let separator = if position > 0 { "; " } else { "" };
            let SinkAccount { acknowledged, unchanged, duplicates, .. } = account;
            let SinkAccount { dead_lettered, undelivered, removals, .. } = account;
            write!(
                f,
                "{separator}{name} acknowledged={acknowledged} unchanged={unchanged} \
                 duplicates={duplicates} dead_lettered={dead_lettered} undelivered={undelivered} \
                 removals={removals}"
            )?;
        }
        Ok(())
    }
}
