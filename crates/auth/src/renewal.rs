//! Who asks for a token, and who goes on with the one that is there.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use stocktake_connector_core::{AccessToken, Clock, TokenScope};

use crate::cache::{Cache, Lookup, Slot};

/// How long a caller who has a valid token waits for its renewal.
const PATIENCE_WITH_RENEWAL: Duration = Duration::from_secs(10);

/// Gets a token anew, each time it is asked.
#[async_trait]
pub(crate) trait Issuer: Sync {
    type Error: Error + Clone + Send + Sync + 'static;

    async fn issue(&self, scope: &TokenScope) -> Result<AccessToken, Self::Error>;

    /// The error of a token that did not come in time.
    fn late(scope: &TokenScope) -> Self::Error;
}

/// Keeps an issuer's tokens by scope.
///
/// A token is renewed five minutes before its end, or at half its life when it lives shortly. One
/// request per scope is under way at a time. A renewal that fails leaves the old token in use for
/// as long as it is valid.
pub(crate) struct Renewal<I: Issuer> {
    pub(crate) issuer: I,
    clock: Arc<dyn Clock>,
    cache: Cache<I::Error>,
}

impl<I: Issuer> Renewal<I> {
    pub(crate) fn new(issuer: I, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, clock, cache: Cache::new() }
    }

    pub(crate) async fn get(&self, scope: &TokenScope) -> Result<AccessToken, I::Error> {
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
        slot: &Slot<I::Error>,
        scope: &TokenScope,
        old: AccessToken,
    ) -> AccessToken {
        let Ok(_flight) = slot.flight.try_lock() else { return old };
        let error = match tokio::time::timeout(PATIENCE_WITH_RENEWAL, self.ask(slot, scope)).await {
            Ok(Ok(token)) => return token,
            Ok(Err(error)) => error,
            Err(_) => {
                let error = I::late(scope);
                slot.failed(error.clone(), self.clock.now());
                error
            }
        };
        tracing::warn!(
            error = &error as &dyn Error,
            "an access token could not be renewed; the old one is used while it is valid"
        );
        old
    }

    /// Asks for a token, or waits for the caller who does.
    async fn acquire(
        &self,
        slot: &Slot<I::Error>,
        scope: &TokenScope,
    ) -> Result<AccessToken, I::Error> {
        let mark = slot.mark();
        let _flight = slot.flight.lock().await;
        if let Lookup::Fresh(token) | Lookup::Ageing(token) = slot.look_up(self.clock.now()) {
            return Ok(token);
        }
        if let Some(failure) = slot.failure_since(mark) {
            return Err(failure);
        }
        self.ask(slot, scope).await
    }

    /// Asks, and keeps what becomes of it.
    async fn ask(
        &self,
        slot: &Slot<I::Error>,
        scope: &TokenScope,
    ) -> Result<AccessToken, I::Error> {
        let outcome = self.issuer.issue(scope).await;
        match &outcome {
            Ok(token) => slot.renewed(token, self.clock.now()),
            Err(error) => slot.failed(error.clone(), self.clock.now()),
        }
        outcome
    }
}
