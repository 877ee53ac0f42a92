//! Names of fields of spans and log events.
//!
//! Fields that OpenTelemetry names keep its names
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>); ours start with `connector.`.

/// The tenant, by its name in the configuration.
pub const TENANT_NAME: &str = "connector.tenant.name";
/// The source, by its name in state.
pub const SOURCE: &str = "connector.source";
/// The id of the cycle.
pub const CYCLE_ID: &str = "connector.cycle.id";
/// `full` or `incremental`.
pub const CYCLE_KIND: &str = "connector.cycle.kind";
/// `complete`, `interrupted` or `failed`.
pub const CYCLE_OUTCOME: &str = "connector.cycle.outcome";
/// Duration of the cycle in milliseconds.
pub const CYCLE_DURATION_MS: &str = "connector.cycle.duration_ms";
/// Records that the cycle read.
pub const CYCLE_READ: &str = "connector.cycle.read";
/// Devices of the cycle that became events.
pub const CYCLE_MAPPED: &str = "connector.cycle.mapped";
/// The accounts of the cycle's sinks, on one line.
pub const CYCLE_SINKS: &str = "connector.cycle.sinks";
/// Token calls of the cycle.
pub const CALLS_TOKEN: &str = "connector.calls.token";
/// Calls of the cycle to the source.
pub const CALLS_SOURCE: &str = "connector.calls.source";
/// Calls of the cycle to the enricher.
pub const CALLS_ENRICHER: &str = "connector.calls.enricher";
/// Requests of the cycle that were retries.
pub const CALLS_RETRIES: &str = "connector.calls.retries";
/// Responses to the cycle that asked it to slow down.
pub const CALLS_THROTTLED: &str = "connector.calls.throttled";
/// The sink, by its name in the configuration.
pub const SINK: &str = "connector.sink";
/// The remote API: `entra`, `defender`, `graph`, `sekoia`.
pub const API: &str = "connector.api";
/// The operation of the API in words: `list machines`.
pub const OPERATION: &str = "connector.operation";
/// Records in a page.
pub const PAGE_RECORDS: &str = "connector.page.records";
/// Values of records that could not be read in a cycle.
pub const UNREADABLE_COUNT: &str = "connector.unreadable.count";
/// These values by field: `FIELD: COUNT, such as EXAMPLE; …`.
pub const UNREADABLE_VALUES: &str = "connector.unreadable.values";
/// Devices of a page that the enricher looks up.
pub const ENRICHMENT_DEVICES: &str = "connector.enrichment.devices";
/// Events in a batch.
pub const BATCH_EVENTS: &str = "connector.batch.events";
/// The wait before a retry in milliseconds.
pub const WAIT_MS: &str = "connector.wait_ms";
/// The error and its causes on one line.
pub const ERROR: &str = "connector.error";
/// The code of the error in the catalogue: `ST0205`.
pub const ERROR_CODE: &str = "connector.error.code";
/// What follows from the error: `retry`, `operator` or `defect`.
pub const ERROR_RECOVERY: &str = "connector.error.recovery";
/// When the operation may be tried again at the earliest, by the wish of the remote.
pub const RETRY_AT: &str = "connector.retry_at";
/// What the operator can do about the error, as a sentence.
pub const ADVICE: &str = "connector.advice";
/// The id that the API assigned to the request, to quote to its support.
pub const REQUEST_ID: &str = "connector.request.id";

/// The kind of failure: a value of a small, fixed set. Absent on success.
pub const ERROR_TYPE: &str = "error.type";
/// `GET`, `POST`.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// The ordinal of a retry: 1 for the first. Absent on the first request of a call.
pub const HTTP_REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
/// The status code of the response. Absent when there was none.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// Bytes of the response's body after decompression.
pub const HTTP_RESPONSE_BODY_SIZE: &str = "http.response.body.size";
/// The host that the request goes to.
pub const SERVER_ADDRESS: &str = "server.address";
/// The port that the request goes to.
pub const SERVER_PORT: &str = "server.port";
/// The path with placeholders for its variable parts: `/api/machines/{id}`.
pub const URL_TEMPLATE: &str = "url.template";

/// The name under which a span is exported, when it is not the span's own. See
/// [`http_client_name`](crate::span::http_client_name).
pub const OTEL_NAME: &str = "otel.name";
/// OpenTelemetry's kind of a span; see [`KIND_CLIENT`].
pub const OTEL_KIND: &str = "otel.kind";
/// The kind of a span that covers an outgoing request.
pub const KIND_CLIENT: &str = "client";
/// OpenTelemetry's status of a span; see [`STATUS_ERROR`].
pub const OTEL_STATUS_CODE: &str = "otel.status_code";
/// Why a span failed: a code of the error catalogue.
pub const OTEL_STATUS_DESCRIPTION: &str = "otel.status_description";
/// The status of a span that failed.
pub const STATUS_ERROR: &str = "ERROR";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::metric::tests::sources;

    #[test]
    fn every_name_is_used() {
        let mut found = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut found);
        let texts: Vec<_> =
            found.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        let here = include_str!("field.rs").lines();
        let names = here.filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
        for name in names {
            let path = format!("field::{name}");
            let used = |text: &String| {
                let mut places = text.split(path.as_str()).skip(1);
                places.any(|after| {
                    !after.starts_with(|next: char| next == '_' || next.is_alphanumeric())
                })
            };
            assert!(texts.iter().any(used), "{name} is used nowhere");
        }
    }
}
