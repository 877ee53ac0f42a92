//! Compresses the body of each request.
//!
//! It stands above the retry, so that a call is compressed once, and above signing, which covers the
//! final bytes.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Request, Response};
use tokio::task::spawn_blocking;
use tower::layer::{Layer, layer_fn};

use crate::attempt_failure::{AttemptFailure, Retry};
use crate::layers::service;
use crate::{ApiErrorKind, RequestEncoding};

/// Larger bodies are compressed off the thread that drives the connections; that takes milliseconds.
const INLINE_BYTES: usize = 128 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct Compress<S> {
    inner: S,
    encoding: RequestEncoding,
}

pub(crate) fn layer<S>(encoding: RequestEncoding) -> impl Layer<S, Service = Compress<S>> {
    layer_fn(move |inner| Compress { inner, encoding })
}

service!(Compress, Response<Bytes>, |this, request| {
    let mut request = request;
    if let Some(name) = this.encoding.name()
        && !request.body().is_empty()
        // The caller has encoded the body already.
        && !request.headers().contains_key(CONTENT_ENCODING)
    {
        *request.body_mut() = compress(this.encoding, &request).await.map_err(|error| {
            let message = "the body cannot be compressed";
            AttemptFailure::new(ApiErrorKind::Refused, Retry::Never, message).because(error)
        })?;
        let headers = request.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    this.inner.call(request).await
});

async fn compress(encoding: RequestEncoding, request: &Request<Bytes>) -> std::io::Result<Bytes> {
    let body = request.body();
    if body.len() <= INLINE_BYTES {
        return encoding.compress(body);
    }
    let body = body.clone();
    spawn_blocking(move || encoding.compress(&body)).await?
}
