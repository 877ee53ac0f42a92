//! Early renewal of tokens, with one request per scope in flight.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use stocktake_connector_core::{AccessToken, Clock, TokenScope};

use crate::cache::{Cache, Lookup, Slot};

/// How long a caller with a valid token waits for its renewal.
pub(crate) const RENEWAL_TIMEOUT: Duration = Duration::from_secs(10);

/// Where tokens are requested.
#[async_trait]
pub(crate) trait TokenEndpoint: Sync {
    type Error: Error + Clone + Send + Sync + 'static;

    /// Requests a new token.
    async fn request_token(&self, scope: &TokenScope) -> Result<AccessToken, Self::Error>;

    /// The error of a request that took too long.
    fn timed_out(scope: &TokenScope) -> Self::Error;
}

/// Keeps an endpoint's tokens by scope.
///
/// A token is renewed five minutes before it expires, or at half its lifetime when that is short. One
/// request per scope is in flight at a time. A renewal that fails leaves the old token in use for as
/// long as it is valid.
pub(crate) struct Renewal<E: TokenEndpoint> {
    pub(crate) endpoint: E,
    clock: Arc<dyn Clock>,
    cache: Cache<E::Error>,
}

impl<E: TokenEndpoint> Renewal<E> {
    pub(crate) fn new(endpoint: E, clock: Arc<dyn Clock>) -> Self {
        Self { endpoint, clock, cache: Cache::new() }
    }

    pub(crate) async fn get(&self, scope: &TokenScope) -> Result<AccessToken, E::Error> {
        let slot = self.cache.slot(scope);
        match slot.look_up(self.clock.now()) {
            Lookup::Fresh(token) => Ok(token),
            Lookup::Ageing(token) => Ok(self.renew(&slot, scope, token).await),
            Lookup::Missing => self.acquire(&slot, scope).await,
        }
    }

    pub(crate) fn drop_token(&self, scope: &TokenScope, token: &AccessToken) {
        self.cache.slot(scope).drop_token(token);
    }

    /// Tries to replace a token that is still valid.
    async fn renew(
        &self,
        slot: &Slot<E::Error>,
        scope: &TokenScope,
        old: AccessToken,
    ) -> AccessToken {
        let Ok(_in_flight) = slot.in_flight.try_lock() else { return old };
        let error = match tokio::time::timeout(RENEWAL_TIMEOUT, self.request(slot, scope)).await {
            Ok(Ok(token)) => return token,
            Ok(Err(error)) => error,
            Err(_) => {
                let error = E::timed_out(scope);
                slot.failed(error.clone(), self.clock.now());
                error
            }
        };
        tracing::warn!(
            error = &error as &dyn Error,
            "an access token could not be renewed; the old one stays in use while it is valid"
        );
        old
    }

    /// Requests a token, or waits for the request that is in flight.
    async fn acquire(
        &self,
        slot: &Slot<E::Error>,
        scope: &TokenScope,
    ) -> Result<AccessToken, E::Error> {
        let mark = slot.mark();
        let _in_flight = slot.in_flight.lock().await;
        if let Lookup::Fresh(token) | Lookup::Ageing(token) = slot.look_up(self.clock.now()) {
            return Ok(token);
        }
        if let Some(failure) = slot.failure_since(mark) {
            return Err(failure);
        }
        self.request(slot, scope).await
    }

