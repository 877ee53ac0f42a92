//! Gateways that send the request back, and files that lost their line ends: what was sent or read is
//! in no output, log, report, status or state.

use std::fs;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;

use crate::recorder::{Recorded, Recorder};
use crate::site::{API_KEY, APP_SECRET, Site, fleet};
use crate::telemetry::Program;

fn respond(status: u16, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

/// All that came, as text: the headers and the body.
fn all(request: &Recorded) -> String {
    let headers: serde_json::Map<_, _> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {}", serde_json::Value::from(headers), body.get(..2048).unwrap_or(&body))
}

/// The header by which the request is authenticated, or its whole body.
fn credential(request: &Recorded) -> String {
    let header = request.headers.get("authorization");
    let header = header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    header.unwrap_or_else(|| String::from_utf8_lossy(&request.body).into_owned())
}

fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

type Way = fn(&Recorded) -> Response<Full<Bytes>>;

/// The ways in which a request is sent back.
const WAYS: [(&str, Way); 9] =
    [
        ("an envelope of Microsoft's", |request| {
            let code = credential(request);
            respond(401, json!({"error": {"code": code, "message": all(request)}}).to_string())
        }),
        ("a message of its own", |request| {
            let json =
                json!({"code": 403, "message": all(request), "request_id": credential(request)});
            respond(403, json.to_string())
        }),
        ("an error of OAuth", |request| {
            let description = format!("AADSTS7000215: {}. Trace ID: x", all(request));
            let json = json!({"error": "invalid_client", "error_description": description});
            respond(400, json.to_string())
        }),
        ("JSON within JSON", |request| {
            let inner =
                json!({"Message": all(request), "CustomApiErrorPhrase": credential(request)});
            respond(500, json!({"error": {"code": "x", "message": inner.to_string()}}).to_string())
        }),
        ("plain text, cut", |request| {
            let credential = credential(request);
            let half = credential.get(..credential.len() * 2 / 3).unwrap_or_default();
            respond(503, format!("upstream saw {half}…"))
        }),
        ("percent-encoded", |request| {
            respond(400, format!("upstream saw {}", percent_encoded(&credential(request))))
        }),
        ("headers", |request| {
            let mut response = respond(401, String::new());
            let value = credential(request).parse().unwrap_or(http::HeaderValue::from_static("x"));
            for name in ["request-id", "x-request-id", "x-ms-request-id", "www-authenticate"] {
                response.headers_mut().insert(http::HeaderName::from_static(name), value.clone());
            }
            response
        }),
        ("a redirect", |request| {
            let token = credential(request).replace(' ', "");
            let mut response = respond(302, String::new());
            if let Ok(value) = format!("https://{token}.example.com/?{token}").parse() {
                response.headers_mut().insert(http::header::LOCATION, value);
            }
            response
        }),
        ("a success", |request| {
            let error = all(request);
            respond(200, json!({
            "status": "FAILED", "error": error, "task_id": credential(request),
            "value": [{"id": "a", "computerDnsName": error, "osBuild": credential(request)}],
            "responses": [{"id": "0", "status": 403, "body": {"error": {"code": error}}}],
        }).to_string())
        }),
    ];

/// What requests were authenticated with.
fn secrets(recorder: &Recorder) -> Vec<String> {
    let mut secrets = vec![APP_SECRET.to_owned(), API_KEY.to_owned()];
    for request in recorder.at("/") {
        if let Some(header) = request.headers.get("authorization") {
            let header = header.to_str().unwrap();
            secrets.push(header.rsplit(' ').next().unwrap().to_owned());
        }
    }
    secrets.sort();
    secrets.dedup();
    secrets
}

/// Asserts that no piece of a secret that is long enough to help anyone is in `shown`.
fn assert_hidden(secrets: &[String], shown: &str, place: &str) {
    for secret in secrets {
        let pieces = secret.as_bytes().windows(secret.len().min(20)).step_by(4);
        for piece in pieces.map(|piece| std::str::from_utf8(piece).unwrap()) {
            let at = shown.find(piece);
            let context = at.map(|at| {
                let start = shown[..at].char_indices().rev().nth(120).map_or(0, |(at, _)| at);
                shown[start..].chars().take(300).collect::<String>()
            });
            assert_eq!(context, None, "{place} shows {piece}");
        }
    }
}

fn state(site: &Site) -> String {
    let files = ["state.db", "state.db-wal"].map(|name| fs::read(site.path(name)));
    files.into_iter().flatten().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

async fn sends_back(remotes: &[&'static str]) {
    for (way, respond) in WAYS {
        let echo = Recorder::responding(respond).await;
        let mut site =
            Site::of(fleet(2, 2)).await.set("http", "max_retries = 1\n").with_secret_file();
        for remote in remotes {
            site = site.replace(remote, &echo.url());
        }
        for command in [
            &["sync", "--full", "--log-level", "trace", "--log-format", "json"][..],
            &["check", "--output", "json"],
            &["state", "show"],
            &["dead-letters", "list", "--output", "json"],
        ] {
            let ended = site.run(command).await;
            let place = format!("{way}, {remotes:?}, {command:?}");
            assert_hidden(&secrets(&echo), &(ended.stdout + &ended.stderr), &place);
        }
        assert!(!echo.at("/").is_empty(), "{remotes:?} is called");
        assert_hidden(&secrets(&echo), &state(&site), &format!("state, {way}, {remotes:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_host_that_sends_the_secret_back_shows_it_to_nobody() {
    sends_back(&["login_url"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_sends_the_token_back_shows_it_to_nobody() {
    sends_back(&["base_url"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrichment_and_a_sink_that_send_the_token_back_show_it_to_nobody() {
    sends_back(&["graph_url", "sink"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_shows_no_token_that_was_sent_back() {
    let echo = Recorder::responding(WAYS[0].1).await;
    let site = Site::of(fleet(2, 2)).await.set("http", "max_retries = 0\n");
    let site = site.replace("base_url", &echo.url());
    let mut program = Program::start(&site).await;
    program.report_of("failed").await;
    let status = program.status().await.to_string();
    assert!(status.contains("[secret]"), "{status}");
    assert_hidden(&secrets(&echo), &status, "/status");
}

/// A key in PEM, and the damaged forms in which secret stores hand it over on one line.
fn on_one_line(pem: &str) -> [String; 3] {
    let cut = pem.replace("-----END PRIVATE KEY-----", "-----END");
    [cut.replace('\n', ""), cut.replace('\n', " "), cut.replace('\n', "\\n")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_key_is_shown_by_no_command_wherever_it_is_configured() {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let pem = key.serialize_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    for damaged in on_one_line(&pem) {
        for place in ["sink's key", "sink's authorities", "authorities", "credential", "secret"] {
            let site = Site::of(fleet(2, 2)).await.set("http", "max_retries = 0\n");
            let [certificate_file, file] = ["client.pem", "damaged"].map(|name| site.path(name));
            fs::write(&certificate_file, certificate.pem()).unwrap();
            fs::write(&file, &damaged).unwrap();
            let site = match place {
                "sink's key" => site.set(
                    "sinks.soc.tls",
                    &format!(
                        "client_certificate_file = {certificate_file:?}\nclient_key_file = {file:?}\n"
                    ),
                ),
                "sink's authorities" => {
                    site.set("sinks.soc.tls", &format!("extra_ca_file = {file:?}\n"))
                }
                "authorities" => site.set("http", &format!("extra_ca_file = {file:?}\n")),
                "credential" => site.with_credential(
                    "certificate",
                    &format!("certificate_file = {certificate_file:?}\nprivate_key_file = {file:?}\n"),
                ),
                _ => site.with_credential("app_secret", &format!("app_secret_file = {file:?}\n")),
            };
            for command in [
                &["config", "check"][..],
                &["check"],
                &["sync", "--full", "--log-level", "trace", "--log-format", "json"],
            ] {
                let ended = site.run(command).await;
                let shown = ended.stdout + &ended.stderr;
                let numbers: String = shown
                    .split(|c: char| !c.is_ascii_digit())
                    .filter_map(|number| number.parse::<u8>().ok())
                    .map(char::from)
                    .collect();
                let place = format!("{place}, {command:?}");
                assert_hidden(std::slice::from_ref(&body), &(shown + &numbers), &place);
            }
            assert_hidden(std::slice::from_ref(&body), &state(&site), place);
        }
    }
}
