//! HTTP routes of the health server.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use stocktake_telemetry::EXPOSITION_CONTENT_TYPE;

use super::hosts::{self, Hosts};
use crate::watch::Watch;

/// Every route. A path takes GET and HEAD alone; the body of a request is never read.
pub(super) fn router(watch: Arc<Watch>, hosts: Hosts) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/startupz", get(started))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .fallback(not_found)
        .layer(from_fn_with_state(hosts, hosts::check))
        .layer(map_response(without_cache))
        .with_state(watch)
}

/// "ok", or 503 with the reason.
type Probe = Result<&'static str, (StatusCode, String)>;

fn unavailable(reason: String) -> (StatusCode, String) {
    // A reason may name tenants.
    (StatusCode::SERVICE_UNAVAILABLE, escaped(&reason) + "\n")
}

/// Whether every task makes progress.
async fn live(State(watch): State<Arc<Watch>>) -> Probe {
    let stuck = watch.status.stuck_tasks();
    if stuck.is_empty() {
        return Ok("ok\n");
    }
    let lines =
        stuck.iter().map(|(task, age)| format!("{task} has made no progress for {age:.0?}"));
    Err(unavailable(lines.collect::<Vec<_>>().join("\n")))
}

async fn ready(State(watch): State<Arc<Watch>>) -> Probe {
    watch.readiness.check().await.map(|()| "ok\n").map_err(unavailable)
}

async fn started(State(watch): State<Arc<Watch>>) -> Probe {
    match watch.readiness.has_started() {
        true => Ok("ok\n"),
        false => Err(unavailable("the program is starting".to_owned())),
    }
}

type Content = ([(http::HeaderName, &'static str); 1], String);

async fn metrics(State(watch): State<Arc<Watch>>) -> Content {
    ([(CONTENT_TYPE, EXPOSITION_CONTENT_TYPE)], watch.metrics.registry().text())
}

async fn status(State(watch): State<Arc<Watch>>) -> Result<Content, (StatusCode, String)> {
    let text = serde_json::to_string_pretty(&watch.status.snapshot())
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")))?;
    Ok(([(CONTENT_TYPE, "application/json")], escaped(&text) + "\n"))
}

/// Escapes what a terminal or an editor does not show as itself, as JSON does: control characters, marks
/// of direction, invisible ones. Outside of its strings, JSON has none of them but line feeds.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if char == '\n' || char.is_ascii_graphic() || char == ' ' || is_shown(char) {
            escaped.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

/// Whether a character beyond ASCII shows as itself.
fn is_shown(char: char) -> bool {
    !char.is_ascii() && char.escape_debug().len() == 1
}

async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "the paths are /livez, /readyz, /startupz, /metrics and /status\n")
}

async fn without_cache(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_do_not_show_as_themselves_are_escaped() {
        let text = "a\u{202e}b\u{7f}\u{85}\u{200b}\u{feff}\u{1b}[2J é 日本 👍 \u{e0001} \"\\";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let shown = escaped(&json);
        for hidden in
            ['\u{202e}', '\u{7f}', '\u{85}', '\u{200b}', '\u{feff}', '\u{1b}', '\u{e0001}']
        {
            assert!(!shown.contains(hidden), "{hidden:?} is in {shown:?}");
        }
        assert!(shown.contains("é 日本 👍") && shown.contains("\\u202e"), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [text]);
        assert_eq!(unavailable("tenant a\u{202e}b".to_owned()).1, "tenant a\\u202eb\n");
    }
}
