//! The layers, one module each, in the order in which a request meets them.
//!
//! ```text
//! call_span          one span for the whole call
//! deadline           bounds the call, its waits included
//! compress           a call is compressed once
//! retry              ── above: once per call ── below: once per attempt ──
//! rate_limit         every attempt spends quota
//! retry_after_gate   a refusal of one call holds all of them back
//! authenticate       an attempt after a long wait carries a fresh secret, and signs the final bytes
//! request_span       one span, count and observation for each request on the wire
//! response           tells success from failure, and what may be tried again
//! attempt_timeout    bounds one attempt
//! body_bound         reads the body whole, up to a bound
//! http_service       reqwest
//! ```

pub(crate) mod attempt_timeout;
pub(crate) mod authenticate;
pub(crate) mod body_bound;
pub(crate) mod call_span;
pub(crate) mod compress;
pub(crate) mod deadline;
pub(crate) mod http_service;
pub(crate) mod rate_limit;
pub(crate) mod request_span;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod retry_after_gate;

use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use tower::Service;

use crate::attempt_failure::AttemptFailure;

/// The future of every layer. The allocation is nothing next to a network call.
pub(crate) type Outcome<R = Response<Bytes>> =
    Pin<Box<dyn Future<Output = Result<R, Box<AttemptFailure>>> + Send>>;

/// What every layer but the last wraps.
pub(crate) trait Attempt<R = Response<Bytes>>:
    Service<Request<Bytes>, Response = R, Error = Box<AttemptFailure>, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<R, S> Attempt<R> for S where
    S: Service<Request<Bytes>, Response = R, Error = Box<AttemptFailure>, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// Writes the part of `Service` that is the same in every layer: nothing here holds a request back in
/// `poll_ready`, because the deadline must bound every wait.
macro_rules! service {
    ($layer:ident, $inner:ty, |$this:ident, $request:ident| $body:expr) => {
        impl<S: $crate::layers::Attempt<$inner>> tower::Service<http::Request<bytes::Bytes>>
            for $layer<S>
        {
            type Response = http::Response<bytes::Bytes>;
            type Error = Box<$crate::attempt_failure::AttemptFailure>;
            type Future = $crate::layers::Outcome;

            fn poll_ready(
                &mut self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Self::Error>> {
                self.inner.poll_ready(cx)
            }

            fn call(&mut self, $request: http::Request<bytes::Bytes>) -> Self::Future {
                let mut $this = self.clone();
                // The clone has not been polled for readiness; the original has.
                std::mem::swap(&mut $this.inner, &mut self.inner);
                Box::pin(async move { $body })
            }
        }
    };
}
pub(crate) use service;
