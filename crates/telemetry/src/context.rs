//! Trace context for other programs.

use tracing::Span;

/// The W3C's `traceparent` of a span (<https://www.w3.org/TR/trace-context/>). `None` while no traces
/// are pushed, or when the program was built without them.
#[cfg(feature = "otlp")]
pub fn traceparent(span: &Span) -> Option<String> {
    use opentelemetry::trace::TraceContextExt as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    let context = span.context();
    let span = context.span();
    let context = span.span_context();
    context.is_valid().then(|| {
        let (trace, span) = (context.trace_id(), context.span_id());
        format!("00-{trace}-{span}-{:02x}", context.trace_flags().to_u8())
    })
}

/// `None`: the program was built without traces.
#[cfg(not(feature = "otlp"))]
pub fn traceparent(_: &Span) -> Option<String> {
    None
}
