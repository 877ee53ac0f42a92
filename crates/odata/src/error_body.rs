//! Error bodies of Microsoft's OData APIs: Defender for Endpoint and Graph.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Map, Value};
use stocktake_http_stack::{ErrorDetail, InvalidResponse, JsonResponses, ResponsePolicy};

use crate::{Text, read_value};

/// Longest wait that is believed, as for a `Retry-After` header.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// How deep documents nest in messages: Intune's gateway wraps what its service reports.
const DEEPEST_MESSAGE: usize = 3;

/// How deep `innerError` nests.
const DEEPEST_INNER_ERROR: usize = 4;

/// Defender for Endpoint and Microsoft Graph.
///
/// Their errors are `{"error": {"code", "message", "target", "innerError"}}`
/// (<https://learn.microsoft.com/defender-endpoint/api/common-errors>,
/// <https://learn.microsoft.com/graph/errors>). Intune puts a second JSON document, as a string,
/// into `message`. Waits are read from the header `Retry-After` and from Intune's field of that name,
/// never from prose.
#[derive(Debug, Clone, Copy, Default)]
pub struct ODataResponses;

impl ResponsePolicy for ODataResponses {
    fn flaw(&self, response: &Response<Bytes>) -> Option<InvalidResponse> {
        // Every request is a read that is answered with 200. 206 is Graph's way to say "not all", and
        // no other success is documented.
        let status = response.status();
        if status != StatusCode::OK {
            return Some(InvalidResponse::new(format!("{status} instead of 200")));
        }
        if response.body().trim_ascii().is_empty() {
            return Some(InvalidResponse::new("no body"));
        }
        JsonResponses.flaw(response)
    }

