//! Keeps all calls of a stack within the API's quotas.
//!
//! Quotas hold all at once. No window of a quota's length sees more calls than it allows: of the
//! calls a fifth may come at once, and the rest are spread over the window. A request that carries
//! several calls takes room for each; where they are more than a fifth of the quota, it saves room
//! up, and two such requests may come closer together than their room did.
//!
//! When a refusal names a smaller quota than ours, that one holds until the API has refused nothing
//! for a while; a larger one changes nothing, because other programs with the same app registration
//! share it.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
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
use crate::call::{Call, Weight};
use crate::failure::{Failure, Retry};
use crate::layers::service;
use crate::quota_use::QuotaUse;

/// Quotas that one stack keeps at most; a remote that names ever new windows adds no more.
const MOST_QUOTAS: usize = 8;

/// How long the API must refuse nothing before a quota that it named gives way to ours again. The
/// longest window that these APIs are known to count by is an hour: after that none of the calls
/// that led to the refusal counts any more.
const CALM: Duration = Duration::from_secs(60 * 60);

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
    let outcome = this.inner.call(request).await;
    if let Err(failure) = &outcome
        && failure.kind == ApiErrorKind::Throttled
        // What is not to be tried again was no answer of this API.
        && failure.retry == Retry::Again
    {
        this.quotas.refused(failure.detail.quota);
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
    /// Most cells that can be taken at once.
    burst: NonZeroU32,
    cells: Arc<Cells>,
    clock: TokioClock,
    /// What was taken, to tell of it. The cells decide.
    used: Arc<Lock<QuotaUse>>,
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
        let used = Arc::new(Lock::new(QuotaUse::new(quota.per)));
        Self { quota, burst, cells, clock, used }
    }

    /// A limit whose burst is used up: calls went out, or were refused, just before it began.
    fn drained(quota: Quota) -> Self {
        let limit = Self::new(quota);
        // It fails only for more cells than the burst, which this is not.
        let _ = limit.take(limit.burst);
        limit
    }

    fn used(&self) -> MutexGuard<'_, QuotaUse> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The share of the quota that nobody took in the window that ends now.
    fn left(&self) -> f64 {
        let calls = f64::from(self.quota.calls.max(1));
        (1.0 - f64::from(self.used().taken()) / calls).max(0.0)
    }

    /// The cells that a request takes, a burst at a time. Never more than the quota, or a request
    /// could not go out at all.
    fn portions(&self, weight: Weight) -> impl Iterator<Item = NonZeroU32> + use<> {
        let burst = self.burst.get();
        let mut left = weight.0.clamp(1, self.quota.calls.max(1));
        std::iter::from_fn(move || {
            let portion = NonZeroU32::new(left.min(burst))?;
            left -= portion.get();
            Some(portion)
        })
    }

    /// How long to wait for `cells`, at most the burst; `None` when they were taken.
    fn take(&self, cells: NonZeroU32) -> Option<Duration> {
        let Ok(Err(refusal)) = self.cells.check_n(cells) else {
            self.used().take(cells.get());
            return None;
        };
        Some(refusal.wait_time_from(self.clock.now()).max(Duration::from_millis(1)))
    }
}

/// The quotas of one stack.
#[derive(Debug)]
pub(crate) struct Quotas {
    configured: Vec<Quota>,
    held: Lock<Held>,
    /// One caller at a time takes cells, in the order of asking. Only the one whose turn it is can
    /// hold a cell of one quota while it waits for another's.
    turn: Mutex<()>,
}

/// The quotas that hold now.
#[derive(Debug)]
struct Held {
    /// The longest window first.
    limits: Vec<Limit>,
    /// When the API last refused, while one of the limits is one that it named.
    refused: Option<Instant>,
}

impl Held {
    fn sort(&mut self) {
        self.limits.sort_by_key(|limit| std::cmp::Reverse(limit.quota.per));
    }
}

