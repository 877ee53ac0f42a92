//! One span and one count for each request on the wire.

use std::sync::Arc;

use http::{HeaderValue, Response};
use tower::layer::{Layer, layer_fn};
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use stocktake_telemetry::{field, span};

use crate::StackOptions;
use crate::call::{Call, Counters};
use crate::failure::kind_name;
use crate::layers::service;

/// Microsoft asks for a fresh GUID in each request, and logs it
/// (<https://learn.microsoft.com/graph/best-practices-concept>). Others take no notice.
const CLIENT_REQUEST_ID: &str = "client-request-id";

#[derive(Debug, Clone)]
pub(crate) struct AttemptSpan<S> {
    inner: S,
    host: Arc<str>,
    counters: Arc<Counters>,
}

pub(crate) fn layer<S>(
    options: &StackOptions,
    counters: Arc<Counters>,
) -> impl Layer<S, Service = AttemptSpan<S>> + use<S> {
    let host: Arc<str> = options.origin.host().into();
    layer_fn(move |inner| AttemptSpan {
        inner,
        host: Arc::clone(&host),
        counters: Arc::clone(&counters),
    })
}

service!(AttemptSpan, Response<bytes::Bytes>, |this, request| {
    let mut request = request;
    let before = Call::of(&request).count_attempt();
    Counters::add(&this.counters.attempts);
    if before > 0 {
        Counters::add(&this.counters.retries);
    }
    let mut id = Uuid::encode_buffer();
    if let Ok(id) = HeaderValue::from_str(Uuid::new_v4().hyphenated().encode_lower(&mut id)) {
        request.headers_mut().insert(CLIENT_REQUEST_ID, id);
    }
    let span = tracing::debug_span!(
        span::HTTP_ATTEMPT,
        { field::HTTP_REQUEST_METHOD } = request.method().as_str(),
        { field::SERVER_ADDRESS } = &*this.host,
        { field::HTTP_REQUEST_RESEND_COUNT } = before,
        { field::HTTP_RESPONSE_STATUS_CODE } = Empty,
        { field::HTTP_RESPONSE_BODY_SIZE } = Empty,
        { field::REQUEST_ID } = Empty,
        { field::ERROR_TYPE } = Empty,
    );
    let outcome = this.inner.call(request).instrument(span.clone()).await;
    match &outcome {
        Ok(answer) => {
            span.record(field::HTTP_RESPONSE_STATUS_CODE, answer.status().as_u16());
            span.record(field::HTTP_RESPONSE_BODY_SIZE, answer.body().len());
        }
        Err(failure) => {
            if let Some(status) = failure.status {
                span.record(field::HTTP_RESPONSE_STATUS_CODE, status.as_u16());
            }
            if let Some(id) = &failure.detail.request_id {
                span.record(field::REQUEST_ID, id.as_str());
            }
            span.record(field::ERROR_TYPE, kind_name(failure.kind));
        }
    }
    outcome
});
