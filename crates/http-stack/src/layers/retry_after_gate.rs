//! Holds all calls of a stack back until the time that `Retry-After` names.
//!
//! One refusal is about all calls, because they share the quota. Without the gate, each call would
//! collect a refusal of its own, and every one of them costs quota. A call that cannot wait for the gate
//! to open fails at once, without a request on the wire.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Response;
use tokio::time::{Instant, sleep_until};
use tower::layer::{Layer, layer_fn};

use stocktake_telemetry::field;

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::call::{Call, Counters};
use crate::layers::service;
use crate::{ApiErrorKind, Backoff};

#[derive(Debug, Clone)]
pub(crate) struct RetryAfterGate<S> {
    inner: S,
    opens_at: Arc<Mutex<Option<Instant>>>,
    backoff: Backoff,
    counters: Arc<Counters>,
}

pub(crate) fn layer<S>(
    backoff: Backoff,
    counters: Arc<Counters>,
) -> impl Layer<S, Service = RetryAfterGate<S>> {
    let opens_at = Arc::default();
    layer_fn(move |inner| RetryAfterGate {
        inner,
        opens_at: Arc::clone(&opens_at),
        backoff,
        counters: Arc::clone(&counters),
    })
}

service!(RetryAfterGate, Response<bytes::Bytes>, |this, request| {
    let call = Call::of(&request);
    // Again after the wait: it may have grown meanwhile.
    while let Some((opens_at, wait)) = this.closed() {
        if call.ends_before(wait) {
            let message = "an earlier response asked all calls to wait".to_owned();
            return Err(AttemptFailure::throttled_past_deadline(message, wait));
        }
        sleep_until(opens_at).await;
    }
    let outcome = this.inner.call(request).await;
    if let Err(failure) = &outcome
        && failure.kind == ApiErrorKind::Throttled
        // Otherwise it was not this API that throttled, but its identity provider.
        && failure.retry != Retry::Never
    {
        Counters::add(&this.counters.throttled);
        // Without `Retry-After`, refusals in a row double the wait.
        let wait = failure.detail.retry_after.unwrap_or_else(|| this.backoff.step(call.retries));
        this.close(wait);
    }
    outcome
});

impl<S> RetryAfterGate<S> {
    /// When the gate opens and how long that is from now, while it is closed.
    fn closed(&self) -> Option<(Instant, Duration)> {
        let opens_at = (*self.opens_at.lock().unwrap_or_else(PoisonError::into_inner))?;
        let wait = opens_at.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some((opens_at, wait))
    }

    fn close(&self, wait: Duration) {
        let Some(end) = Instant::now().checked_add(wait) else { return };
        let mut opens_at = self.opens_at.lock().unwrap_or_else(PoisonError::into_inner);
        if opens_at.is_none_or(|opens_at| opens_at < end) {
            *opens_at = Some(end);
            tracing::info!(
                { field::WAIT_MS } = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "the API asked to slow down; its calls wait"
            );
        }
    }
}
