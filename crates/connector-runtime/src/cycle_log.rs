//! Log records of `run` for everything but cycles that have a report.

use stocktake_connector_core::{CycleOutcome, FailureRecord, TenantName};
use stocktake_telemetry::field;

use crate::command_error::CommandError;

/// Records a cycle that has no report.
pub(crate) fn no_report(tenant: &TenantName, failure: &FailureRecord) {
    tracing::error!(
        { field::TENANT_NAME } = %tenant,
        { field::CYCLE_OUTCOME } = CycleOutcome::FAILED,
        { field::ERROR_CODE } = failure.code.as_str(),
        { field::ERROR } = failure.message,
        { field::ADVICE } = failure.advice,
        "cycle has no report and will be retried"
    );
}

/// Records a tenant or a sink that could not be built at the start.
pub(crate) fn not_built(error: &CommandError) {
    command_error(
        error,
        "a part of the configuration cannot be built yet; cycles that need it fail until it can",
    );
}

/// Records why the program ends.
pub(crate) fn program_ends(error: &CommandError) {
    command_error(error, "the program ends");
}

fn command_error(error: &CommandError, event: &'static str) {
    tracing::error!(
        { field::ERROR_CODE } = error.code().map(stocktake_connector_core::ErrorCode::as_str),
        { field::ERROR } = %error,
        { field::ADVICE } = error.advice(),
        "{event}"
    );
}
