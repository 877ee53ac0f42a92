//! When a failed operation is tried again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use tokio::time::{Instant, sleep};
use tower::retry::budget::{Budget, TpsBudget};

use crate::ApiErrorKind;

/// Retries in any ten seconds beyond those that successes earn.
const FREE_RETRIES_PER_SECOND: u32 = 5;
/// Retries that each success earns.
const RETRIES_PER_SUCCESS: f32 = 0.5;

/// Waits that double, each drawn at random from zero to its step ("full jitter").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest first wait. Default: 500 ms.
    pub base: Duration,
    /// The longest wait. Default: 60 s.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_secs(60) }
    }
}

impl Backoff {
    /// The longest wait before retry number `retry`, counted from zero.
    pub fn step(&self, retry: u32) -> Duration {
        let factor = 1u32.checked_shl(retry).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }

    /// A wait drawn evenly from zero to the step, so that calls that failed together part.
    pub fn draw(&self, retry: u32) -> Duration {
        self.step(retry).mul_f64(rand::rng().random_range(0.0..=1.0))
    }
}

/// The one rule for retries.
///
/// - [`ApiErrorKind::Throttled`] and [`ApiErrorKind::Unavailable`] are tried again, and nothing else.
/// - The wait is drawn with full jitter; `Retry-After` is a lower bound.
/// - An operation is tried again `max_retries` times at most, and never when the wait would pass its
///   deadline.
/// - A budget, shared by clones, bounds the retries of a remote that fails everything. Throttled
///   operations do not use it: the remote itself says when to come back.
///
/// Every [`ApiStack`](crate::ApiStack) applies it to its calls. A batch API that carries calls of its own
/// takes the policy of its stack ([`ApiStack::retry_policy`](crate::ApiStack::retry_policy)) for them:
///
/// ```
/// use stocktake_http_stack::{ApiErrorKind, Backoff, RetryPolicy};
///
/// # async fn send() -> Result<(), ApiErrorKind> { Ok(()) }
/// # async fn example() -> Result<(), ApiErrorKind> {
/// let policy = RetryPolicy::new(6, Backoff::default());
/// let mut retries = policy.begin(None);
/// loop {
///     match send().await {
///         Ok(()) => {
///             policy.record_success();
///             return Ok(());
///         }
///         Err(kind) => {
///             if !retries.wait(kind, None).await {
///                 return Err(kind);
///             }
///         }
///     }
/// }
/// # }
/// ```
///
/// The policy does not know whether an operation may be repeated: use it for operations that may. The
/// stack checks its own requests (see [`Idempotent`](crate::Idempotent)).
#[derive(Clone)]
pub struct RetryPolicy {
    max_retries: u32,
    backoff: Backoff,
    budget: Arc<TpsBudget>,
}

/// Why an operation is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRetry {
    /// The failure is not one that may pass, or the retries are used up.
    Final,
    /// The wait would end after the deadline.
    PastDeadline,
    /// Too many operations fail.
    Budget,
}

impl RetryPolicy {
    /// A policy with a budget of its own.
    pub fn new(max_retries: u32, backoff: Backoff) -> Self {
        let budget =
            TpsBudget::new(Duration::from_secs(10), FREE_RETRIES_PER_SECOND, RETRIES_PER_SUCCESS);
        Self { max_retries, backoff, budget: Arc::new(budget) }
    }

    /// The retries of one operation. With `None`, no deadline bounds them.
    pub fn begin(&self, deadline: Option<Instant>) -> Retries {
        Retries { policy: self.clone(), deadline, count: 0 }
    }

    /// An operation succeeded, which earns half a retry.
    pub fn record_success(&self) {
        self.budget.deposit();
    }

    /// The waits, where the remote names none.
    pub fn backoff(&self) -> Backoff {
        self.backoff
    }

    /// The wait before retry number `count`, counted from zero.
    pub(crate) fn decide(
        &self,
        count: u32,
        kind: ApiErrorKind,
        retry_after: Option<Duration>,
        deadline: Option<Instant>,
    ) -> Result<Duration, NoRetry> {
        if !matches!(kind, ApiErrorKind::Throttled | ApiErrorKind::Unavailable)
            || count >= self.max_retries
        {
            return Err(NoRetry::Final);
        }
        let wait = self.backoff.draw(count).max(retry_after.unwrap_or_default());
        if ends_after(deadline, wait) {
            return Err(NoRetry::PastDeadline);
        }
        if kind != ApiErrorKind::Throttled && !self.budget.withdraw() {
            return Err(NoRetry::Budget);
        }
        Ok(wait)
    }
}