    /// Requests a token, and keeps the outcome.
    async fn request(
        &self,
        slot: &Slot<E::Error>,
        scope: &TokenScope,
    ) -> Result<AccessToken, E::Error> {
        let outcome = self.endpoint.request_token(scope).await;
        match &outcome {
            Ok(token) => slot.renewed(token, self.clock.now()),
            Err(error) => slot.failed(error.clone(), self.clock.now()),
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use stocktake_connector_core::FixedClock;
    use tokio::sync::oneshot;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
    enum Refusal {
        #[error("refused")]
        Refused,
        #[error("timed out")]
        TimedOut,
    }

    type Response = Result<&'static str, Refusal>;

    /// Responds to each request when the test says so; the tokens expire after an hour.
    #[derive(Default)]
    struct ByHand(Mutex<Vec<oneshot::Receiver<Response>>>);

    #[async_trait]
    impl TokenEndpoint for ByHand {
        type Error = Refusal;

        async fn request_token(&self, _: &TokenScope) -> Result<AccessToken, Refusal> {
            let response = self.0.lock().unwrap().remove(0);
            let token = response.await.unwrap()?;
            Ok(AccessToken::new(token, Some(at(3600))))
        }

        fn timed_out(_: &TokenScope) -> Refusal {
            Refusal::TimedOut
        }
    }

    #[derive(Debug, Default)]
    struct HandClock(Mutex<TimeDelta>);

    impl Clock for HandClock {
        fn now(&self) -> DateTime<Utc> {
            FixedClock(at(0)).now() + *self.0.lock().unwrap()
        }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    /// An endpoint with as many responses to come as there are senders.
    fn renewal<const N: usize>() -> (Renewal<ByHand>, [oneshot::Sender<Response>; N], Arc<HandClock>)
    {
        let endpoint = ByHand::default();
        let senders = std::array::from_fn(|_| {
            let (sender, receiver) = oneshot::channel();
            endpoint.0.lock().unwrap().push(receiver);
            sender
        });
        let clock = Arc::new(HandClock::default());
        (Renewal::new(endpoint, Arc::clone(&clock) as _), senders, clock)
    }

    fn exposed(outcome: Result<AccessToken, Refusal>) -> Result<String, Refusal> {
        outcome.map(|token| token.expose().to_owned())
    }

    #[tokio::test]
    async fn callers_who_wait_for_a_token_share_one_request() {
        let (renewal, [response], _) = renewal();
        let scope = TokenScope::new("graph");
        // The callers are polled in this order, so all of them wait when the response comes.
        let (a, b, c, sent) =
            tokio::join!(renewal.get(&scope), renewal.get(&scope), renewal.get(&scope), async {
                response.send(Ok("t1"))
            });
        sent.unwrap();
        for outcome in [a, b, c] {
            assert_eq!(exposed(outcome).unwrap(), "t1");
        }
    }

    #[tokio::test]
    async fn callers_who_wait_for_a_refusal_share_it() {
        let (renewal, [first, second], _) = renewal();
        let scope = TokenScope::new("graph");
        let (a, b, c, sent) =
            tokio::join!(renewal.get(&scope), renewal.get(&scope), renewal.get(&scope), async {
                first.send(Err(Refusal::Refused))
            });
        sent.unwrap();
        for outcome in [a, b, c] {
            assert_eq!(exposed(outcome), Err(Refusal::Refused));
        }
        // A later caller requests again: the secret may have been corrected.
        second.send(Ok("t1")).unwrap();
        assert_eq!(exposed(renewal.get(&scope).await).unwrap(), "t1");
    }

    #[tokio::test]
    async fn a_caller_who_gives_up_leaves_the_turn_to_the_next() {
        let (renewal, [_never, second], _) = renewal();
        let scope = TokenScope::new("graph");
        tokio::select! {
            biased;
            _ = renewal.get(&scope) => panic!("there is no response"),
            () = std::future::ready(()) => {}
        }
        second.send(Ok("t2")).unwrap();
        assert_eq!(exposed(renewal.get(&scope).await).unwrap(), "t2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_that_takes_too_long_leaves_the_old_token_in_use() {
        let (renewal, [first, _never, third], clock) = renewal();
        let scope = TokenScope::new("graph");
        first.send(Ok("t1")).unwrap();
        renewal.get(&scope).await.unwrap();
        *clock.0.lock().unwrap() = TimeDelta::seconds(3300);
        let start = tokio::time::Instant::now();
        assert_eq!(exposed(renewal.get(&scope).await).unwrap(), "t1");
        assert_eq!(start.elapsed(), RENEWAL_TIMEOUT);
        // The next attempt is half a minute later.
        assert_eq!(exposed(renewal.get(&scope).await).unwrap(), "t1");
        *clock.0.lock().unwrap() += TimeDelta::seconds(30);
        third.send(Ok("t3")).unwrap();
        assert_eq!(exposed(renewal.get(&scope).await).unwrap(), "t3");
    }
}
