//! The hook through which a program measures its HTTP requests.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::Method;

use stocktake_connector_core::TenantName;

use crate::ApiErrorKind;
use crate::attempt_failure::kind_name;

/// How a request on the wire ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// With a response that is a success.
    Succeeded,
    /// With a failure of this kind. Failures without a request on the wire are not attempts.
    Failed(ApiErrorKind),
    /// The call ended before a response came, by its deadline or its caller.
    Cancelled,
}

impl AttemptOutcome {
    /// The value of `error.type`, of a small, fixed set; `None` for a success.
    pub fn error_type(self) -> Option<&'static str> {
        match self {
            Self::Succeeded => None,
            Self::Failed(kind) => Some(kind_name(kind)),
            Self::Cancelled => Some("cancelled"),
        }
    }
}

/// A request on the wire that has ended: what `http.client.request.duration` records.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The API, as [`StackOptions::api`](crate::StackOptions::api) names it.
    pub api: &'static str,
    /// The tenant; `None` for what serves all tenants.
    pub tenant: Option<&'a TenantName>,
    /// The method.
    pub method: &'a Method,
    /// The host, as the configuration names it.
    pub server_address: &'a str,
    /// The port, the scheme's own where the URL names none.
    pub server_port: Option<u16>,
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// The server's time in whole seconds, by the header `Date` of the response.
    pub server_time: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// How many requests of the same call went before it.
    pub resend_count: u32,
    /// From its start to the last byte of the response, without the waits before it.
    pub duration: Duration,
}

/// Observes every request on the wire.
///
/// # Shape
/// It is called before the caller gets the response, so it must be quick and must not block.
pub trait AttemptObserver: fmt::Debug + Send + Sync {
    /// A request has ended.
    fn attempt_ended(&self, attempt: &Attempt<'_>);
}
