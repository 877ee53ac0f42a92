//! Keeps all calls of a stack within the API's quotas.
//!
//! Quotas hold all at once. No window of a quota's length sees more calls than it allows: of the
//! calls a fifth may come at once, and the rest are spread over the window. When a refusal names a
//! smaller quota than ours, that one holds from then on; a larger one changes nothing, because
//! other programs with the same app registration share it.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use http::Response;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use tower::layer::{Layer, layer_fn};

use stocktake_connector_core::ApiErrorKind;
use stocktake_telemetry::field;

use crate::Quota;
use crate::call::Call;
use crate::failure::Failure;
use crate::layers::service;

/// Quotas that one stack keeps at most; a remote that names ever new windows adds no more.
const MOST_QUOTAS: usize = 8;

#[derive(Debug, Clone)]
pub(crate) struct RateLimit<S> {
    inner: S,
    quotas: Arc<Quotas>,
}

pub(crate) fn layer<S>(quotas: &[Quota]) -> impl Layer<S, Service = RateLimit<S>> + use<S> {
    let quotas = Arc::new(Quotas::new(quotas));
    layer_fn(move |inner| RateLimit { inner, quotas: Arc::clone(&quotas) })
}

service!(RateLimit, Response<bytes::Bytes>, |this, request| {
    this.quotas.acquire(&Call::of(&request)).await?;
    let outcome = this.inner.call(request).await;
    if let Err(failure) = &outcome
        && failure.kind == ApiErrorKind::Throttled
        && let Some(named) = failure.detail.quota
    {
        this.quotas.adapt(named);
    }
    outcome
});

/// Time as tokio tells it, so that tests can pause it.
#[derive(Debug, Clone)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Cells = governor::RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

#[derive(Debug, Clone)]
struct Limit {
    quota: Quota,
    cells: Arc<Cells>,
    clock: TokioClock,
}

impl Limit {
    fn new(quota: Quota) -> Self {
        let calls = quota.calls.max(1);
        let burst = NonZeroU32::new(calls / 5).unwrap_or(NonZeroU32::MIN);
        // A window can hold the whole burst and what is added while it lasts, so the burst is
        // taken off what is added.
        let added = calls.saturating_sub(burst.get()).max(1);
        let every = (quota.per / added).max(Duration::from_nanos(1));
        let rate = governor::Quota::with_period(every)
            .unwrap_or(governor::Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        let clock = TokioClock(Instant::now());
        let cells = Arc::new(Cells::direct_with_clock(rate, clock.clone()));
        Self { quota, cells, clock }
    }

    /// A limit whose burst is used up: the remote has just refused.
    fn drained(quota: Quota) -> Self {
        let limit = Self::new(quota);
        // It fails only for more cells than the burst, which this is not.
        let _ = limit.cells.check_n(NonZeroU32::new(quota.calls / 5).unwrap_or(NonZeroU32::MIN));
        limit
    }

    /// How long to wait for the next cell; `None` when one was taken.
    fn take(&self) -> Option<Duration> {
        let refusal = self.cells.check().err()?;
        Some(refusal.wait_time_from(self.clock.now()).max(Duration::from_millis(1)))
    }
}

/// The quotas of one stack, the longest window first.
#[derive(Debug)]
struct Quotas {
    limits: Lock<Vec<Limit>>,
    /// One caller at a time takes cells, in the order of asking. Only the one whose turn it is can
    /// hold a cell of one quota while it waits for another's.
    turn: Mutex<()>,
}

impl Quotas {
    fn new(quotas: &[Quota]) -> Self {
        let mut limits: Vec<Limit> =
            quotas.iter().filter(|quota| !quota.per.is_zero()).copied().map(Limit::new).collect();
        limits.sort_by_key(|limit| std::cmp::Reverse(limit.quota.per));
        Self { limits: Lock::new(limits), turn: Mutex::new(()) }
    }

