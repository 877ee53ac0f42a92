//! Tokens kept by scope: renewed early, one renewal at a time.
//!
//! Nobody waits for a token that is still valid: while one caller renews it, the others use the old
//! one, and so do all when the renewal fails. Without a valid token, callers wait for the one request
//! that is in flight, and share its outcome.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use stocktake_connector_core::{AccessToken, TokenScope};

/// How long before its end a token is renewed. Entra's own libraries do it 300 s before.
const EARLY: TimeDelta = TimeDelta::seconds(300);
/// How long a token that could not be renewed is used before the next attempt.
const PAUSE_AFTER_FAILURE: TimeDelta = TimeDelta::seconds(30);

/// A token and its times.
#[derive(Debug, Clone)]
struct Cached {
    token: AccessToken,
    renew_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// What the cache has at one instant.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// Valid, and not yet due for renewal.
    Fresh(AccessToken),
    /// Valid, but due for renewal.
    Ageing(AccessToken),
    /// No valid token.
    Missing,
}

/// The token of one scope, and the permit to renew it.
#[derive(Debug)]
pub(crate) struct Slot<E> {
    state: Mutex<State<E>>,
    /// Held by the caller that asks for a token.
    pub(crate) in_flight: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State<E> {
    cached: Option<Cached>,
    /// Completed requests, failed ones included.
    ended: u64,
    /// The failure of the last one.
    failure: Option<E>,
}

impl<E: Clone> Slot<E> {
    fn new() -> Self {
        Self {
            state: Mutex::new(State { cached: None, ended: 0, failure: None }),
            in_flight: tokio::sync::Mutex::new(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn look_up(&self, now: DateTime<Utc>) -> Lookup {
        match &self.state().cached {
            Some(cached) if now < cached.renew_at => Lookup::Fresh(cached.token.clone()),
            Some(cached) if now < cached.expires_at => Lookup::Ageing(cached.token.clone()),
            _ => Lookup::Missing,
        }
    }

    /// A mark of this instant, for [`Slot::failure_since`].
    pub(crate) fn mark(&self) -> u64 {
        self.state().ended
    }

    /// The failure of a request that completed since `mark`.
    pub(crate) fn failure_since(&self, mark: u64) -> Option<E> {
        let state = self.state();
        (state.ended > mark).then(|| state.failure.clone()).flatten()
    }

    pub(crate) fn renewed(&self, token: &AccessToken, now: DateTime<Utc>) {
        let mut state = self.state();
        state.ended += 1;
        state.failure = None;
        state.cached = token.expires_at().map(|expires_at| {
            let early = EARLY.min((expires_at - now) / 2);
            Cached { token: token.clone(), renew_at: expires_at - early, expires_at }
        });
    }

    pub(crate) fn failed(&self, failure: E, now: DateTime<Utc>) {
        let mut state = self.state();
        state.ended += 1;
        state.failure = Some(failure);
        if let Some(cached) = &mut state.cached {
            cached.renew_at = (now + PAUSE_AFTER_FAILURE).min(cached.expires_at);
        }
    }

    /// Drops `token`, unless a newer one has taken its place.
    pub(crate) fn drop_token(&self, token: &AccessToken) {
        let mut state = self.state();
        if state.cached.as_ref().is_some_and(|cached| cached.token.same_as(token)) {
            state.cached = None;
        }
    }
}

/// The slots of all scopes.
#[derive(Debug)]
pub(crate) struct Cache<E>(Mutex<HashMap<TokenScope, Arc<Slot<E>>>>);

impl<E: Clone> Cache<E> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    pub(crate) fn slot(&self, scope: &TokenScope) -> Arc<Slot<E>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(scope.clone()).or_insert_with(|| Arc::new(Slot::new())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn slot(lifetime: i64) -> (Slot<&'static str>, AccessToken) {
        let slot = Slot::new();
        let token = AccessToken::new("t", Some(at(lifetime)));
        slot.renewed(&token, at(0));
        (slot, token)
    }

    fn found(slot: &Slot<&'static str>, second: i64) -> &'static str {
        match slot.look_up(at(second)) {
            Lookup::Fresh(_) => "fresh",
            Lookup::Ageing(_) => "ageing",
            Lookup::Missing => "missing",
        }
    }

    #[test]
    fn a_token_is_renewed_five_minutes_before_its_end() {
        let (slot, _) = slot(3600);
        assert_eq!(found(&slot, 3299), "fresh");
        assert_eq!(found(&slot, 3300), "ageing");
        assert_eq!(found(&slot, 3599), "ageing");
        assert_eq!(found(&slot, 3600), "missing");
    }

    #[test]
    fn a_short_lived_token_is_renewed_at_half_its_life() {
        let (slot, _) = slot(100);
        assert_eq!(found(&slot, 49), "fresh");
        assert_eq!(found(&slot, 50), "ageing");
    }

    #[test]
    fn a_token_that_has_ended_when_it_comes_is_not_kept_as_valid() {
        let (slot, _) = slot(0);
        assert_eq!(found(&slot, 0), "missing");
    }

    #[test]
    fn a_failed_renewal_is_tried_again_after_a_pause() {
        let (slot, _) = slot(3600);
        slot.failed("x", at(3300));
        assert_eq!(found(&slot, 3329), "fresh");
        assert_eq!(found(&slot, 3330), "ageing");
        slot.failed("x", at(3590));
        assert_eq!(found(&slot, 3600), "missing");
    }

    #[test]
    fn only_the_token_that_is_kept_is_dropped() {
        let (slot, old) = slot(3600);
        let new = AccessToken::new("t2", Some(at(3600)));
        slot.renewed(&new, at(0));
        slot.drop_token(&old);
        assert_eq!(found(&slot, 1), "fresh");
        slot.drop_token(&new);
        assert_eq!(found(&slot, 1), "missing");
    }

    #[test]
    fn a_failure_is_shared_with_those_who_waited_for_it_only() {
        let (slot, token) = slot(1);
        let before = slot.mark();
        slot.failed("x", at(2));
        assert_eq!(slot.failure_since(before), Some("x"));
        assert_eq!(slot.failure_since(slot.mark()), None);
        slot.renewed(&token, at(3));
        assert_eq!(slot.failure_since(before), None);
    }
}
