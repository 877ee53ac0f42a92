//! Holds all calls of a stack back while the API wants none.
//!
//! One refusal is about all calls, because they share the quota. Without this, each call would have
//! to collect a refusal of its own, and every one of them costs quota.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Response;
use tokio::time::{Instant, sleep_until};
use tower::layer::{Layer, layer_fn};

use crate::ApiErrorKind;
use stocktake_telemetry::field;

use crate::Backoff;
use crate::attempt_failure::{AttemptFailure, Retry};
use crate::call::{Call, Counters};
use crate::layers::service;

#[derive(Debug, Clone)]
pub(crate) struct Pause<S> {
    inner: S,
    until: Arc<Mutex<Option<Instant>>>,
    backoff: Backoff,
    counters: Arc<Counters>,
}

pub(crate) fn layer<S>(
    backoff: Backoff,
    counters: Arc<Counters>,
) -> impl Layer<S, Service = Pause<S>> {
    let until = Arc::default();
    layer_fn(move |inner| Pause {
        inner,
        until: Arc::clone(&until),
        backoff,
        counters: Arc::clone(&counters),
    })
}

service!(Pause, Response<bytes::Bytes>, |this, request| {
    let call = Call::of(&request);
    // Again after the wait: it may have grown meanwhile.
    while let Some((until, wait)) = this.rest() {
        if call.ends_before(wait) {
            let message = "the API asked all calls to wait".to_owned();
            return Err(AttemptFailure::throttled_past_deadline(message, wait));
        }
        sleep_until(until).await;
    }
    let outcome = this.inner.call(request).await;
    if let Err(failure) = &outcome
        && failure.kind == ApiErrorKind::Throttled
        // Otherwise it was not this API that throttled, but its identity provider.
        && failure.retry != Retry::Never
    {
        Counters::add(&this.counters.throttled);
        // A refusal that names no wait is answered by doubling ones.
        let wait = failure.detail.retry_after.unwrap_or_else(|| this.backoff.step(call.retries));
        this.extend(wait);
    }
    outcome
});

impl<S> Pause<S> {
    /// When the pause ends and how long that is from now, while there is one.
    fn rest(&self) -> Option<(Instant, Duration)> {
        let until = (*self.until.lock().unwrap_or_else(PoisonError::into_inner))?;
        let wait = until.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some((until, wait))
    }

    fn extend(&self, wait: Duration) {
        let Some(end) = Instant::now().checked_add(wait) else { return };
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_none_or(|until| until < end) {
            *until = Some(end);
            tracing::info!(
                { field::WAIT_MS } = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "the API asked to slow down; its calls wait"
            );
        }
    }
}