    fn read_error(&self, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> ErrorDetail {
        let json = serde_json::from_slice::<Value>(body).unwrap_or_default();
        let mut detail = match json.get("error") {
            Some(Value::Object(error)) => read_envelope(error),
            // A few gateways in front of the APIs send the code alone.
            Some(Value::String(code)) => ErrorDetail {
                code: Some(code.clone()),
                message: read_text(json.get("error_description")).unwrap_or_default(),
                ..ErrorDetail::default()
            },
            // Not an envelope: a gateway's own JSON, or text.
            _ => ErrorDetail {
                message: JsonResponses.read_error(status, headers, body).message,
                ..ErrorDetail::default()
            },
        };
        // The header is the service's own; the body's may be the caller's, sent back.
        if let Some(id) = read_request_id(headers) {
            detail.request_id = Some(id);
        }
        detail.advice = advise(status, detail.code.as_deref().unwrap_or_default());
        detail
    }
}

fn read_request_id(headers: &HeaderMap) -> Option<String> {
    ["request-id", "x-ms-request-id"].iter().find_map(|name| {
        let text = headers.get(*name)?.to_str().ok()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    })
}

/// A string that is not blank, or an integer; the APIs send their codes as either.
fn read_text(value: Option<&Value>) -> Option<String> {
    read_value::<Text, _>(value?).ok().flatten()
}

fn read_envelope(error: &Map<String, Value>) -> ErrorDetail {
    let mut detail = ErrorDetail {
        code: read_text(error.get("code")),
        message: read_text(error.get("message")).unwrap_or_default(),
        // Defender: `target` is the correlation id to quote to support.
        request_id: read_inner_request_id(error).or_else(|| read_text(error.get("target"))),
        ..ErrorDetail::default()
    };
    read_nested_message(&mut detail);
    detail
}

/// `innerError` may be spelled `innererror` and may nest; the innermost id counts.
fn read_inner_request_id(error: &Map<String, Value>) -> Option<String> {
    let mut level = error;
    let mut found = None;
    for _ in 0..DEEPEST_INNER_ERROR {
        let inner = level.get("innerError").or_else(|| level.get("innererror"));
        let Some(Value::Object(inner)) = inner else { break };
        found = read_text(inner.get("request-id")).or(found);
        level = inner;
    }
    found
}

/// Intune's JSON in the message. Its own message names an operation and an internal URL; both are
/// kept, because support asks for them. Its code stands next to Graph's, because both mark refusals.
fn read_nested_message(detail: &mut ErrorDetail) {
    for _ in 0..DEEPEST_MESSAGE {
        if !detail.message.trim_start().starts_with('{') {
            return;
        }
        let Ok(Value::Object(nested)) = serde_json::from_str::<Value>(&detail.message) else {
            return;
        };
        let text = |name: &str| read_text(nested.get(name));
        if detail.inner_code.is_none() {
            detail.inner_code = text("CustomApiErrorPhrase").or_else(|| text("ErrorCode"));
        }
        // Seconds; null unless it throttles.
        if let Some(seconds) = nested.get("RetryAfter").and_then(Value::as_u64) {
            detail.retry_after = Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
        }
        match text("Message").or_else(|| text("message")) {
            Some(message) => detail.message = message,
            None => return,
        }
    }
}

/// What an operator can do, as far as both APIs agree; each API's own crate knows more.
fn advise(status: StatusCode, code: &str) -> Option<String> {
    let advice = match status.as_u16() {
        401 if code == "Authorization_IdentityNotFound" => {
            "Consent to the application in this tenant: it has no service principal there."
        }
        401 => {
            "Check that the token's scope and the API's base URL belong to the same API and cloud."
        }
        403 => {
            "Grant the application the permission that the message names (type Application) and \
             have an administrator consent to it."
        }
        404 => "Check the path of the base URL, and that the object still exists.",
        429 => {
            "Wait, or lower the quota in the configuration: other programs with the same app \
             registration use it too."
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> ErrorDetail {
        ODataResponses.read_error(
            StatusCode::from_u16(status).unwrap(),
            &HeaderMap::new(),
            &Bytes::copy_from_slice(body.as_bytes()),
        )
    }

    #[test]
    fn defenders_envelope_gives_code_message_and_the_id_for_support() {
        let detail = read(
            403,
            r#"{"error": {"code": "Forbidden", "message": "Missing application roles.",
                "target": "7f1c"}}"#,
        );
        assert_eq!(detail.code.as_deref(), Some("Forbidden"));
        assert_eq!(detail.message, "Missing application roles.");
        assert_eq!(detail.request_id.as_deref(), Some("7f1c"));
        assert!(detail.advice.unwrap().contains("consent"));
    }

    #[test]
    fn graphs_request_id_is_found_however_deep_and_however_spelled() {
        for body in [
            r#"{"error": {"code": "x", "message": "", "innerError": {"request-id": "77"}}}"#,
            r#"{"error": {"code": "x", "innererror": {"request-id": "77"}}}"#,
            r#"{"error": {"innerError": {"innererror": {"request-id": "77"}}}}"#,
        ] {
            assert_eq!(read(400, body).request_id.as_deref(), Some("77"), "{body}");
        }
    }

    #[test]
    fn intunes_json_in_the_message_is_opened() {
        let detail = read(
            429,
            r#"{"error": {"code": "UnknownError", "message": "{\"_version\": 3,
                \"Message\": \"An error has occurred\", \"CustomApiErrorPhrase\": \"TooMany\",
                \"RetryAfter\": 12}"}}"#
                .replace("\n", " ")
                .as_str(),
        );
        assert_eq!(detail.code.as_deref(), Some("UnknownError"));
        assert_eq!(detail.inner_code.as_deref(), Some("TooMany"));
        assert_eq!(detail.message, "An error has occurred");
        assert_eq!(detail.retry_after, Some(Duration::from_secs(12)));
    }

    #[test]
    fn a_wait_is_not_read_from_prose() {
        let body = r#"{"error": {"message": "45 per 00:01:00 exceeded. Retry after 30 seconds"}}"#;
        assert_eq!(read(429, body).retry_after, None);
    }

    #[test]
    fn an_absurd_wait_is_a_day() {
        let message = format!(r#"{{\"RetryAfter\": {}}}"#, u64::MAX);
        let body = format!(r#"{{"error": {{"message": "{message}"}}}}"#);
        assert_eq!(read(429, &body).retry_after, Some(LONGEST_WAIT));
    }

    #[test]
    fn a_body_that_is_not_an_envelope_still_gives_a_message() {
        assert_eq!(read(502, "<html>gone</html>").message, "an HTML page instead of JSON");
        assert_eq!(read(503, "upstream\nfailed").message, "upstream failed");
        assert_eq!(read(500, "").message, "");
        assert_eq!(read(401, r#"{"message": "no"}"#).message, "no");
        assert_eq!(read(400, r#"{"error": "invalid"}"#).code.as_deref(), Some("invalid"));
        assert_eq!(read(400, r#"{"error": [1]}"#).code, None);
    }

    #[test]
    fn a_success_that_is_not_200_is_flawed_whatever_its_body() {
        for status in (201..300).filter_map(|status| StatusCode::from_u16(status).ok()) {
            for body in ["", r#"{"value": []}"#] {
                let response = Response::builder().status(status).body(Bytes::from(body)).unwrap();
                let flaw = ODataResponses.flaw(&response).unwrap();
                assert!(flaw.reason.contains(status.as_str()), "{flaw:?}");
            }
        }
    }

    #[test]
    fn a_success_without_a_body_is_flawed() {
        let response = Response::new(Bytes::from_static(b" \n"));
        assert_eq!(ODataResponses.flaw(&response), Some(InvalidResponse::new("no body")));
    }
}