/// Whether a wait from now ends at the deadline or after it.
pub(crate) fn ends_after(deadline: Option<Instant>, wait: Duration) -> bool {
    deadline.is_some_and(|deadline| {
        Instant::now().checked_add(wait).is_none_or(|then| then >= deadline)
    })
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("max_retries", &self.max_retries)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}

/// The retries of one operation: see [`RetryPolicy::begin`].
#[derive(Debug, Clone)]
pub struct Retries {
    policy: RetryPolicy,
    deadline: Option<Instant>,
    count: u32,
}

impl Retries {
    /// The wait before the next attempt, after a failure of `kind` that named `retry_after`; `None` when
    /// there is no next attempt. The attempt counts as made.
    pub fn next(&mut self, kind: ApiErrorKind, retry_after: Option<Duration>) -> Option<Duration> {
        let wait = self.policy.decide(self.count, kind, retry_after, self.deadline).ok()?;
        self.count += 1;
        Some(wait)
    }

    /// The same, and waits; false when there is no next attempt.
    ///
    /// # Cancellation
    /// Dropping the future ends the wait; the attempt counts as made.
    pub async fn wait(&mut self, kind: ApiErrorKind, retry_after: Option<Duration>) -> bool {
        let Some(wait) = self.next(kind, retry_after) else { return false };
        sleep(wait).await;
        true
    }

    /// How often the operation was tried again.
    pub fn count(&self) -> u32 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn steps_double_up_to_the_cap() {
        let backoff = Backoff::default();
        let steps: Vec<u64> = (0..9).map(|n| backoff.step(n).as_millis() as u64).collect();
        assert_eq!(steps, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(backoff.step(u32::MAX), backoff.cap);
    }

    proptest! {
        #[test]
        fn a_wait_stays_within_its_step(base in 0u64..10_000, cap in 0u64..100_000, n in any::<u32>()) {
            let backoff = Backoff {
                base: Duration::from_millis(base),
                cap: Duration::from_millis(cap),
            };
            prop_assert!(backoff.draw(n) <= backoff.step(n));
            prop_assert!(backoff.step(n) <= backoff.cap);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_failures_that_may_pass_are_tried_again_and_not_endlessly() {
        let policy = RetryPolicy::new(2, Backoff::default());
        for kind in [ApiErrorKind::Throttled, ApiErrorKind::Unavailable] {
            let mut retries = policy.begin(None);
            assert!(retries.next(kind, None).is_some());
            assert!(retries.next(kind, None).is_some());
            assert_eq!((retries.next(kind, None), retries.count()), (None, 2));
        }
        for kind in [ApiErrorKind::Refused, ApiErrorKind::Forbidden, ApiErrorKind::Malformed] {
            assert_eq!(policy.begin(None).next(kind, Some(SECOND)), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_a_lower_bound_and_the_deadline_an_upper_one() {
        let policy = RetryPolicy::new(6, Backoff::default());
        let start = Instant::now();
        let mut retries = policy.begin(Some(start + SECOND * 60));
        assert!(retries.wait(ApiErrorKind::Throttled, Some(SECOND * 40)).await);
        assert!(start.elapsed() >= SECOND * 40 && start.elapsed() < SECOND * 41);
        assert!(!retries.wait(ApiErrorKind::Throttled, Some(SECOND * 20)).await);
        assert!(start.elapsed() < SECOND * 41, "a wait that is too long is not begun");
    }

    #[tokio::test(start_paused = true)]
    async fn operations_share_a_budget_that_successes_earn_back() {
        let policy = RetryPolicy::new(6, Backoff::default());
        let retried =
            |kind| (0..200).filter(|_| policy.begin(None).next(kind, None).is_some()).count();
        assert_eq!(retried(ApiErrorKind::Throttled), 200);
        assert!((1..100).contains(&retried(ApiErrorKind::Unavailable)));
        assert_eq!(retried(ApiErrorKind::Unavailable), 0);
        for _ in 0..20 {
            policy.record_success();
        }
        assert_eq!(retried(ApiErrorKind::Unavailable), 10);
    }
}
