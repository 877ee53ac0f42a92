//! Failures on their way up the stack, before the call's own facts are added.

use std::time::Duration;

use http::StatusCode;

use crate::{ApiError, ApiErrorKind};
use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::BoxError;

use crate::call::Call;
use crate::{ErrorDetail, StackOptions};

/// Whether the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It may: the server has not processed it.
    Unprocessed,
    /// It may if it is idempotent: the server may have processed it.
    Ambiguous,
    /// It will not succeed, or not before the call's deadline.
    Never,
}

/// An attempt or a call that failed.
#[derive(Debug)]
pub(crate) struct AttemptFailure {
    pub(crate) kind: ApiErrorKind,
    pub(crate) retry: Retry,
    pub(crate) status: Option<StatusCode>,
    /// The server's time, where there was a response that shows it.
    pub(crate) server_time: Option<DateTime<Utc>>,
    pub(crate) detail: ErrorDetail,
    pub(crate) source: Option<BoxError>,
}

impl AttemptFailure {
    pub(crate) fn new(kind: ApiErrorKind, retry: Retry, message: impl Into<String>) -> Box<Self> {
        let detail = ErrorDetail { message: message.into(), ..ErrorDetail::default() };
        Box::new(Self { kind, retry, status: None, server_time: None, detail, source: None })
    }

    /// A wait that the call's deadline does not leave room for.
    pub(crate) fn throttled_past_deadline(message: String, wait: Duration) -> Box<Self> {
        let mut failure = Self::new(ApiErrorKind::Throttled, Retry::Never, message);
        failure.detail.retry_after = Some(wait);
        failure
    }

    pub(crate) fn advise(mut self: Box<Self>, advice: impl Into<String>) -> Box<Self> {
        self.detail.advice.get_or_insert_with(|| advice.into());
        self
    }

    pub(crate) fn because(mut self: Box<Self>, source: impl Into<BoxError>) -> Box<Self> {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn into_error(self, options: &StackOptions, call: &Call) -> ApiError {
        let mut error = ApiError::new(options.api, &options.error_codes, call.operation, self.kind);
        error.tenant = call.tenant.clone().or_else(|| options.tenant.clone());
        error.status = self.status.map(|status| status.as_u16());
        error.code = self.detail.code;
        error.inner_code = self.detail.inner_code;
        error.message = self.detail.message;
        error.request_id = self.detail.request_id;
        error.attempts = call.attempts();
        // A wait beyond the calendar has no date.
        error.retry_at = self
            .detail
            .retry_after
            .and_then(|wait| TimeDelta::from_std(wait).ok())
            .and_then(|wait| options.clock.now().checked_add_signed(wait));
        error.advice = self.detail.advice;
        error.source = self.source;
        error
    }
}

/// The kind as a value of the field `error.type`.
pub(crate) fn kind_name(kind: ApiErrorKind) -> &'static str {
    match kind {
        ApiErrorKind::Throttled => "throttled",
        ApiErrorKind::Unavailable => "unavailable",
        ApiErrorKind::DeadlineExceeded => "deadline_exceeded",
        ApiErrorKind::NoToken => "no_token",
        ApiErrorKind::Unauthorised => "unauthorised",
        ApiErrorKind::Forbidden => "forbidden",
        ApiErrorKind::NotFound => "not_found",
        ApiErrorKind::Refused => "refused",
        ApiErrorKind::TooLarge => "too_large",
        ApiErrorKind::Malformed => "malformed",
    }
}
