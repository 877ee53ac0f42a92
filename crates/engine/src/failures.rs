//! Failures of the cycle itself.

use std::fmt;

use stocktake_connector_core::{ErrorCode, Failure, Recovery};
use stocktake_telemetry::field;
use tracing::Span;

/// The cycle was asked to stop at once.
pub(crate) fn stopped() -> Failure {
    Failure::new(ErrorCode::Stopped, Recovery::Retry, "stopped before everything was delivered")
}

/// A stage panicked: the engine's code or that of a source, an enricher, a mapper, a form or a sink.
pub(crate) fn stage_panicked(stage: &str, panic: &dyn fmt::Display) -> Failure {
    Failure::defect(ErrorCode::StagePanicked, format!("stage `{stage}` failed: {panic}"))
        .with_advice("Report this as a defect of Stocktake, with the log.")
}

/// Marks a span as failed. The message may quote a remote, so it appears in the report only.
pub(crate) fn mark_failed(span: &Span, code: ErrorCode) {
    span.record(field::OTEL_STATUS_CODE, field::STATUS_ERROR);
    span.record(field::OTEL_STATUS_DESCRIPTION, code.as_str());
}
