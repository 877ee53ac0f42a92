//! Names of spans. Work that neither waits nor fails has none.

/// One pass over a tenant: the root of a trace.
pub const CYCLE: &str = "cycle";
/// One page of the source, from the request until it is parsed.
pub const PAGE: &str = "page";
/// The enricher's records for the devices of a page. Its children are the calls that it needs; there
/// are none when the whole list is already in memory.
pub const ENRICHMENT: &str = "enrichment";
/// One batch at a sink, until it is acknowledged and committed to state.
pub const BATCH: &str = "batch";
/// One call to a remote API, its retries and waits included.
pub const API_CALL: &str = "api_call";
/// One HTTP request on the wire. OpenTelemetry knows it as [`http_client_name`]; this is the name in
/// logs, where a span's name is fixed.
pub const HTTP_REQUEST: &str = "http_request";

/// The exported name of an HTTP client span, as OpenTelemetry's conventions want it:
/// `{method} {url.template}`, or `{method}` where no template is known. It is the value of
/// [`field::OTEL_NAME`](crate::field::OTEL_NAME).
pub fn http_client_name(method: &str, url_template: Option<&str>) -> String {
    match url_template {
        Some(template) => format!("{method} {template}"),
        None => method.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_client_span_is_named_after_method_and_template() {
        let named = http_client_name("GET", Some("/api/machines/{id}"));
        assert_eq!(named, "GET /api/machines/{id}");
        assert_eq!(http_client_name("POST", None), "POST");
    }
}
