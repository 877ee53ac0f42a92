//! Failures of calls: what the API said, and which code, recovery and advice follow from it.

use chrono::{DateTime, Utc};

use stocktake_connector_core::{BoxError, ErrorCode, Failure, Recovery, TenantName};

/// Which error codes the failures of an API have: the catalogue tells a source from a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCodes {
    /// No credential could be had, without a failure below that says more.
    pub no_token: ErrorCode,
    /// 401.
    pub unauthorised: ErrorCode,
    /// 403.
    pub forbidden: ErrorCode,
    /// 429.
    pub throttled: ErrorCode,
    /// 5xx, no connection, no response in time.
    pub unavailable: ErrorCode,
    /// Another 4xx.
    pub refused: ErrorCode,
    /// A response beyond the bound.
    pub too_large: ErrorCode,
    /// A response that the API does not document.
    pub malformed: ErrorCode,
}

impl ErrorCodes {
    /// The codes of APIs that records are read from.
    pub const SOURCE: Self = Self {
        no_token: ErrorCode::TokenRefused,
        unauthorised: ErrorCode::TokenNotAccepted,
        forbidden: ErrorCode::PermissionMissing,
        throttled: ErrorCode::ApiThrottled,
        unavailable: ErrorCode::ApiUnavailable,
        refused: ErrorCode::RequestRefused,
        too_large: ErrorCode::AnswerTooLarge,
        malformed: ErrorCode::AnswerMalformed,
    };

    /// The codes of APIs that tokens come from.
    pub const IDENTITY: Self = Self {
        no_token: ErrorCode::TokenRefused,
        unauthorised: ErrorCode::TokenRefused,
        forbidden: ErrorCode::TokenRefused,
        throttled: ErrorCode::TokenUnavailable,
        unavailable: ErrorCode::TokenUnavailable,
        refused: ErrorCode::TokenRefused,
        too_large: ErrorCode::NoLoginHost,
        malformed: ErrorCode::NoLoginHost,
    };

    /// The codes of APIs that events are sent to.
    pub const SINK: Self = Self {
        no_token: ErrorCode::SinkKeyRefused,
        unauthorised: ErrorCode::SinkKeyRefused,
        forbidden: ErrorCode::SinkKeyRefused,
        throttled: ErrorCode::SinkUnavailable,
        unavailable: ErrorCode::SinkUnavailable,
        refused: ErrorCode::SinkRequestRefused,
        too_large: ErrorCode::SinkAnswer,
        malformed: ErrorCode::SinkAnswer,
    };

    /// The code of a kind of failure.
    pub const fn of(&self, kind: ApiErrorKind) -> ErrorCode {
        match kind {
            ApiErrorKind::NoToken => self.no_token,
            ApiErrorKind::Unauthorised => self.unauthorised,
            ApiErrorKind::Forbidden => self.forbidden,
            ApiErrorKind::Throttled => self.throttled,
            ApiErrorKind::Unavailable | ApiErrorKind::DeadlineExceeded => self.unavailable,
            ApiErrorKind::NotFound | ApiErrorKind::Refused => self.refused,
            ApiErrorKind::TooLarge => self.too_large,
            ApiErrorKind::Malformed => self.malformed,
        }
    }
}

/// The kind of response, or the lack of one, that ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// 429, or 503 with `Retry-After`, until the retries were spent.
    Throttled,
    /// 408, 5xx, a refused or reset connection, a body that broke off, until the retries were spent.
    Unavailable,
    /// The deadline of the whole call passed.
    DeadlineExceeded,
    /// No token could be had: see the source of the error.
    NoToken,
    /// 401, with a fresh token too.
    Unauthorised,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// Another 4xx, or a redirect (redirects are not followed).
    Refused,
    /// The response is larger than the configured bound.
    TooLarge,
    /// The response is not what the API documents: HTML, broken JSON, a missing envelope.
    Malformed,
}

/// A call to an outside API that failed for good, its retries included.
///
/// The message names API, tenant, operation, status and the API's own words; [`ApiError::advice`]
/// says what an operator can do about it.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.describe())]
#[non_exhaustive]
pub struct ApiError {
    /// Which API: `entra`, `defender`, `graph`, `sekoia`, …
    pub api: &'static str,
    /// Which tenant the call was for; absent for sinks that serve all tenants.
    pub tenant: Option<TenantName>,
    /// What was asked, in words fit for a message: `list machines`.
    pub operation: &'static str,
    /// What kind of failure.
    pub kind: ApiErrorKind,
    /// What the error is looked up by.
    pub error_code: ErrorCode,
    /// HTTP status of the last response, if there was one.
    pub status: Option<u16>,
    /// The API's own error code (`Forbidden`, `AADSTS7000215`, …).
    pub code: Option<String>,
    /// The code of a service behind the API, where the API passes its response on (Intune's, behind
    /// Graph's own).
    pub inner_code: Option<String>,
    /// The API's own message, cut to a bounded length; or ours where it said nothing.
    pub message: String,
    /// The id to quote to the API's support.
    pub request_id: Option<String>,
    /// How often the call was tried.
    pub attempts: u32,
    /// When the API may be called again at the earliest, by its own wish.
    pub retry_at: Option<DateTime<Utc>>,
    /// What the operator can do, as a sentence.
    pub advice: Option<String>,
    /// The failure below, for example of the connection. A call that failed for want of a token has
    /// the provider's [`Failure`] here, whatever its kind.
    #[source]
    pub source: Option<BoxError>,
}

