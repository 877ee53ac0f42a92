//! Adds the access token to each attempt.
//!
//! It stands below the retry and the waits, so that an attempt after a long wait carries a token
//! that is still valid. After a 401 the token is dropped and the attempt repeated once, provided
//! that the provider has another token.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tower::layer::{Layer, layer_fn};

use stocktake_connector_core::{AccessToken, ApiErrorKind, Recovery, TokenError};

use crate::Authorisation;
use crate::failure::{Failure, Retry};
use crate::layers::service;

#[derive(Debug, Clone)]
pub(crate) struct Authorise<S> {
    inner: S,
    authorisation: Option<Authorisation>,
}

pub(crate) fn layer<S>(
    authorisation: Option<Authorisation>,
) -> impl Layer<S, Service = Authorise<S>> {
    layer_fn(move |inner| Authorise { inner, authorisation: authorisation.clone() })
}

service!(Authorise, Response<Bytes>, |this, request| {
    let Some(Authorisation { provider, scope }) = &this.authorisation else {
        return this.inner.call(request).await;
    };
    let token = provider.token(scope).await.map_err(no_token)?;
    let outcome = this.inner.call(with_token(request.clone(), &token)?).await;
    match outcome {
        Err(failure) if failure.kind == ApiErrorKind::Unauthorised => {
            provider.invalidate(scope, &token);
            let other = provider.token(scope).await.map_err(no_token)?;
            if other.same_as(&token) {
                return Err(failure);
            }
            this.inner.call(with_token(request, &other)?).await
        }
        outcome => outcome,
    }
});

fn with_token(
    mut request: Request<Bytes>,
    token: &AccessToken,
) -> Result<Request<Bytes>, Box<Failure>> {
    // The error of `HeaderValue` holds no part of the token, but neither does it help.
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
        Failure::new(
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

/// The provider has spent retries of its own, so there are none here.
fn no_token(error: TokenError) -> Box<Failure> {
    let (kind, wait) = match error.recovery {
        Recovery::NextCycle { after: Some(wait) } => (ApiErrorKind::Throttled, Some(wait)),
        Recovery::NextCycle { after: None } => (ApiErrorKind::Unavailable, None),
        Recovery::Operator | Recovery::Defect => (ApiErrorKind::NoToken, None),
    };
    let mut failure = Failure::new(kind, Retry::Never, error.message);
    failure.detail.advice = error.advice;
    failure.detail.retry_after = wait;
    failure.source = error.source;
    failure
}