impl Quotas {
    pub(crate) fn new(quotas: &[Quota]) -> Self {
        let configured: Vec<Quota> =
            quotas.iter().filter(|quota| !quota.per.is_zero()).copied().collect();
        let limits = configured.iter().copied().map(Limit::new).collect();
        let mut held = Held { limits, refused: None };
        held.sort();
        Self { configured, held: Lock::new(held), turn: Mutex::new(()) }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limits that hold now: ours again, once the API has been calm for long enough.
    fn limits(&self) -> Vec<Limit> {
        let mut held = self.held();
        let longest = held.limits.first().map_or(CALM, |limit| limit.quota.per.max(CALM));
        if held.refused.is_some_and(|at| at.elapsed() >= longest) {
            let (ours, named): (Vec<_>, Vec<_>) =
                held.limits.drain(..).partition(|limit| self.configured.contains(&limit.quota));
            held.limits = ours;
            let given_way = self
                .configured
                .iter()
                .filter(|quota| named.iter().any(|limit| limit.quota.per == quota.per));
            // What went out under the smaller quota still counts in the present window.
            held.limits.extend(given_way.copied().map(Limit::drained));
            held.sort();
            held.refused = None;
            tracing::info!("the API refused nothing for long; the configured quotas hold again");
        }
        held.limits.clone()
    }

    /// The share of the longest quota that is still free; `None` without a quota.
    pub(crate) fn left(&self) -> Option<f64> {
        self.limits().first().map(Limit::left)
    }

    /// Waits until every quota has room.
    async fn acquire(&self, call: &Call) -> Result<(), Box<Failure>> {
        let _turn = self.turn.lock().await;
        for limit in self.limits() {
            for cells in limit.portions(call.weight) {
                while let Some(wait) = limit.take(cells) {
                    if call.ends_before(wait) {
                        let Quota { calls, per } = limit.quota;
                        let message = format!("our quota of {calls} calls per {per:?} is used up");
                        return Err(Failure::throttled_past_deadline(message, wait));
                    }
                    sleep(wait).await;
                }
            }
        }
        Ok(())
    }

    /// The API refused a call; to a smaller quota than ours that it names we keep for now.
    fn refused(&self, named: Option<Quota>) {
        let mut held = self.held();
        if held.refused.is_some() {
            held.refused = Some(Instant::now());
        }
        let Some(named) = named.filter(|named| !named.per.is_zero()) else { return };
        let ours = held.limits.iter().find(|limit| limit.quota.per == named.per);
        let keeps = match ours {
            Some(ours) => ours.quota.calls <= named.calls,
            None => held.limits.len() >= MOST_QUOTAS,
        };
        if keeps {
            return;
        }
        held.limits.retain(|limit| limit.quota.per != named.per);
        held.limits.push(Limit::drained(named));
        held.sort();
        held.refused = Some(Instant::now());
        tracing::warn!(
            { field::QUOTA_CALLS } = named.calls,
            { field::QUOTA_SECONDS } = named.per.as_secs(),
            "the API named a smaller quota than ours; it holds for now"
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
        quotas.refused(Some(Quota::per_minute(10)));
        let times = times(&quotas, 40).await;
        assert!(busiest(&times, Duration::from_secs(60)) <= 10);
        assert!(times[0] > Duration::ZERO, "the burst is used up when a refusal comes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_larger_quota_changes_nothing_and_new_windows_are_bounded() {
        let quotas = Quotas::new(&[Quota::per_minute(50)]);
        quotas.refused(Some(Quota::per_minute(51)));
        assert_eq!(quotas.limits()[0].quota, Quota::per_minute(50));
        for second in 1..100 {
            quotas.refused(Some(Quota { calls: 9, per: Duration::from_secs(second) }));
        }
        assert_eq!(quotas.limits().len(), MOST_QUOTAS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_named_quota_gives_way_to_ours_after_a_long_calm() {
        let quotas = Quotas::new(&[Quota::per_minute(50)]);
        quotas.refused(Some(Quota::per_minute(10)));
        quotas.refused(Some(Quota { calls: 3, per: Duration::from_secs(10) }));
        sleep(CALM - Duration::from_secs(1)).await;
        // Any refusal ends the calm, also one that names nothing or what we keep to anyway.
        for named in [None, Some(Quota::per_minute(10))] {
            quotas.refused(named);
            sleep(CALM - Duration::from_secs(1)).await;
            assert_eq!(quotas.limits()[0].quota, Quota::per_minute(10));
        }
        let mut times = times(&quotas, 20).await;
        sleep(Duration::from_secs(1)).await;
        let rested = *times.last().unwrap() + Duration::from_secs(1);
        times.extend(self::times(&quotas, 100).await.iter().map(|at| rested + *at));

        let limits = quotas.limits();
        assert_eq!(limits.iter().map(|limit| limit.quota).collect::<Vec<_>>(), quotas.configured);
        let busiest = busiest(&times, Duration::from_secs(60));
        assert!(busiest > 30 && busiest <= 50, "{busiest}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_named_quota_a_refusal_changes_no_room() {
        let quotas = Quotas::new(&[Quota::per_minute(50)]);
        times(&quotas, 50).await;
        quotas.refused(None);
        let cells = Arc::clone(&quotas.limits()[0].cells);
        sleep(CALM * 2).await;
        assert!(Arc::ptr_eq(&cells, &quotas.limits()[0].cells));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_is_the_free_share_of_the_longest_quota() {
        assert_eq!(Quotas::new(&[]).left(), None);
        let quotas = Quotas::new(&[Quota::per_minute(1_000), Quota::per_hour(100)]);
        assert_eq!(quotas.left(), Some(1.0));
        times(&quotas, 20).await;
        let left = quotas.left().unwrap();
        assert!((left - 0.8).abs() < 1e-9, "{left}");
        sleep(Duration::from_secs(3_600)).await;
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
    async fn a_request_that_carries_several_calls_takes_room_for_each() {
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
            let most = minute * weight.min(calls) * 30 / calls;
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
