//! Bounds one attempt, from the request to the last byte of the body.

use std::time::Duration;

use http::Response;
use tokio::time::timeout;
use tower::layer::{Layer, layer_fn};

use crate::ApiErrorKind;

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::layers::service;

#[derive(Debug, Clone)]
pub(crate) struct AttemptTimeout<S> {
    inner: S,
    after: Duration,
}

pub(crate) fn layer<S>(after: Duration) -> impl Layer<S, Service = AttemptTimeout<S>> {
    layer_fn(move |inner| AttemptTimeout { inner, after })
}

service!(AttemptTimeout, Response<bytes::Bytes>, |this, request| {
    timeout(this.after, this.inner.call(request)).await.unwrap_or_else(|_| {
        Err(AttemptFailure::new(
            ApiErrorKind::Unavailable,
            Retry::Ambiguous,
            format!("no complete response within {:?}", this.after),
        ))
    })
});
