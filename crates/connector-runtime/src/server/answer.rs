//! What is answered to whom asks.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use stocktake_telemetry::EXPOSITION_CONTENT_TYPE;

use crate::watch::Watch;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Answers one request. Its body, if it has one, is left unread.
pub(super) async fn answer(
    watch: Arc<Watch>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let mut refusal = reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n".into());
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(refusal);
    }
    Ok(match request.uri().path() {
        "/livez" => probe(live(&watch)),
        "/readyz" => probe(watch.readiness.check().await),
        "/startupz" => probe(started(&watch)),
        "/metrics" => {
            reply(StatusCode::OK, EXPOSITION_CONTENT_TYPE, watch.figures.registry().text())
        }
        "/status" => status(&watch),
        _ => reply(
            StatusCode::NOT_FOUND,
            TEXT,
            "there are /livez, /readyz, /startupz, /metrics and /status\n".into(),
        ),
    })
}

/// Whether every task that should move does.
fn live(watch: &Watch) -> Result<(), String> {
    let silent = watch.board.silent();
    if silent.is_empty() {
        return Ok(());
    }
    let lines = silent.iter().map(|(task, age)| format!("{task} stands still for {age:.0?}"));
    Err(lines.collect::<Vec<_>>().join("\n"))
}

fn started(watch: &Watch) -> Result<(), String> {
    if watch.readiness.has_started() { Ok(()) } else { Err("the program is starting".to_owned()) }
}

fn status(watch: &Watch) -> Response<Full<Bytes>> {
    match serde_json::to_string_pretty(&watch.board.snapshot()) {
        Ok(text) => reply(StatusCode::OK, JSON, text + "\n"),
        Err(error) => reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
    }
}

fn probe(outcome: Result<(), String>) -> Response<Full<Bytes>> {
    match outcome {
        Ok(()) => reply(StatusCode::OK, TEXT, "ok\n".into()),
        Err(problem) => reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, problem + "\n"),
    }
}

fn reply(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
