//! Keeps all calls of a stack within the API's quotas.
//!
//! All quotas hold at once. No window of a quota's length sees more calls than it allows: a fifth of
//! the calls may go out in a burst, and the rest are spread over the window. A request that carries
//! several calls takes capacity for each. One that carries more than the burst waits until that much
//! capacity was saved up, which costs it about half of the throughput: callers do better to carry no
//! more than [`Quota::burst`]. One that carries more than a whole quota has to exceed it.

use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Duration;

use http::Response;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use tower::layer::{Layer, layer_fn};

use crate::Quota;
use crate::attempt_failure::AttemptFailure;
use crate::call::{Call, Weight};
use crate::layers::service;

#[derive(Debug, Clone)]
pub(crate) struct RateLimit<S> {
    inner: S,
    quotas: Arc<Quotas>,
}

pub(crate) fn layer<S>(quotas: &Arc<Quotas>) -> impl Layer<S, Service = RateLimit<S>> + use<S> {
    let quotas = Arc::clone(quotas);
    layer_fn(move |inner| RateLimit { inner, quotas: Arc::clone(&quotas) })
}

service!(RateLimit, Response<bytes::Bytes>, |this, request| {
    this.quotas.acquire(&Call::of(&request)).await?;
    this.inner.call(request).await
});

impl Quota {
    /// How many of the calls may go out at once: a fifth, but at least one. A request that counts as
    /// more has to wait until it has saved capacity up.
    pub const fn burst(&self) -> u32 {
        if self.calls < 5 { 1 } else { self.calls / 5 }
    }
}

/// The capacity of one quota. Times are those since the stack was built.
#[derive(Debug, Clone)]
struct Limit {
    quota: Quota,
    /// How long it takes until one call's capacity is back.
    every: Duration,
    /// When the capacity of everything that went out will be back.
    reserved_until: Duration,
}

impl Limit {
    fn new(quota: Quota) -> Self {
        // A window can hold the burst and what is added while it lasts, so the one is taken off the
        // other. With n calls in a window that begins with the first of them:
        // n * every <= reserved_until - first <= last + burst * every - first < (added + burst) * every.
        let added = quota.calls.saturating_sub(quota.burst()).max(1);
        let mut every = quota.per / added;
        if every * added < quota.per {
            every += Duration::from_nanos(1);
        }
        Self { quota, every, reserved_until: Duration::ZERO }
    }

    /// How long it takes until the capacity of `weight` is back.
    fn span(&self, weight: Weight) -> Duration {
        self.every.saturating_mul(weight.0.clamp(1, self.quota.calls.max(1)))
    }

    fn burst_span(&self) -> Duration {
        self.span(Weight(self.quota.burst()))
    }

    /// How long a request has to wait.
    fn wait(&self, weight: Weight, now: Duration) -> Duration {
        let then = self.reserved_until.saturating_add(self.span(weight));
        then.saturating_sub(self.burst_span()).saturating_sub(now)
    }

    fn reserve(&mut self, weight: Weight, now: Duration) {
        self.reserved_until = self.reserved_until.max(now).saturating_add(self.span(weight));
    }

    /// The share of the burst that is free now.
    fn left(&self, now: Duration) -> f64 {
        let reserved = self.reserved_until.saturating_sub(now);
        (1.0 - reserved.as_secs_f64() / self.burst_span().as_secs_f64()).max(0.0)
    }
}

/// The quotas of one stack.
#[derive(Debug)]
pub(crate) struct Quotas {
    /// The longest window first.
    limits: Lock<Vec<Limit>>,
    /// One caller at a time waits for capacity, in the order of asking.
    turn: Mutex<()>,
    built: Instant,
}

impl Quotas {
    pub(crate) fn new(quotas: &[Quota]) -> Self {
        let quotas = quotas.iter().filter(|quota| !quota.per.is_zero());
        let mut limits: Vec<_> = quotas.map(|quota| Limit::new(*quota)).collect();
        limits.sort_by_key(|limit| std::cmp::Reverse(limit.quota.per));
        Self { limits: Lock::new(limits), turn: Mutex::new(()), built: Instant::now() }
    }

    fn limits(&self) -> MutexGuard<'_, Vec<Limit>> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The share of the longest quota's burst that is free; `None` without a quota.
    pub(crate) fn left(&self) -> Option<f64> {
        self.limits().first().map(|limit| limit.left(self.built.elapsed()))
    }