    fn limits(&self) -> Vec<Limit> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until every quota has room.
    async fn acquire(&self, call: &Call) -> Result<(), Box<Failure>> {
        let _turn = self.turn.lock().await;
        for limit in self.limits() {
            while let Some(wait) = limit.take() {
                if call.ends_before(wait) {
                    let Quota { calls, per } = limit.quota;
                    let message = format!("our quota of {calls} calls per {per:?} is used up");
                    return Err(Failure::throttled_past_deadline(message, wait));
                }
                sleep(wait).await;
            }
        }
        Ok(())
    }

    /// Keeps to a smaller quota than ours from now on.
    fn adapt(&self, named: Quota) {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = limits.iter().find(|limit| limit.quota.per == named.per);
        let keeps = match ours {
            Some(ours) => ours.quota.calls <= named.calls,
            None => limits.len() >= MOST_QUOTAS,
        };
        if keeps || named.per.is_zero() {
            return;
        }
        limits.retain(|limit| limit.quota.per != named.per);
        limits.push(Limit::drained(named));
        limits.sort_by_key(|limit| std::cmp::Reverse(limit.quota.per));
        tracing::warn!(
            { field::QUOTA_CALLS } = named.calls,
            { field::QUOTA_SECONDS } = named.per.as_secs(),
            "the API named a smaller quota than ours; it holds from now on"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The times at which calls that all want to go at once are let through.
    async fn times(quotas: &Quotas, count: usize) -> Vec<Duration> {
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..count {
            quotas.acquire(&Call::new("test")).await.unwrap();
            times.push(start.elapsed());
        }
        times
    }

    /// The most calls in any window of `per`.
    fn busiest(times: &[Duration], per: Duration) -> usize {
        times
            .iter()
            .map(|from| times.iter().filter(|at| *at >= from && **at < *from + per).count())
            .max()
            .unwrap_or(0)
    }

    fn paused<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(future)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_window_exceeds_any_quota(
            minute in 1u32..120,
            hour in 1u32..400,
            idle in 0u64..200,
        ) {
            let given = [Quota::per_minute(minute), Quota::per_hour(hour)];
            let times = paused(async {
                let quotas = Quotas::new(&given);
                let mut times = times(&quotas, 150).await;
                // After a rest the burst is full again; windows over the rest must still hold.
                sleep(Duration::from_secs(idle)).await;
                let rested = times.last().copied().unwrap_or_default() + Duration::from_secs(idle);
                times.extend(self::times(&quotas, 150).await.iter().map(|at| rested + *at));
                times
            });
            for quota in given {
                prop_assert!(busiest(&times, quota.per) <= quota.calls as usize);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_is_used_nearly_whole() {
        let quotas = Quotas::new(&[Quota::per_minute(50)]);
        let times = times(&quotas, 500).await;
        assert!(busiest(&times, Duration::from_secs(60)) >= 49);
        assert!(times[499] < Duration::from_secs(60 * 13), "{:?}", times[499]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_smaller_quota_that_a_refusal_names_holds_from_then_on() {
        let quotas = Quotas::new(&[Quota::per_minute(50)]);
        quotas.adapt(Quota::per_minute(10));
        let times = times(&quotas, 40).await;
        assert!(busiest(&times, Duration::from_secs(60)) <= 10);
        assert!(times[0] > Duration::ZERO, "the burst is used up when a refusal comes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_larger_quota_changes_nothing_and_new_windows_are_bounded() {
        let quotas = Quotas::new(&[Quota::per_minute(50)]);
        quotas.adapt(Quota::per_minute(51));
        assert_eq!(quotas.limits()[0].quota, Quota::per_minute(50));
        for second in 1..100 {
            quotas.adapt(Quota { calls: 9, per: Duration::from_secs(second) });
        }
        assert_eq!(quotas.limits().len(), MOST_QUOTAS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_past_the_deadline_ends_the_call_at_once() {
        let quotas = Quotas::new(&[Quota::per_hour(1)]);
        let mut call = Call::new("test");
        call.deadline = Some(Instant::now() + Duration::from_secs(60));
        quotas.acquire(&call).await.unwrap();
        let start = Instant::now();
        let failure = quotas.acquire(&call).await.unwrap_err();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(failure.kind, ApiErrorKind::Throttled);
        assert_eq!(failure.detail.retry_after, Some(Duration::from_secs(3600)));
    }
}