impl ApiError {
    /// A failure of `kind` at `api` while doing `operation`; the other facts are set by field.
    pub fn new(
        api: &'static str,
        codes: &ErrorCodes,
        operation: &'static str,
        kind: ApiErrorKind,
    ) -> Self {
        Self {
            api,
            tenant: None,
            operation,
            kind,
            error_code: codes.of(kind),
            status: None,
            code: None,
            inner_code: None,
            message: String::new(),
            request_id: None,
            attempts: 1,
            retry_at: None,
            advice: None,
            source: None,
        }
    }

    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self.kind {
            ApiErrorKind::Throttled
            | ApiErrorKind::Unavailable
            | ApiErrorKind::DeadlineExceeded => Recovery::Retry,
            // Not found: the configured address is wrong, unless the caller expects this response.
            ApiErrorKind::NoToken
            | ApiErrorKind::Unauthorised
            | ApiErrorKind::Forbidden
            | ApiErrorKind::NotFound => Recovery::Operator,
            ApiErrorKind::Refused | ApiErrorKind::TooLarge | ApiErrorKind::Malformed => {
                Recovery::Defect
            }
        }
    }

    /// The failure of the token provider, when the call failed for want of a token.
    pub fn token_failure(&self) -> Option<&Failure> {
        self.source.as_deref()?.downcast_ref()
    }

    fn describe(&self) -> String {
        let mut text = String::new();
        if let Some(tenant) = &self.tenant {
            text.push_str(&format!("tenant {tenant}: "));
        }
        text.push_str(&format!("{}: {}: ", self.api, self.operation));
        text.push_str(match self.kind {
            ApiErrorKind::Throttled => "throttled",
            ApiErrorKind::Unavailable => "unavailable",
            ApiErrorKind::DeadlineExceeded => "no response before the deadline",
            ApiErrorKind::NoToken => "no access token",
            ApiErrorKind::Unauthorised => "not authorised",
            ApiErrorKind::Forbidden => "forbidden",
            ApiErrorKind::NotFound => "not found",
            ApiErrorKind::Refused => "refused",
            ApiErrorKind::TooLarge => "response too large",
            ApiErrorKind::Malformed => "response not understood",
        });
        let status = self.status.map(|status| format!("HTTP {status}"));
        let facts: Vec<&str> = [&status, &self.code, &self.inner_code]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        if !facts.is_empty() {
            text.push_str(&format!(" ({})", facts.join(", ")));
        }
        if !self.message.is_empty() {
            text.push_str(&format!(": {}", self.message));
        }
        if let Some(id) = &self.request_id {
            text.push_str(&format!(" [request {id}]"));
        }
        if self.attempts > 1 {
            text.push_str(&format!(" after {} attempts", self.attempts));
        }
        text
    }
}

impl From<ApiError> for Failure {
    /// A call without a token is about the token: code, recovery and advice are the provider's.
    fn from(error: ApiError) -> Self {
        let (code, recovery, retry_at) = match error.token_failure() {
            Some(token) => (token.code, token.recovery, token.retry_at),
            None => (error.error_code, error.recovery(), error.retry_at),
        };
        let mut failure = Self::new(code, recovery, error.to_string()).with_retry_at(retry_at);
        failure.advice.clone_from(&error.advice);
        failure.source = error.source;
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_api_tenant_operation_status_code_and_request() {
        let mut error = ApiError::new(
            "defender",
            &ErrorCodes::SOURCE,
            "list machines",
            ApiErrorKind::Forbidden,
        );
        error.tenant = Some(TenantName::new("contoso").unwrap());
        error.status = Some(403);
        error.code = Some("Forbidden".into());
        error.inner_code = Some("NotAllowed".into());
        error.message = "missing application roles".into();
        error.request_id = Some("77".into());
        error.attempts = 2;
        assert_eq!(
            error.to_string(),
            "tenant contoso: defender: list machines: forbidden (HTTP 403, Forbidden, NotAllowed): \
             missing application roles [request 77] after 2 attempts"
        );
    }
}
