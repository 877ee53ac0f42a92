//! Answers of Microsoft's OData APIs: Defender for Endpoint and Graph.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Map, Value};

use super::json::{body_flaw, header_text, scalar};
use super::text::plain_message;
use super::words::{quota_in, wait_in};
use super::{ErrorDetail, InvalidResponse, ResponsePolicy};

/// The wait after a refusal that names a quota by the hour or longer and no time. The window empties
/// little by little, so a fraction of it is enough.
const WAIT_OF_A_LONG_QUOTA: Duration = Duration::from_secs(5 * 60);

/// Defender for Endpoint and Microsoft Graph.
///
/// Their errors are `{"error": {"code", "message", "target", "innerError"}}`
/// (<https://learn.microsoft.com/defender-endpoint/api/common-errors>,
/// <https://learn.microsoft.com/graph/errors>). Intune puts a second JSON document, as a string,
/// into `message`; Defender names quotas and waits in words.
#[derive(Debug, Clone, Copy, Default)]
pub struct ODataResponses;

impl ResponsePolicy for ODataResponses {
    fn flaw(&self, answer: &Response<Bytes>) -> Option<InvalidResponse> {
        let empty = answer.body().trim_ascii().is_empty();
        if empty && answer.status() == StatusCode::OK {
            return Some(InvalidResponse::new("no body"));
        }
        body_flaw(answer)
    }

    fn read_error(&self, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> ErrorDetail {
        let json = serde_json::from_slice::<Value>(body).unwrap_or_default();
        let mut detail = match json.get("error") {
            Some(Value::Object(error)) => read_envelope(error),
            // A few gateways in front of the APIs send the code alone.
            Some(Value::String(code)) => ErrorDetail {
                code: Some(code.clone()),
                message: json.get("error_description").and_then(scalar).unwrap_or_default(),
                ..ErrorDetail::default()
            },
            _ => ErrorDetail {
                message: json
                    .get("message")
                    .and_then(scalar)
                    .unwrap_or_else(|| plain_message(body)),
                ..ErrorDetail::default()
            },
        };
        // The header is the service's own; the body's may be the caller's, sent back.
        if let Some(id) = header_text(headers, &["request-id", "x-ms-request-id"]) {
            detail.request_id = Some(id);
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            detail.quota = quota_in(&detail.message);
            detail.retry_after = detail
                .retry_after
                .or_else(|| wait_in(&detail.message))
                .or_else(|| detail.quota.map(|quota| quota.per.min(WAIT_OF_A_LONG_QUOTA)));
        }
        detail.advice = advice(status, &detail);
        detail
    }
}

fn read_envelope(error: &Map<String, Value>) -> ErrorDetail {
    let mut detail = ErrorDetail {
        code: error.get("code").and_then(scalar),
        message: error.get("message").and_then(scalar).unwrap_or_default(),
        // Defender: `target` is the correlation id to quote to support.
        request_id: error.get("target").and_then(scalar),
        ..ErrorDetail::default()
    };
    if let Some(id) = inner_request_id(error) {
        detail.request_id = Some(id);
    }
    read_nested_message(&mut detail);
    detail
}

/// `innerError` may be spelled `innererror` and may nest.
fn inner_request_id(error: &Map<String, Value>) -> Option<String> {
    let mut level = error;
    let mut found = None;
    for _ in 0..4 {
        let inner = level.get("innerError").or_else(|| level.get("innererror"));
        let Some(Value::Object(inner)) = inner else { break };
        found = inner.get("request-id").and_then(scalar).or(found);
        level = inner;
    }
    found
}

/// How deep documents nest in messages: Intune's gateway wraps what its service says.
const DEEPEST: usize = 3;

/// Intune's JSON in the message. Its own message names an operation and an internal URL; both are
/// kept, because support asks for them. Its code stands beside Graph's, which tells a refusal.
fn read_nested_message(detail: &mut ErrorDetail) {
    for _ in 0..DEEPEST {
        if !detail.message.trim_start().starts_with('{') {
            return;
        }
        let Ok(Value::Object(nested)) = serde_json::from_str::<Value>(&detail.message) else {
            return;
        };
        let text = |name: &str| nested.get(name).and_then(scalar);
        if detail.inner_code.is_none() {
            detail.inner_code = text("CustomApiErrorPhrase").or_else(|| text("ErrorCode"));
        }
        // Seconds; null unless it throttles.
        if let Some(seconds) = nested.get("RetryAfter").and_then(Value::as_u64) {
            detail.retry_after =
                Some(Duration::from_secs(seconds).min(super::retry_after::LONGEST_WAIT));
        }
        match text("Message").or_else(|| text("message")) {
            Some(message) => detail.message = message,
            None => return,
        }
    }
}

fn advice(status: StatusCode, detail: &ErrorDetail) -> Option<String> {
    let message = detail.message.to_ascii_lowercase();
    let code = detail.code.as_deref().unwrap_or_default();
    let advice = match status.as_u16() {
        401 if code == "Authorization_IdentityNotFound" => {
            "Consent to the application in this tenant: it has no service principal there."
        }
        401 if ["inactive", "license", "not provisioned"].iter().any(|w| message.contains(w)) => {
            "Check that the tenant has an active Defender for Endpoint licence."
        }
        401 => {
            "Check that the token's scope and the API's base URL belong to the same API and cloud."
        }
        403 if code == "DisabledFeature" || code == "DisallowedOperation" => {
            "Enable the feature that the message names in the Microsoft Defender portal."
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
    use crate::Quota;

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
    fn a_refusal_that_names_a_quota_but_no_time_waits_for_its_window_within_reason() {
        let minute = read(429, r#"{"error": {"message": "maximum allowed 45 per 00:01:00"}}"#);
        assert_eq!(minute.quota, Some(Quota::per_minute(45)));
        assert_eq!(minute.retry_after, Some(Duration::from_secs(60)));
        let hour = read(429, r#"{"error": {"message": "1500 per 01:00:00"}}"#);
        assert_eq!(hour.retry_after, Some(Duration::from_secs(300)));
        // Only a refusal is believed: the words may stand in any other message.
        assert_eq!(read(400, r#"{"error": {"message": "1 per 01:00:00"}}"#).quota, None);
    }

    #[test]
    fn what_is_not_an_envelope_still_says_something() {
        assert_eq!(read(502, "<html>gone</html>").message, "an HTML page instead of JSON");
        assert_eq!(read(503, "upstream\nfailed").message, "upstream failed");
        assert_eq!(read(500, "").message, "");
        assert_eq!(read(401, r#"{"message": "no"}"#).message, "no");
        assert_eq!(read(400, r#"{"error": "invalid"}"#).code.as_deref(), Some("invalid"));
        assert_eq!(read(400, r#"{"error": [1]}"#).code, None);
    }

    #[test]
    fn a_success_without_a_body_is_flawed() {
        let answer = Response::new(Bytes::from_static(b" \n"));
        assert_eq!(ODataResponses.flaw(&answer), Some(InvalidResponse::new("no body")));
    }
}
