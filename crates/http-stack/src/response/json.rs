//! Responses of a plain JSON API.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;

use super::text::{looks_like_html, plain_message};
use super::{ErrorDetail, InvalidResponse, ResponsePolicy};

/// A plain JSON API. An empty success is fine; an error's code and message are looked for under
/// their usual names.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonResponses;

impl ResponsePolicy for JsonResponses {
    fn flaw(&self, response: &Response<Bytes>) -> Option<InvalidResponse> {
        body_flaw(response)
    }

    fn read_error(&self, _status: StatusCode, headers: &HeaderMap, body: &Bytes) -> ErrorDetail {
        let request_id = header_text(headers, &["x-request-id", "request-id"]);
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            return ErrorDetail {
                message: plain_message(body),
                request_id,
                ..ErrorDetail::default()
            };
        };
        let text = |names: &[&str]| names.iter().find_map(|name| scalar(json.get(name)?));
        ErrorDetail {
            code: text(&["code", "error_code", "errorCode"]),
            message: text(&["message", "error_description", "detail", "error", "title"])
                .unwrap_or_default(),
            request_id: request_id.or_else(|| text(&["request_id", "requestId", "trace_id"])),
            ..ErrorDetail::default()
        }
    }
}

/// What is wrong with a body that should be a whole JSON document, or nothing at all.
///
/// It looks at the ends: no JSON object or array is whole without its last bracket. The middle is for
/// the parser.
pub(super) fn body_flaw(response: &Response<Bytes>) -> Option<InvalidResponse> {
    let body = response.body().trim_ascii();
    let declares_html = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("text/html"));
    if looks_like_html(body) || (declares_html && !body.is_empty()) {
        return Some(InvalidResponse::new("an HTML page instead of JSON"));
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match (body.first(), body.last()) {
        (Some(b'{'), Some(last)) if *last != b'}' => {
            Some(InvalidResponse::new("JSON that is cut short"))
        }
        (Some(b'['), Some(last)) if *last != b']' => {
            Some(InvalidResponse::new("JSON that is cut short"))
        }
        _ => None,
    }
}

/// The first of `names` that is there, as text.
pub(super) fn header_text(headers: &HeaderMap, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let text = headers.get(*name)?.to_str().ok()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    })
}

/// A string or a number as text; some APIs send their codes as either.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(kind: &str, body: &'static str) -> Option<String> {
        let response =
            Response::builder().header(CONTENT_TYPE, kind).body(Bytes::from(body)).unwrap();
        JsonResponses.flaw(&response).map(|flaw| flaw.reason)
    }

    #[test]
    fn a_success_that_is_html_or_cut_short_is_flawed() {
        let html = Some("an HTML page instead of JSON".to_owned());
        let cut = Some("JSON that is cut short".to_owned());
        assert_eq!(flaw("application/json", "  <html>"), html);
        assert_eq!(flaw("text/html; charset=utf-8", "sign in"), html);
        assert_eq!(flaw("application/json", r#"{"value": [{"id": "a"}]"#), cut);
        assert_eq!(flaw("application/json", r#"[{"id": "a"}"#), cut);
    }

    #[test]
    fn a_whole_or_empty_success_has_no_flaw() {
        for body in ["", "{}", " [1] \r\n", "\u{feff}{}", "true", "OK"] {
            assert_eq!(flaw("application/json", body), None, "{body}");
        }
    }

    #[test]
    fn an_error_is_read_in_each_form() {
        let read = |body: &'static str| {
            let body = Bytes::from_static(body.as_bytes());
            let detail =
                JsonResponses.read_error(StatusCode::BAD_REQUEST, &HeaderMap::new(), &body);
            (detail.code.unwrap_or_default(), detail.message)
        };
        let pair = |code: &str, message: &str| (code.to_owned(), message.to_owned());
        assert_eq!(read(r#"{"code": 400, "message": "bad"}"#), pair("400", "bad"));
        assert_eq!(read(r#"{"error": "bad"}"#), pair("", "bad"));
        assert_eq!(read("Too Many Requests\r\n"), pair("", "Too Many Requests"));
        assert_eq!(read("<html>"), pair("", "an HTML page instead of JSON"));
        assert_eq!(read("[]"), pair("", ""));
    }
}
