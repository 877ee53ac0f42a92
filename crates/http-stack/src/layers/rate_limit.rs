//! Keeps all calls of a stack within the API's quotas.
//!
//! Quotas hold all at once. No window of a quota's length sees more calls than it allows: of the
//! calls a fifth may come at once, and the rest are spread over the window. A request that carries
//! several calls takes room for each. One that carries more than may come at once waits until that
//! much room was saved up, which costs it about half of the throughput: callers do better to carry no
//! more than [`Quota::at_once`]. One that carries more than a whole quota has to exceed it.
//!
//! When a refusal names a smaller quota than ours, that one holds until the API has refused nothing
//! for a while; a larger one changes nothing, because other programs with the same app registration
//! share it.

use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Duration;

use http::Response;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use tower::layer::{Layer, layer_fn};

use crate::ApiErrorKind;
use stocktake_telemetry::field;

use crate::Quota;
use crate::attempt_failure::{AttemptFailure, Retry};
use crate::call::{Call, Weight};
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

impl Quota {
    /// How many of the calls may go out at once: a fifth, but at least one. A request that counts as
    /// more has to wait until it has saved room up.
    pub const fn at_once(&self) -> u32 {
        if self.calls < 5 { 1 } else { self.calls / 5 }
    }
}

/// The room of one quota. Times are those since the stack was built.
#[derive(Debug, Clone)]
struct Limit {
    quota: Quota,
    /// How long one call takes to be made room for again.
    every: Duration,
    /// When everything that went out will have been made room for again.
    booked: Duration,
    /// What was taken, to tell of it; `booked` decides.
    used: QuotaUse,
}

impl Limit {
    fn new(quota: Quota, now: Duration) -> Self {
        // A window can hold all that goes out at once and what is added while it lasts, so the one is
        // taken off the other. With n calls in a window that begins with the first of them:
        // n * every <= booked - first <= last + at_once * every - first < (added + at_once) * every.
        let added = quota.calls.saturating_sub(quota.at_once()).max(1);
        let mut every = quota.per / added;
        if every * added < quota.per {
            every += Duration::from_nanos(1);
        }
        Self { quota, every, booked: now, used: QuotaUse::new(quota.per) }
    }

    /// A limit whose room is used up: calls went out, or were refused, just before it began.
    fn drained(quota: Quota, now: Duration) -> Self {
        let mut limit = Self::new(quota, now);
        limit.book(Weight(quota.at_once()), now);
        limit
    }

    /// How long what `weight` takes will have been made room for again.
    fn span(&self, weight: Weight) -> Duration {
        self.every.saturating_mul(weight.0.clamp(1, self.quota.calls.max(1)))
    }

    /// How long a request has to wait.
    fn wait(&self, weight: Weight, now: Duration) -> Duration {
        let then = self.booked.saturating_add(self.span(weight));
        let at_once = self.span(Weight(self.quota.at_once()));
        then.saturating_sub(at_once).saturating_sub(now)
    }

    fn book(&mut self, weight: Weight, now: Duration) {
        self.booked = self.booked.max(now).saturating_add(self.span(weight));
        self.used.take(weight.0);
    }

    /// The share of the quota that nobody took in the window that ends now.
    fn left(&mut self) -> f64 {
        let calls = f64::from(self.quota.calls.max(1));
        (1.0 - f64::from(self.used.taken()) / calls).max(0.0)
    }
}

/// The quotas of one stack.
#[derive(Debug)]
pub(crate) struct Quotas {
    configured: Vec<Quota>,
    held: Lock<Held>,
    /// One caller at a time waits for room, in the order of asking.
    turn: Mutex<()>,
    built: Instant,
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
        let limits = configured.iter().map(|quota| Limit::new(*quota, Duration::ZERO)).collect();
        let mut held = Held { limits, refused: None };
        held.sort();
        Self { configured, held: Lock::new(held), turn: Mutex::new(()), built: Instant::now() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Our limits again, once the API has been calm for long enough.
    fn give_way(&self, held: &mut Held, now: Duration) {
        let longest = held.limits.first().map_or(CALM, |limit| limit.quota.per.max(CALM));
        if held.refused.is_none_or(|at| at.elapsed() < longest) {
            return;
        }
        let (ours, named): (Vec<_>, Vec<_>) =
            held.limits.drain(..).partition(|limit| self.configured.contains(&limit.quota));
        held.limits = ours;
        let given_way = self
            .configured
            .iter()
            .filter(|quota| named.iter().any(|limit| limit.quota.per == quota.per));
        // What went out under the smaller quota still counts in the present window.
        held.limits.extend(given_way.map(|quota| Limit::drained(*quota, now)));
        held.sort();
        held.refused = None;
        tracing::info!("the API refused nothing for long; the configured quotas hold again");
    }

    /// The share of the longest quota that is still free; `None` without a quota.
    pub(crate) fn left(&self) -> Option<f64> {
        let mut held = self.held();
        self.give_way(&mut held, self.built.elapsed());
        held.limits.first_mut().map(Limit::left)
    }

    /// Takes room in every quota, or in none: then the one that has it last, and the wait.
    fn book(&self, weight: Weight) -> Result<(), (Quota, Duration)> {
        let now = self.built.elapsed();
        let mut held = self.held();
        self.give_way(&mut held, now);
        let waits = held.limits.iter().map(|limit| (limit.quota, limit.wait(weight, now)));
        if let Some((quota, wait)) = waits.max_by_key(|(_, wait)| *wait)
            && !wait.is_zero()
        {
            return Err((quota, wait.max(Duration::from_millis(1))));
        }
        held.limits.iter_mut().for_each(|limit| limit.book(weight, now));
        Ok(())
    }

    /// Waits until every quota has room.
    async fn acquire(&self, call: &Call) -> Result<(), Box<AttemptFailure>> {
        let _turn = self.turn.lock().await;
        while let Err((Quota { calls, per }, wait)) = self.book(call.weight) {
            if call.ends_before(wait) {
                let message = format!("our quota of {calls} calls per {per:?} is used up");
                return Err(AttemptFailure::throttled_past_deadline(message, wait));
            }
            sleep(wait).await;
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
        held.limits.push(Limit::drained(named, self.built.elapsed()));
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

    impl Quotas {
        /// The limits that hold now.
        fn limits(&self) -> Vec<Limit> {
            let mut held = self.held();
            self.give_way(&mut held, self.built.elapsed());
            held.limits.clone()
        }
    }

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
        let room = || -> Vec<_> {
            quotas.limits().iter().map(|limit| (limit.quota, limit.booked)).collect()
        };
        let before = room();
        sleep(CALM * 2).await;
        assert_eq!(room(), before);
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
