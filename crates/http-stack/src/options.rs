//! What a stack is built from.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::{Clock, SystemClock, TenantName, TokenProvider, TokenScope};

use crate::{Backoff, ErrorCodes, JsonResponses, Origin, ResponsePolicy};

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
    /// How often a call is tried again after its first attempt. Default: 6.
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

/// Who gives the tokens of a stack, and for what.
#[derive(Clone)]
pub struct Authorisation {
    /// Gives and caches the tokens.
    pub provider: Arc<dyn TokenProvider>,
    /// What they are asked for.
    pub scope: TokenScope,
}

impl fmt::Debug for Authorisation {
    // By hand, because a third party's token provider may derive a `Debug` that shows its secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorisation").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What a stack is built from.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// Names the API in errors and spans: `defender`, `graph`, `entra`, `sekoia`.
    pub api: &'static str,
    /// Which error codes its failures have. Default: [`ErrorCodes::SOURCE`].
    pub error_codes: ErrorCodes,
    /// The only scheme, host and port that the stack asks. A request to another one is refused.
    pub origin: Origin,
    /// The tenant, for errors and spans; `None` for what serves all tenants. Default: `None`.
    pub tenant: Option<TenantName>,
    /// Adds `Authorization: Bearer …` to every attempt. Default: `None`.
    pub authorisation: Option<Authorisation>,
    /// Quotas that hold all at once. Default: none.
    pub quotas: Vec<Quota>,
    /// Bounds of a call.
    pub limits: Limits,
    /// What only this API knows of its answers. Default: [`JsonResponses`].
    pub responses: Arc<dyn ResponsePolicy>,
    /// Sends the W3C `traceparent` of the attempt along, so that the receiver can join the trace. For
    /// receivers of one's own: to others the ids say nothing. Default: false.
    pub sends_trace_context: bool,
    /// Tells the time, for `Retry-After` with a date. Default: the machine's.
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
            authorisation: None,
            quotas: Vec::new(),
            limits: Limits::default(),
            responses: Arc::new(JsonResponses),
            sends_trace_context: false,
            clock: Arc::new(SystemClock),
        }
    }
}
