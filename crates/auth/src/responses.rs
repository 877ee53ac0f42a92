//! The responses of Entra's token endpoint.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use stocktake_http_stack::{ErrorDetail, InvalidResponse, JsonResponses, ResponsePolicy};

use crate::aadsts;

/// How the HTTP stack reads the token endpoint's responses.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EntraResponses;

/// The body of an error. Fields may be absent, and the whole may be text or HTML instead.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: Value,
    error_description: Value,
    error_codes: Value,
    trace_id: Value,
    correlation_id: Value,
}

impl ResponsePolicy for EntraResponses {
    fn flaw(&self, response: &Response<Bytes>) -> Option<InvalidResponse> {
        if response.body().trim_ascii().is_empty() {
            return Some(InvalidResponse::new("no body"));
        }
        JsonResponses.flaw(response)
    }

    fn read_error(&self, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> ErrorDetail {
        let read: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
        let (Some(error), description) = (
            read.error.as_str().filter(|error| is_word(error)),
            read.error_description.as_str().unwrap_or_default(),
        ) else {
            // The response to a throttled request may be plain text
            // (AzureAD/microsoft-authentication-library-for-dotnet#2855).
            return JsonResponses.read_error(status, headers, body);
        };
        let sentence = first_sentence(description);
        ErrorDetail {
            code: match most_specific(&codes(description, &read.error_codes)) {
                Some(code) => Some(format!("AADSTS{code}")),
                None => Some(error.to_owned()),
            },
            message: if sentence.is_empty() {
                error.to_owned()
            } else {
                format!("{error}: {sentence}")
            },
            request_id: [&read.trace_id, &read.correlation_id]
                .iter()
                .find_map(|id| id.as_str().filter(|id| is_guid(id)).map(str::to_owned)),
            ..ErrorDetail::default()
        }
    }
}

/// Whether this is a name like `invalid_client`. Only names and GUIDs are repeated unchanged, so that
/// a proxy that sends the request back puts no secret into a log.
fn is_word(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn is_guid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Every code that an error names, the outermost first.
fn codes(description: &str, listed: &Value) -> Vec<u32> {
    let written = description.split("AADSTS").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    });
    let listed = listed.as_array().into_iter().flatten().filter_map(|code| match code {
        Value::String(text) => text.parse().ok(),
        other => u32::try_from(other.as_u64()?).ok(),
    });
    written.chain(listed).take(16).collect()
}

/// The code that says most: a known one before an unknown, an inner one before an umbrella.
fn most_specific(codes: &[u32]) -> Option<u32> {
    let rank = |code: u32| match aadsts::row(code) {
        Some(row) if !row.umbrella => 2,
        Some(_) => 1,
        None => 0,
    };
    // The later of equal ones, because an umbrella comes before what it covers.
    codes.iter().copied().max_by_key(|code| rank(*code))
}

/// The first sentence of a description, without its code and the ids that follow.
fn first_sentence(description: &str) -> String {
    let text = description.trim_start();
    let text = match text.strip_prefix("AADSTS") {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':'),
        None => text,
    };
    let end = ["Trace ID:", "Correlation ID:", "Timestamp:", "\r", "\n", ". "]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(status: u16, body: &str) -> ErrorDetail {
        EntraResponses.read_error(
            StatusCode::from_u16(status).unwrap(),
            &HeaderMap::new(),
            &Bytes::copy_from_slice(body.as_bytes()),
        )
    }

    #[test]
    fn a_refusal_keeps_its_first_sentence_and_leaves_the_ids_out() {
        let detail = read(
            401,
            r#"{"error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value, for a secret added to app 'a'.\r\nTrace ID: t-1\r\nCorrelation ID: c-1\r\nTimestamp: 2026-11-24 03:00:00Z",
                "error_codes": [7000215], "timestamp": "2026-11-24 03:00:00Z",
                "trace_id": "00000000-0000-0000-0000-000000000077", "correlation_id": "c-1"}"#,
        );
        assert_eq!(detail.code.as_deref(), Some("AADSTS7000215"));
        assert_eq!(detail.message, "invalid_client: Invalid client secret provided");
        assert_eq!(detail.request_id.as_deref(), Some("00000000-0000-0000-0000-000000000077"));
    }

    #[test]
    fn a_domain_in_a_sentence_does_not_end_it() {
        assert_eq!(
            first_sentence("AADSTS90002: Tenant 'a.example.com' not found. Check it. Trace ID: x"),
            "Tenant 'a.example.com' not found"
        );
        assert_eq!(first_sentence("Broken Trace ID: x"), "Broken");
        assert_eq!(first_sentence(""), "");
    }

    #[test]
    fn of_nested_codes_the_most_specific_counts() {
        for (description, listed, expected) in [
            ("AADSTS70002: x. AADSTS50012: y", "[70002, 50012]", Some(50012)),
            ("AADSTS50012: x. AADSTS70002: y", "[50012, 70002]", Some(50012)),
            ("AADSTS70002: x. AADSTS999999: y", "[70002]", Some(70002)),
            ("AADSTS1: x. AADSTS2: y", "[]", Some(2)),
            ("no code", r#"["7000222"]"#, Some(7000222)),
            ("AADSTS: nothing", "null", None),
            ("AADSTS99999999999999: too long", "[-1, 1.5]", None),
        ] {
            let listed = serde_json::from_str(listed).unwrap();
            assert_eq!(most_specific(&codes(description, &listed)), expected, "{description}");
        }
    }

    #[test]
    fn a_response_of_another_form_still_has_a_message() {
        assert_eq!(read(429, "Too Many Requests").message, "Too Many Requests");
        assert_eq!(read(502, "<html></html>").message, "an HTML page instead of JSON");
        assert_eq!(read(400, r#"{"error": "invalid_scope"}"#).message, "invalid_scope");
        assert_eq!(read(400, r#"{"error": {"code": 1}}"#).code, None);
    }

    proptest! {
        #[test]
        fn any_description_is_read_without_a_panic(text in any::<String>()) {
            let sentence = first_sentence(&format!("AADSTS1: {text}"));
            prop_assert!(!sentence.contains(['\r', '\n']));
            let _ = codes(&text, &Value::Null);
        }
    }
}
