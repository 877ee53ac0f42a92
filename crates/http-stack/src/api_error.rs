//! The error taxonomy: what went wrong at an outside API, and what the caller should do.

use std::time::Duration;

use crate::TenantName;

/// Any error, boxed.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the caller of a failed operation should do. Callers act on this, never on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Leave it for now; the next cycle may succeed. Retries within the call are already spent.
    NextCycle {
        /// The remote's own wish, when it named one.
        after: Option<Duration>,
    },
    /// Only a person can mend it: a permission, a credential, a setting.
    Operator,
    /// The remote broke its contract or we did; repeating will not help.
    Defect,
}

/// What kind of answer, or lack of one, ended a call.
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
    /// The answer is larger than the configured bound.
    TooLarge,
    /// The answer is not what the API documents: HTML, broken JSON, a missing envelope.
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
    /// Which tenant the call was for; sinks that serve all tenants have none.
    pub tenant: Option<TenantName>,
    /// What was asked, in words fit for a message: `list machines`.
    pub operation: &'static str,
    /// What kind of failure.
    pub kind: ApiErrorKind,
    /// HTTP status of the last answer, if there was one.
    pub status: Option<u16>,
    /// The API's own error code (`Forbidden`, `AADSTS7000215`, …).
    pub code: Option<String>,
    /// The code of a service behind the API, where the API passes its answer on (Intune's, behind
    /// Graph's own).
    pub inner_code: Option<String>,
    /// The API's own message, cut to a bounded length; or ours where it said nothing.
    pub message: String,
    /// The id to quote to the API's support.
    pub request_id: Option<String>,
    /// How often the call was tried.
    pub attempts: u32,
    /// The wait that the last answer asked for.
    pub retry_after: Option<Duration>,
    /// What the operator can do, as a sentence.
    pub advice: Option<String>,
    /// The failure below, for example of the connection. A call that failed for want of a token has
    /// the [`TokenError`](crate::TokenError) here, whatever its kind.
    #[source]
    pub source: Option<BoxError>,
}

impl ApiError {
    /// A failure of `kind` at `api` while doing `operation`; the other facts are set by field.
    pub fn new(api: &'static str, operation: &'static str, kind: ApiErrorKind) -> Self {
        Self {
            api,
            tenant: None,
            operation,
            kind,
            status: None,
            code: None,
            inner_code: None,
            message: String::new(),
            request_id: None,
            attempts: 1,
            retry_after: None,
            advice: None,
            source: None,
        }
    }

    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self.kind {
            ApiErrorKind::Throttled
            | ApiErrorKind::Unavailable
            | ApiErrorKind::DeadlineExceeded => Recovery::NextCycle { after: self.retry_after },
            ApiErrorKind::NoToken | ApiErrorKind::Unauthorised | ApiErrorKind::Forbidden => {
                Recovery::Operator
            }
            ApiErrorKind::NotFound
            | ApiErrorKind::Refused
            | ApiErrorKind::TooLarge
            | ApiErrorKind::Malformed => Recovery::Defect,
        }
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
            ApiErrorKind::DeadlineExceeded => "no answer before the deadline",
            ApiErrorKind::NoToken => "no access token",
            ApiErrorKind::Unauthorised => "not authorised",
            ApiErrorKind::Forbidden => "forbidden",
            ApiErrorKind::NotFound => "not found",
            ApiErrorKind::Refused => "refused",
            ApiErrorKind::TooLarge => "answer too large",
            ApiErrorKind::Malformed => "answer not understood",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_api_tenant_operation_status_code_and_request() {
        let mut error = ApiError::new("defender", "list machines", ApiErrorKind::Forbidden);
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
