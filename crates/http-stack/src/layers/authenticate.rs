//! Signs each attempt.
//!
//! It stands below the retry and the waits, so that an attempt after a long wait carries a secret that is
//! still valid, and sees the final bytes. After a 401 the secret is dropped and the attempt repeated
//! once, provided that the provider has another one.
//!
//! After a 403 it is dropped too, for the calls to come: a permission that an administrator grants
//! shows only in a new token, and the old one may be valid for another hour. The attempt is not
//! repeated, as nothing was granted in between.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::Instant;
use tower::layer::{Layer, layer_fn};

use stocktake_connector_core::{AccessToken, Clock, Failure, Recovery};

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::layers::service;
use crate::{ApiErrorKind, Authentication, AuthenticationScheme, SentSecrets};

/// The least time between two tokens that a stack drops because of a 403. Where a permission stays
/// missing, a new token for each call would be refused by the identity provider in the end.
const BETWEEN_DROPS: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Clone)]
pub(crate) struct Authenticate<S> {
    inner: S,
    authentication: Option<Arc<Authentication>>,
    clock: Arc<dyn Clock>,
    /// When a token was last dropped because of a 403.
    dropped: Arc<Mutex<Option<Instant>>>,
}

pub(crate) fn layer<S>(
    authentication: Option<Authentication>,
    clock: Arc<dyn Clock>,
) -> impl Layer<S, Service = Authenticate<S>> {
    let authentication = authentication.map(Arc::new);
    let dropped = Arc::default();
    layer_fn(move |inner| Authenticate {
        inner,
        authentication: authentication.clone(),
        clock: Arc::clone(&clock),
        dropped: Arc::clone(&dropped),
    })
}

service!(Authenticate, Response<Bytes>, |this, request| {
    let Some(Authentication { scheme, provider, scope }) = this.authentication.as_deref() else {
        return this.inner.call(request).await;
    };
    let mut token = provider.token(scope).await.map_err(|error| no_token(error, &*this.clock))?;
    let mut outcome = this.inner.call(signed(request.clone(), scheme, &token, &*this.clock)?).await;
    if failed_with(&outcome, ApiErrorKind::Unauthorised) {
        provider.invalidate(scope, &token);
        let other = provider.token(scope).await.map_err(|error| no_token(error, &*this.clock))?;
        if other.same_as(&token) {
            return outcome;
        }
        token = other;
        outcome = this.inner.call(signed(request, scheme, &token, &*this.clock)?).await;
    }
    if failed_with(&outcome, ApiErrorKind::Forbidden) && this.may_drop() {
        provider.invalidate(scope, &token);
    }
    outcome
});

impl<S> Authenticate<S> {
    /// Whether a 403 may drop the token now; if so, the drop counts as done.
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

fn signed(
    mut request: Request<Bytes>,
    scheme: &AuthenticationScheme,
    secret: &AccessToken,
    clock: &dyn Clock,
) -> Result<Request<Bytes>, Box<AttemptFailure>> {
    scheme.sign(&mut request, secret, clock.now()).map_err(|error| {
        AttemptFailure::new(ApiErrorKind::NoToken, Retry::Never, error.0)
            .advise("Check the secret for line breaks and other stray characters.")
    })?;
    let sent = request.extensions_mut().remove::<SentSecrets>().unwrap_or_default();
    request.extensions_mut().insert(sent.with_authentication(scheme.secrets(secret)));
    Ok(request)
}

/// The provider has spent retries of its own, so there are none here. Its failure is the source of the
/// call's, so that a missing token and a refused call can be told apart; the message is there alone.
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