    /// Takes capacity of every quota, or of none: then the one that has it last, and the wait.
    fn reserve(&self, weight: Weight) -> Result<(), (Quota, Duration)> {
        let now = self.built.elapsed();
        let mut limits = self.limits();
        let waits = limits.iter().map(|limit| (limit.quota, limit.wait(weight, now)));
        if let Some((quota, wait)) = waits.max_by_key(|(_, wait)| *wait)
            && !wait.is_zero()
        {
            return Err((quota, wait.max(Duration::from_millis(1))));
        }
        limits.iter_mut().for_each(|limit| limit.reserve(weight, now));
        Ok(())
    }

    /// Waits until every quota has capacity.
    async fn acquire(&self, call: &Call) -> Result<(), Box<AttemptFailure>> {
        let _turn = self.turn.lock().await;
        while let Err((Quota { calls, per }, wait)) = self.reserve(call.weight) {
            if call.ends_before(wait) {
                let message = format!("our quota of {calls} calls per {per:?} is used up");
                return Err(AttemptFailure::throttled_past_deadline(message, wait));
            }
            sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiErrorKind;
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
        let weighed: Vec<_> = times.iter().map(|at| (*at, 1)).collect();
        heaviest(&weighed, per) as usize
    }

    /// The most weight in any window of `per`.
    fn heaviest(times: &[(Duration, u32)], per: Duration) -> u32 {
        let within = |from: Duration| {
            times
                .iter()
                .filter(move |(at, _)| (from..from + per).contains(at))
                .map(|(_, w)| w)
                .sum()
        };
        times.iter().map(|(from, _)| within(*from)).max().unwrap_or(0)
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
            hour in 1u32..1_000,
            calls in prop::collection::vec((1u32..40, prop_oneof![Just(0u64), 0u64..200]), 1..150),
        ) {
            let given = [Quota::per_minute(minute), Quota::per_hour(hour)];
            // A heavier request than a whole quota cannot but exceed it.
            let most = minute.min(hour);
            let times = paused(async {
                let quotas = Quotas::new(&given);
                let start = Instant::now();
                let mut times = Vec::new();
                for (weight, rest) in calls {
                    let mut call = Call::new("test");
                    call.weight = Weight(weight.min(most));
                    quotas.acquire(&call).await.unwrap();
                    times.push((start.elapsed(), call.weight.0));
                    sleep(Duration::from_secs(rest)).await;
                }
                times
            });
            for quota in given {
                prop_assert!(heaviest(&times, quota.per) <= quota.calls, "{:?}", times);
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
    async fn what_is_left_is_the_free_share_of_the_longest_burst() {
        assert_eq!(Quotas::new(&[]).left(), None);
        let quotas = Quotas::new(&[Quota::per_minute(50), Quota::per_hour(500)]);
        assert_eq!(quotas.left(), Some(1.0));
        times(&quotas, 10).await;
        assert!((quotas.left().unwrap() - 0.9).abs() < 0.001);
        times(&quotas, 200).await;
        assert!(quotas.left().unwrap() < 0.02);
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(quotas.left(), Some(1.0));
    }

    async fn heavy_times(quota: Quota, weight: u32, count: usize) -> Vec<Duration> {
        let quotas = Quotas::new(&[quota]);
        let mut call = Call::new("test");
        call.weight = Weight(weight);
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..count {
            quotas.acquire(&call).await.unwrap();
            times.push(start.elapsed());
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_carries_several_calls_takes_capacity_for_each() {
        let minute = Duration::from_secs(60);
        let times = heavy_times(Quota::per_minute(100), 20, 50).await;
        assert!((4..=5).contains(&busiest(&times, minute)), "{times:?}");
        assert_eq!(heavy_times(Quota::per_minute(100), 0, 20).await, [Duration::ZERO; 20]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_heavier_than_the_burst_or_the_quota_still_goes_out() {
        let minute = Duration::from_secs(60);
        for (calls, weight) in [(50, 20), (20, 20), (10, 20), (1, 20), (1, u32::MAX)] {
            let times = heavy_times(Quota::per_minute(calls), weight, 20).await;
            let least = minute * weight.min(calls) * 18 / calls;
            let most = minute * weight.min(calls) * 46 / calls;
            assert!(times[19] >= least && times[19] <= most, "{calls} {weight}: {:?}", times[19]);
        }
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
