//! One span, one count and one observation for each request on the wire.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderValue, Method, Request, Response};
use tokio::time::Instant;
use tower::layer::{Layer, layer_fn};
use tracing::field::Empty;
use tracing::{Instrument, Span};
use uuid::Uuid;

use stocktake_connector_core::TenantName;
use stocktake_telemetry::{field, span};

use crate::attempt_failure::AttemptFailure;
use crate::call::{Call, Counters, UrlTemplate};
use crate::layers::service;
use crate::response::server_time;
use crate::{Attempt, AttemptObserver, AttemptOutcome, Origin, StackOptions};

/// Microsoft asks for a fresh GUID in each request, and logs it
/// (<https://learn.microsoft.com/graph/best-practices-concept>). Others take no notice.
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// The W3C's header for the trace that a request belongs to.
const TRACEPARENT: &str = "traceparent";

#[derive(Debug, Clone)]
pub(crate) struct RequestSpan<S> {
    inner: S,
    stack: Arc<Observed>,
}

/// What all requests of a stack have in common.
#[derive(Debug)]
struct Observed {
    api: &'static str,
    tenant: Option<TenantName>,
    origin: Origin,
    sends_trace_context: bool,
    counters: Arc<Counters>,
    observer: Option<Arc<dyn AttemptObserver>>,
}

pub(crate) fn layer<S>(
    options: &StackOptions,
    counters: Arc<Counters>,
    observer: Option<Arc<dyn AttemptObserver>>,
) -> impl Layer<S, Service = RequestSpan<S>> + use<S> {
    let stack = Arc::new(Observed {
        api: options.api,
        tenant: options.tenant.clone(),
        origin: options.origin.clone(),
        sends_trace_context: options.sends_trace_context,
        counters,
        observer,
    });
    layer_fn(move |inner| RequestSpan { inner, stack: Arc::clone(&stack) })
}

service!(RequestSpan, Response<Bytes>, |this, request| {
    let mut request = request;
    let call = Call::of(&request);
    let resend_count = call.count_attempt();
    Counters::add(&this.stack.counters.attempts);
    if resend_count > 0 {
        Counters::add(&this.stack.counters.retries);
    }
    let mut id = Uuid::encode_buffer();
    if let Ok(id) = HeaderValue::from_str(Uuid::new_v4().hyphenated().encode_lower(&mut id)) {
        request.headers_mut().insert(CLIENT_REQUEST_ID, id);
    }
    let span = this.stack.span(&request, &call, resend_count);
    if this.stack.sends_trace_context
        && let Some(context) = stocktake_telemetry::traceparent(&span)
        && let Ok(context) = HeaderValue::from_str(&context)
    {
        request.headers_mut().insert(TRACEPARENT, context);
    }
    let mut in_flight = InFlight {
        stack: Arc::clone(&this.stack),
        tenant: call.tenant,
        method: request.method().clone(),
        span: span.clone(),
        resend_count,
        start: Instant::now(),
        status: None,
        server_time: None,
        outcome: AttemptOutcome::Cancelled,
    };
    let outcome = this.inner.call(request).instrument(span).await;
    in_flight.end(&outcome);
    outcome
});

impl Observed {
    /// A span by OpenTelemetry's conventions for HTTP clients
    /// (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>), but for the URL itself: it may
    /// hold the id or the name of a device.
    fn span(&self, request: &Request<Bytes>, call: &Call, resend_count: u32) -> Span {
        let template = request.extensions().get::<UrlTemplate>().map(|template| template.0);
        let method = request.method().as_str();
        let span = tracing::debug_span!(
            span::HTTP_REQUEST,
            { field::OTEL_NAME } = Empty,
            { field::OTEL_KIND } = field::KIND_CLIENT,
            { field::API } = self.api,
            { field::OPERATION } = call.operation,
            { field::HTTP_REQUEST_METHOD } = method,
            { field::SERVER_ADDRESS } = self.origin.host(),
            { field::SERVER_PORT } = self.origin.port(),
            { field::URL_TEMPLATE } = template,
            { field::HTTP_REQUEST_RESEND_COUNT } = (resend_count > 0).then_some(resend_count),
            { field::HTTP_RESPONSE_STATUS_CODE } = Empty,
            { field::HTTP_RESPONSE_BODY_SIZE } = Empty,
            { field::REQUEST_ID } = Empty,
            { field::ERROR_TYPE } = Empty,
            { field::OTEL_STATUS_CODE } = Empty,
        );
        if !span.is_disabled() {
            span.record(field::OTEL_NAME, span::http_client_name(method, template));
        }
        span
    }
}

/// A request on the wire. Its end is observed also when the call is dropped midway.
#[derive(Debug)]
struct InFlight {
    stack: Arc<Observed>,
    tenant: Option<TenantName>,
    method: Method,
    span: Span,
    resend_count: u32,
    start: Instant,
    status: Option<u16>,
    server_time: Option<DateTime<Utc>>,
    outcome: AttemptOutcome,
}

impl InFlight {
    fn end(&mut self, outcome: &Result<Response<Bytes>, Box<AttemptFailure>>) {
        match outcome {
            Ok(response) => {
                self.outcome = AttemptOutcome::Succeeded;
                self.status = Some(response.status().as_u16());
                self.server_time = server_time(response.headers());
                self.span.record(field::HTTP_RESPONSE_BODY_SIZE, response.body().len());
            }
            Err(failure) => {
                self.outcome = AttemptOutcome::Failed(failure.kind);
                self.status = failure.status.map(|status| status.as_u16());
                self.server_time = failure.server_time;
                if let Some(id) = &failure.detail.request_id {
                    self.span.record(field::REQUEST_ID, id.as_str());
                }
            }
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(status) = self.status {
            self.span.record(field::HTTP_RESPONSE_STATUS_CODE, status);
        }
        if let Some(error) = self.outcome.error_type() {
            self.span.record(field::ERROR_TYPE, error);
            self.span.record(field::OTEL_STATUS_CODE, field::STATUS_ERROR);
        }
        let Some(observer) = &self.stack.observer else { return };
        observer.attempt_ended(&Attempt {
            api: self.stack.api,
            tenant: self.tenant.as_ref().or(self.stack.tenant.as_ref()),
            method: &self.method,
            server_address: self.stack.origin.host(),
            server_port: self.stack.origin.port(),
            status: self.status,
            server_time: self.server_time,
            outcome: self.outcome,
            resend_count: self.resend_count,
            duration: self.start.elapsed(),
        });
    }
}
