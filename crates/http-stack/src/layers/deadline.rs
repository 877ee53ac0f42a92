//! Bounds one call, every attempt and every wait included.

use std::time::Duration;

use http::Response;
use tokio::time::{Instant, timeout_at};
use tower::layer::{Layer, layer_fn};

use crate::ApiErrorKind;

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::call::Call;
use crate::layers::service;

#[derive(Debug, Clone)]
pub(crate) struct Deadline<S> {
    inner: S,
    after: Duration,
}

pub(crate) fn layer<S>(after: Duration) -> impl Layer<S, Service = Deadline<S>> {
    layer_fn(move |inner| Deadline { inner, after })
}

service!(Deadline, Response<bytes::Bytes>, |this, request| {
    let mut request = request;
    let Some(deadline) = Instant::now().checked_add(this.after) else {
        return this.inner.call(request).await;
    };
    let mut call = Call::of(&request);
    call.deadline = Some(deadline);
    request.extensions_mut().insert(call);
    timeout_at(deadline, this.inner.call(request)).await.unwrap_or_else(|_| {
        Err(AttemptFailure::new(
            ApiErrorKind::DeadlineExceeded,
            Retry::Never,
            format!("the call took longer than {:?}", this.after),
        ))
    })
});
