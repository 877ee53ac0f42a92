//! What a file contains instead of records, in words.

use stocktake_odata::find_text;
use stocktake_telemetry::Escaped;

use super::Object;

/// Names of an unknown object that are shown, and how much of each.
const NAMES_SHOWN: usize = 3;
const LONGEST_NAME: usize = 40;

/// Describes an object that is not a record, as the rest of a sentence about it.
pub(super) fn object(object: &Object<'_>, record: &str) -> String {
    let has =
        |name: &str| object.members().any(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
    if has("access_token") || has("accessToken") || has("refresh_token") {
        return "is a response with a token; it holds a secret, so delete it".to_owned();
    }
    if has("error") {
        let code = object
            .members()
            .find(|(name, ..)| *name == b"error")
            .and_then(|(_, error)| find_text(error, "code").filter(|code| is_code(code)));
        return match code {
            Some(code) => format!("is the error response `{code}`"),
            None => "is an error response".to_owned(),
        };
    }
    if has("responses") {
        return "is the response of a batch ($batch); save the body of each response instead"
            .to_owned();
    }
    if has("requests") {
        return "is a batch of requests ($batch)".to_owned();
    }
    if has("status") && has("body") {
        return "is one response of a batch ($batch); save its body instead".to_owned();
    }
    if has("log") {
        return "is a recording of a browser (HAR); save the body of the response instead"
            .to_owned();
    }
    if has("Schema") && has("Results") {
        return "is the result of an advanced hunting query, whose columns have other names"
            .to_owned();
    }
    if has("value") {
        return format!("has a `value` that is neither a list nor a {record}");
    }
    if has("message") || has("ErrorCode") || has("StatusCode") {
        return "is an error response or another message".to_owned();
    }
    let names: Vec<String> = object
        .members()
        .take(NAMES_SHOWN)
        .map(|(name, ..)| {
            let name: String = String::from_utf8_lossy(name).chars().take(LONGEST_NAME).collect();
            format!("`{}`", Escaped(&name))
        })
        .collect();
    if names.is_empty() {
        return "is an object without fields".to_owned();
    }
    format!("has no field of a {record}; its first fields are {}", names.join(", "))
}

/// Describes text that is not an object, as the rest of a sentence about it.
pub(super) fn value(text: &[u8]) -> String {
    let what = match text.first() {
        Some(b'<') => "is an HTML or XML page, not JSON",
        _ if serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() => {
            "is JSON, but not an object"
        }
        _ if looks_like_csv(text) => "is not JSON; it looks like CSV",
        _ => "is not JSON",
    };
    what.to_owned()
}

fn looks_like_csv(line: &[u8]) -> bool {
    let separators = line.iter().filter(|byte| matches!(byte, b',' | b';' | b'\t')).count();
    separators >= 2 && !line.iter().any(|byte| matches!(byte, b'{' | b'['))
}

/// Whether a text can be nothing but the code of an error.
fn is_code(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/');
    !text.is_empty() && text.len() <= 64 && text.bytes().all(is_part)
}
