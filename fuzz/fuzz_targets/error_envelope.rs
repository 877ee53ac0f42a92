//! Refusals of every API, and `Retry-After`.
#![no_main]

use bytes::Bytes;
use chrono::DateTime;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use stocktake_http_stack::{JsonResponses, ResponsePolicy, clean_text, retry_after};
use stocktake_odata::ODataResponses;

const A_DAY: u64 = 24 * 60 * 60;

fuzz_target!(|input: &[u8]| {
    let Some((kind, body)) = input.split_first() else { return };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(body) {
        headers.insert(RETRY_AFTER, value);
    }
    if let Some(wait) = retry_after(&headers, DateTime::UNIX_EPOCH) {
        assert!(wait.as_secs() <= A_DAY);
    }
    let status = match kind % 4 {
        0 => StatusCode::TOO_MANY_REQUESTS,
        1 => StatusCode::FORBIDDEN,
        2 => StatusCode::BAD_REQUEST,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let bytes = Bytes::copy_from_slice(body);
    let details = [
        ODataResponses.read_error(status, &headers, &bytes),
        JsonResponses.read_error(status, &headers, &bytes),
        stocktake_auth::fuzzing::token_refusal(status, body),
    ];
    for detail in details {
        let shown = clean_text(&detail.message);
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
    }
});
