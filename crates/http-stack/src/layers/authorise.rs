//! Adds the access token to each attempt.
//!
//! It stands below the retry and the waits, so that an attempt after a long wait carries a token
//! that is still valid. After a 401 the token is dropped and the attempt repeated once, provided
//! that the provider has another token.
//!
//! After a 403 it is dropped too, for the calls to come: a permission that an administrator grants
//! shows only in a new token, and the old one may be good for another hour. The attempt is not
//! repeated, as nothing was granted in between.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tokio::time::Instant;
use tower::layer::{Layer, layer_fn};

use crate::ApiErrorKind;
use stocktake_connector_core::{AccessToken, Clock, Failure, Recovery};

use crate::Authorisation;
use crate::attempt_failure::{AttemptFailure, Retry};
use crate::layers::service;

/// The least time between two tokens that a stack drops because of a 403. Where a permission stays
/// missing, a new token for each call would be refused by the identity provider in the end.
const BETWEEN_DROPS: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Clone)]
pub(crate) struct Authorise<S> {
    inner: S,
    authorisation: Option<Authorisation>,
    clock: Arc<dyn Clock>,
    /// When a token was last dropped because of a 403.
    dropped: Arc<Mutex<Option<Instant>>>,
}

pub(crate) fn layer<S>(
    authorisation: Option<Authorisation>,
    clock: Arc<dyn Clock>,
) -> impl Layer<S, Service = Authorise<S>> {
    let dropped = Arc::default();
    layer_fn(move |inner| Authorise {
        inner,
        authorisation: authorisation.clone(),
        clock: Arc::clone(&clock),
        dropped: Arc::clone(&dropped),
    })
}

service!(Authorise, Response<Bytes>, |this, request| {
    let Some(Authorisation { provider, scope }) = &this.authorisation else {
        return this.inner.call(request).await;
    };
    let mut token = provider.token(scope).await.map_err(|error| no_token(error, &*this.clock))?;
    let mut outcome = this.inner.call(with_token(request.clone(), &token)?).await;
    if failed_with(&outcome, ApiErrorKind::Unauthorised) {
        provider.invalidate(scope, &token);
        let other = provider.token(scope).await.map_err(|error| no_token(error, &*this.clock))?;
        if other.same_as(&token) {
            return outcome;
        }
        token = other;
        outcome = this.inner.call(with_token(request, &token)?).await;
    }
    if failed_with(&outcome, ApiErrorKind::Forbidden) && this.may_drop() {
        provider.invalidate(scope, &token);
    }
    outcome
});

impl<S> Authorise<S> {
    /// Whether a 403 may drop the token now; the answer counts as a drop.
    fn may_drop(&self) -> bool {
        let mut dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        let may = dropped.is_none_or(|at| at.elapsed() >= BETWEEN_DROPS);
        if may {
            *dropped = Some(Instant::now());
        }
        may
    }
}

fn failed_with(outcome: &Result<Response<Bytes>, Box<AttemptFailure>>, kind: ApiErrorKind) -> bool {
    outcome.as_ref().is_err_and(|failure| failure.kind == kind)
}

fn with_token(
    mut request: Request<Bytes>,
    token: &AccessToken,
) -> Result<Request<Bytes>, Box<AttemptFailure>> {
    // The error of `HeaderValue` holds no part of the token, but neither does it help.
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
        AttemptFailure::new(
            ApiErrorKind::NoToken,
            Retry::Never,
            "the token holds a character that no header may hold",
        )
        .advise("Check the key for line breaks and other stray characters.")
    })?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(request)
}

/// The provider has spent retries of its own, so there are none here. Its error stays whole below the
/// call's, so that whoever explains a failed call can tell a missing token from a refused call; its
/// words stand there alone.
fn no_token(error: Failure, clock: &dyn Clock) -> Box<AttemptFailure> {
    let wait = error.retry_at.map(|at| (at - clock.now()).to_std().unwrap_or_default());
    let kind = match error.recovery {
        Recovery::Retry if wait.is_some() => ApiErrorKind::Throttled,
        Recovery::Retry => ApiErrorKind::Unavailable,
        Recovery::Operator | Recovery::Defect => ApiErrorKind::NoToken,
    };
    let mut failure = AttemptFailure::new(kind, Retry::Never, "");
    failure.detail.advice.clone_from(&error.advice);
    failure.detail.retry_after = wait;
    failure.because(error)
}
