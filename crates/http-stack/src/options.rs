//! What a stack is built from.

use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::{Clock, SystemClock, TenantName};

use crate::{
    Authentication, Backoff, ErrorCodes, JsonResponses, Origin, RequestEncoding, ResponsePolicy,
};

/// Calls allowed in any window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many calls. Zero counts as one.
    pub calls: u32,
    /// The length of the window.
    pub per: Duration,
}

impl Quota {
    /// A quota of `calls` in a minute.
    pub const fn per_minute(calls: u32) -> Self {
        Self { calls, per: Duration::from_secs(60) }
    }

    /// A quota of `calls` in an hour.
    pub const fn per_hour(calls: u32) -> Self {
        Self { calls, per: Duration::from_secs(3600) }
    }
}

/// Bounds of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bounds one call, every attempt and wait included. Default: 5 min.
    pub call_deadline: Duration,
    /// Bounds one attempt, from the request to the last byte of the body. Default: 60 s.
    pub attempt_timeout: Duration,
    /// How often a call is retried. Default: 6.
    pub max_retries: u32,
    /// The waits between attempts, where the remote names none.
    pub backoff: Backoff,
    /// The largest body that is accepted, decompressed. Default: 64 MiB.
    pub max_body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call_deadline: Duration::from_secs(5 * 60),
            attempt_timeout: Duration::from_secs(60),
            max_retries: 6,
            backoff: Backoff::default(),
            max_body_bytes: 64 * 1024 * 1024,
        }
    }
}

/// What a stack is built from.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// Names the API in errors and spans: `defender`, `graph`, `entra`, `sekoia`.
    pub api: &'static str,
    /// Which error codes its failures have. Default: [`ErrorCodes::SOURCE`].
    pub error_codes: ErrorCodes,
    /// The only scheme, host and port that the stack calls. A request to another one is refused.
    pub origin: Origin,
    /// The tenant, for errors and spans; `None` where the stack serves all tenants. Default: `None`.
    pub tenant: Option<TenantName>,
    /// Signs every attempt. Default: `None`.
    pub authentication: Option<Authentication>,
    /// How bodies of requests are compressed. Default: not at all.
    pub request_encoding: RequestEncoding,
    /// Quotas, which hold together. Default: none.
    pub quotas: Vec<Quota>,
    /// Bounds of a call.
    pub limits: Limits,
    /// How this API's responses are read. Default: [`JsonResponses`].
    pub responses: Arc<dyn ResponsePolicy>,
    /// Sends the W3C `traceparent` of the attempt along, so that the receiver can join the trace. For
    /// receivers that export to the same collector. Default: false.
    pub sends_trace_context: bool,
    /// The clock, for `Retry-After` with a date and for signatures. Default: the machine's.
    pub clock: Arc<dyn Clock>,
}

impl StackOptions {
    /// Defaults for `api` at `origin`: no tenant, no token, no quota.
    pub fn new(api: &'static str, origin: Origin) -> Self {
        Self {
            api,
            error_codes: ErrorCodes::SOURCE,
            origin,
            tenant: None,
            authentication: None,
            request_encoding: RequestEncoding::Identity,
            quotas: Vec::new(),
            limits: Limits::default(),
            responses: Arc::new(JsonResponses),
            sends_trace_context: false,
            clock: Arc::new(SystemClock),
        }
    }
}
