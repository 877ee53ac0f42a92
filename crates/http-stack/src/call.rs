//! What the layers of one call share, carried in the request's extensions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::time::Instant;

use stocktake_connector_core::TenantName;

use crate::retry_policy::ends_after;

/// One call, as its layers see it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The operation, in words.
    pub(crate) operation: &'static str,
    /// The tenant, where the stack serves several.
    pub(crate) tenant: Option<TenantName>,
    /// When the call ends, whatever happens. Set by the deadline layer.
    pub(crate) deadline: Option<Instant>,
    /// How often the call was tried again.
    pub(crate) retries: u32,
    /// How many calls an attempt counts as.
    pub(crate) weight: Weight,
    /// Requests on the wire, shared so that they are known when the call is given up midway.
    attempts: Arc<AtomicU32>,
}

impl Call {
    pub(crate) fn new(operation: &'static str) -> Self {
        Self {
            operation,
            tenant: None,
            deadline: None,
            retries: 0,
            weight: Weight::default(),
            attempts: Arc::default(),
        }
    }

    /// The call that `request` belongs to; every request through the stack has one.
    pub(crate) fn of(request: &Request<Bytes>) -> Self {
        request.extensions().get().cloned().unwrap_or_else(|| Self::new("call"))
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Counts a request on the wire, and gives how many of this call went before it.
    pub(crate) fn count_attempt(&self) -> u32 {
        self.attempts.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether a wait from now ends too late to try again.
    pub(crate) fn ends_before(&self, wait: Duration) -> bool {
        ends_after(self.deadline, wait)
    }
}

/// Marks a request that is retried after a response alone, not after a connection that failed: its
/// endpoint exists on some hosts only, and waiting for one that is not there is of no use.
///
/// A caller puts it into the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryResponsesOnly;

/// Marks a request that may be processed more than once, whatever its method: the receiver recognises
/// what it has already, or the second time changes nothing.
///
/// A caller puts it into the request's extensions. Requests with a safe method (`GET`, `HEAD`,
/// `OPTIONS`, `TRACE`), `PUT` and `DELETE` are idempotent without it. Any other is not sent again once
/// the server may have processed it: after a connection that broke off, a timeout or a 5xx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotent;

impl Idempotent {
    /// Whether `request` may be processed more than once.
    pub(crate) fn applies_to(request: &Request<Bytes>) -> bool {
        request.method().is_idempotent() || request.extensions().get::<Self>().is_some()
    }
}

/// How many calls a request counts as against the API's quotas: one, unless it carries several.
///
/// A caller puts it into the request's extensions. Zero counts as one, and more than a whole quota
/// as that quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight(pub u32);

impl Default for Weight {
    fn default() -> Self {
        Self(1)
    }
}

/// The path of a request below its API's base URL, with variable parts named instead of filled in, as
/// in `/api/machines/{id}`: what a span shows of a URL that may name a device.
///
/// A caller puts it into the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UrlTemplate(pub &'static str);

/// Counts since the stack was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Calls of [`crate::ApiStack::call`].
    pub calls: u64,
    /// Requests on the wire, whatever came of them.
    pub attempts: u64,
    /// Attempts that repeated an earlier one of the same call.
    pub retries: u64,
    /// Responses that asked to slow down.
    pub throttled: u64,
}

/// The counts as they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) calls: AtomicU64,
    pub(crate) attempts: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) throttled: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> CallCounts {
        CallCounts {
            calls: self.calls.load(Ordering::Relaxed),
            attempts: self.attempts.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
        }
    }
}
