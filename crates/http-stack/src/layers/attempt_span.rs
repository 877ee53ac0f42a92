//! One span and one count for each request on the wire, which the observer is told of.

use std::sync::Arc;

use http::{HeaderValue, Response};
use tokio::time::Instant;
use tower::layer::{Layer, layer_fn};
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use stocktake_connector_core::TenantName;
use stocktake_telemetry::{field, span};

use crate::attempt_failure::kind_name;
use crate::call::{Call, Counters, UrlTemplate};
use crate::layers::service;
use crate::{Attempt, AttemptObserver, AttemptOutcome, StackOptions};

/// Microsoft asks for a fresh GUID in each request, and logs it
/// (<https://learn.microsoft.com/graph/best-practices-concept>). Others take no notice.
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// The W3C's header for the trace that a request belongs to.
const TRACEPARENT: &str = "traceparent";

#[derive(Debug, Clone)]
pub(crate) struct AttemptSpan<S> {
    inner: S,
    host: Arc<str>,
    port: Option<u16>,
    counters: Arc<Counters>,
    sends_trace_context: bool,
    watch: Watch,
}

/// Who is told of what.
#[derive(Debug, Clone)]
struct Watch {
    observer: Option<Arc<dyn AttemptObserver>>,
    api: &'static str,
    tenant: Option<TenantName>,
}

/// An attempt under way. It tells of its end, also when it is dropped midway.
#[derive(Debug)]
struct UnderWay {
    watch: Watch,
    is_retry: bool,
    start: Instant,
    outcome: AttemptOutcome,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Some(observer) = &self.watch.observer else { return };
        observer.attempt_ended(&Attempt {
            api: self.watch.api,
            tenant: self.watch.tenant.as_ref(),
            outcome: self.outcome,
            is_retry: self.is_retry,
            duration: self.start.elapsed(),
        });
    }
}

pub(crate) fn layer<S>(
    options: &StackOptions,
    counters: Arc<Counters>,
    observer: Option<Arc<dyn AttemptObserver>>,
) -> impl Layer<S, Service = AttemptSpan<S>> + use<S> {
    let host: Arc<str> = options.origin.host().into();
    let port = options.origin.port();
    let watch = Watch { observer, api: options.api, tenant: options.tenant.clone() };
    let sends_trace_context = options.sends_trace_context;
    layer_fn(move |inner| AttemptSpan {
        inner,
        host: Arc::clone(&host),
        port,
        counters: Arc::clone(&counters),
        sends_trace_context,
        watch: watch.clone(),
    })
}

service!(AttemptSpan, Response<bytes::Bytes>, |this, request| {
    let mut request = request;
    let call = Call::of(&request);
    let before = call.count_attempt();
    Counters::add(&this.counters.attempts);
    if before > 0 {
        Counters::add(&this.counters.retries);
    }
    let mut id = Uuid::encode_buffer();
    if let Ok(id) = HeaderValue::from_str(Uuid::new_v4().hyphenated().encode_lower(&mut id)) {
        request.headers_mut().insert(CLIENT_REQUEST_ID, id);
    }
    let span = tracing::debug_span!(
        span::HTTP_REQUEST,
        { field::OTEL_KIND } = field::KIND_CLIENT,
        { field::API } = this.watch.api,
        { field::OPERATION } = call.operation,
        { field::HTTP_REQUEST_METHOD } = request.method().as_str(),
        { field::SERVER_ADDRESS } = &*this.host,
        { field::SERVER_PORT } = this.port,
        // The URL itself may hold the id or the name of a device.
        { field::URL_TEMPLATE } =
            request.extensions().get::<UrlTemplate>().map(|template| template.0),
        { field::HTTP_REQUEST_RESEND_COUNT } = before,
        { field::HTTP_RESPONSE_STATUS_CODE } = Empty,
        { field::HTTP_RESPONSE_BODY_SIZE } = Empty,
        { field::REQUEST_ID } = Empty,
        { field::ERROR_TYPE } = Empty,
        { field::OTEL_STATUS_CODE } = Empty,
    );
    if this.sends_trace_context
        && let Some(context) = stocktake_telemetry::traceparent(&span)
        && let Ok(context) = HeaderValue::from_str(&context)
    {
        request.headers_mut().insert(TRACEPARENT, context);
    }
    let mut watch = this.watch.clone();
    watch.tenant = call.tenant.or(watch.tenant);
    let mut under_way = UnderWay {
        watch,
        is_retry: before > 0,
        start: Instant::now(),
        outcome: AttemptOutcome::GivenUp,
    };
    let outcome = this.inner.call(request).instrument(span.clone()).await;
    match &outcome {
        Ok(answer) => {
            under_way.outcome = AttemptOutcome::Answered;
            span.record(field::HTTP_RESPONSE_STATUS_CODE, answer.status().as_u16());
            span.record(field::HTTP_RESPONSE_BODY_SIZE, answer.body().len());
        }
        Err(failure) => {
            under_way.outcome = AttemptOutcome::Failed(failure.kind);
            if let Some(status) = failure.status {
                span.record(field::HTTP_RESPONSE_STATUS_CODE, status.as_u16());
            }
            if let Some(id) = &failure.detail.request_id {
                span.record(field::REQUEST_ID, id.as_str());
            }
            span.record(field::ERROR_TYPE, kind_name(failure.kind));
            span.record(field::OTEL_STATUS_CODE, field::STATUS_ERROR);
        }
    }
    outcome
});
