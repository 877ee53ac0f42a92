//! Names of fields.
//!
//! Those that OpenTelemetry names keep its names
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>); ours start with `connector.`.

/// The tenant, by the name that the configuration gives it.
pub const TENANT_NAME: &str = "connector.tenant.name";
/// The source, by the name that the configuration gives it.
pub const SOURCE: &str = "connector.source";
/// The cycle.
pub const CYCLE_ID: &str = "connector.cycle.id";
/// `full` or `incremental`.
pub const CYCLE_KIND: &str = "connector.cycle.kind";
/// `complete`, `interrupted` or `failed`.
pub const CYCLE_OUTCOME: &str = "connector.cycle.outcome";
/// How long the cycle took, in milliseconds.
pub const CYCLE_DURATION_MS: &str = "connector.cycle.duration_ms";
/// Records that the cycle read.
pub const CYCLE_READ: &str = "connector.cycle.read";
/// Devices of the cycle that became events.
pub const CYCLE_MAPPED: &str = "connector.cycle.mapped";
/// The accounts of the cycle's sinks, in one line.
pub const CYCLE_SINKS: &str = "connector.cycle.sinks";
/// Calls of the cycle for tokens.
pub const CALLS_TOKEN: &str = "connector.calls.token";
/// Calls of the cycle to the source.
pub const CALLS_SOURCE: &str = "connector.calls.source";
/// Calls of the cycle to the enricher.
pub const CALLS_ENRICHER: &str = "connector.calls.enricher";
/// Attempts of the cycle beyond the first of each call.
pub const CALLS_RETRIES: &str = "connector.calls.retries";
/// Answers to the cycle that asked to slow down.
pub const CALLS_THROTTLED: &str = "connector.calls.throttled";
/// The sink, by the name that the configuration gives it.
pub const SINK: &str = "connector.sink";
/// The outside API: `entra`, `defender`, `graph`, `sekoia`.
pub const API: &str = "connector.api";
/// What was asked of the API, in words: `list machines`.
pub const OPERATION: &str = "connector.operation";
/// Records in a page.
pub const PAGE_RECORDS: &str = "connector.page.records";
/// Devices of a page that the enricher is asked about.
pub const ENRICHMENT_DEVICES: &str = "connector.enrichment.devices";
/// Events in a batch.
pub const BATCH_EVENTS: &str = "connector.batch.events";
/// A wait in milliseconds, before an attempt.
pub const WAIT_MS: &str = "connector.wait_ms";
/// Calls of a quota.
pub const QUOTA_CALLS: &str = "connector.quota.calls";
/// Length of a quota's window in seconds.
pub const QUOTA_SECONDS: &str = "connector.quota.seconds";
/// The error, as its chain reads on one line.
pub const ERROR: &str = "connector.error";
/// The code of the error in the catalogue: `ST0205`.
pub const ERROR_CODE: &str = "connector.error.code";
/// What follows from the error: `retry`, `operator` or `defect`.
pub const ERROR_RECOVERY: &str = "connector.error.recovery";
/// When the operation may be tried again at the earliest, by the wish of the remote.
pub const RETRY_AT: &str = "connector.retry_at";
/// What the operator can do about the error, as a sentence.
pub const ADVICE: &str = "connector.advice";
/// The id that the API gave the request, to quote to its support.
pub const REQUEST_ID: &str = "connector.request.id";

/// The kind of failure, of bounded variety.
pub const ERROR_TYPE: &str = "error.type";
/// `GET`, `POST`.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// How often the request was sent before.
pub const HTTP_REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
/// The status of the answer.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// Bytes of the answer's body, decompressed.
pub const HTTP_RESPONSE_BODY_SIZE: &str = "http.response.body.size";
/// The host that is asked.
pub const SERVER_ADDRESS: &str = "server.address";
/// The port that is asked.
pub const SERVER_PORT: &str = "server.port";
/// The path with its variable parts named, never their values.
pub const URL_TEMPLATE: &str = "url.template";

/// What OpenTelemetry takes a span for; see [`KIND_CLIENT`].
pub const OTEL_KIND: &str = "otel.kind";
/// A span of a request that goes out.
pub const KIND_CLIENT: &str = "client";
/// How a span ended, for OpenTelemetry; see [`STATUS_ERROR`].
pub const OTEL_STATUS_CODE: &str = "otel.status_code";
/// Why a span ended badly, for OpenTelemetry: a code of the error catalogue.
pub const OTEL_STATUS_DESCRIPTION: &str = "otel.status_description";
/// A span that ended badly.
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
