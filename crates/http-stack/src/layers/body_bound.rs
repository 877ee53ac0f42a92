//! Reads the body whole, up to a bound.
//!
//! It stands below the retry, so that a body that breaks off is asked for again, and below the
//! timeout, so that one that trickles is given up.

use bytes::Bytes;
use http::Response;
use tower::layer::{Layer, layer_fn};

use crate::ApiErrorKind;

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::layers::http_service::connection_failure;
use crate::layers::service;

/// What is read of an answer that is no success; an explanation is a few hundred bytes.
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
    let mut answer = this.inner.call(request).await?;
    let success = answer.status().is_success();
    let bound = if success { this.bound } else { this.bound.min(LONGEST_EXPLANATION) };
    let mut body = Vec::new();
    // Before decompression this is the length on the wire, so it is a hint and no promise.
    if let Some(length) = answer.content_length() {
        if success && length > bound as u64 {
            return Err(too_large(&answer, bound));
        }
        body.reserve(usize::try_from(length).unwrap_or(bound).min(bound));
    }
    while let Some(chunk) = answer.chunk().await.map_err(connection_failure)? {
        let room = bound - body.len();
        if chunk.len() > room {
            if success {
                return Err(too_large(&answer, bound));
            }
            body.extend_from_slice(chunk.get(..room).unwrap_or_default());
            break;
        }
        body.extend_from_slice(&chunk);
    }
    let mut whole = Response::new(Bytes::from(body));
    *whole.status_mut() = answer.status();
    *whole.version_mut() = answer.version();
    *whole.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(whole)
});

fn too_large(answer: &reqwest::Response, bound: usize) -> Box<AttemptFailure> {
    let message = format!("the body is larger than {bound} bytes (bound `max_body_bytes`)");
    let mut failure = AttemptFailure::new(ApiErrorKind::TooLarge, Retry::Never, message);
    failure.status = Some(answer.status());
    failure.advise("Ask for smaller pages, or raise the bound.")
}
