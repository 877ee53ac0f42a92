//! Reads the body whole, up to a bound.
//!
//! It stands below the retry, so that a body that breaks off is requested again, and below the
//! timeout, which bounds one that trickles.

use bytes::Bytes;
use http::Response;
use tower::layer::{Layer, layer_fn};

use crate::ApiErrorKind;

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::layers::http_service::connection_failure;
use crate::layers::service;

/// What is read of a response that is not a success; an explanation has a few hundred bytes.
const LONGEST_EXPLANATION: usize = 64 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct BodyBound<S> {
    inner: S,
    bound: usize,
}

pub(crate) fn layer<S>(bound: usize) -> impl Layer<S, Service = BodyBound<S>> {
    layer_fn(move |inner| BodyBound { inner, bound })
}

service!(BodyBound, reqwest::Response, |this, request| {
    let mut response = this.inner.call(request).await?;
    let success = response.status().is_success();
    let bound = if success { this.bound } else { this.bound.min(LONGEST_EXPLANATION) };
    let mut body = Vec::new();
    // Before decompression this is the length on the wire, so it is only a hint.
    if let Some(length) = response.content_length() {
        if success && length > bound as u64 {
            return Err(too_large(&response, bound));
        }
        body.reserve(usize::try_from(length).unwrap_or(bound).min(bound));
    }
    while let Some(chunk) = response.chunk().await.map_err(connection_failure)? {
        let capacity = bound - body.len();
        if chunk.len() > capacity {
            if success {
                return Err(too_large(&response, bound));
            }
            body.extend_from_slice(chunk.get(..capacity).unwrap_or_default());
            break;
        }
        body.extend_from_slice(&chunk);
    }
    let mut whole = Response::new(Bytes::from(body));
    *whole.status_mut() = response.status();
    *whole.version_mut() = response.version();
    *whole.headers_mut() = std::mem::take(response.headers_mut());
    Ok(whole)
});

fn too_large(response: &reqwest::Response, bound: usize) -> Box<AttemptFailure> {
    let message = format!("the body is larger than {bound} bytes (bound `max_body_bytes`)");
    let mut failure = AttemptFailure::new(ApiErrorKind::TooLarge, Retry::Never, message);
    failure.status = Some(response.status());
    failure.advise("Ask for smaller pages, or raise the bound.")
}
