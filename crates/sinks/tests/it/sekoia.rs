use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use stocktake_connector_core::conformance::{self, Destination};
use stocktake_connector_core::{
    Acknowledgement, ApiErrorKind, Check, CycleId, Recovery, Sink, SinkError, Verdict,
};
use stocktake_http_stack::{ApiStack, Limits, Origin, StackOptions, Transport, TransportOptions};
use stocktake_sinks::{SekoiaOptions, SekoiaSink};
use url::Url;
use uuid::Uuid;
use wiremock::matchers::{header, method, path};
use wiremock::{Match, Mock, MockServer, Request, ResponseTemplate};

use crate::batch;

const PUSH: &str = "/api/v2/asset-management/asset-connector/00000000-0000-0000-0000-000000000003";

fn options(server: &MockServer) -> SekoiaOptions {
    let mut options = SekoiaOptions::new(Url::parse(&server.uri()).unwrap(), Uuid::from_u128(3));
    options.first_wait = Duration::from_millis(1);
    options.longest_wait = Duration::from_millis(2);
    options
}

fn over(server: &MockServer, options: SekoiaOptions) -> SekoiaSink {
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let mut stack = StackOptions::new("sekoia", Origin::parse(&server.uri()).unwrap());
    stack.limits = Limits { max_retries: 0, ..Limits::default() };
    SekoiaSink::new(options, ApiStack::new(&transport, stack))
}

async fn server() -> (MockServer, SekoiaSink) {
    let server = MockServer::start().await;
    let sink = over(&server, options(&server));
    (server, sink)
}

fn json(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

async fn push_answers(server: &MockServer, answer: ResponseTemplate, times: u64) {
    Mock::given(method("POST"))
        .and(path(PUSH))
        .respond_with(answer)
        .expect(times)
        .mount(server)
        .await;
}

/// Answers questions for task `t1` in turn; the last answer stays.
async fn task_answers(server: &MockServer, answers: Vec<ResponseTemplate>) {
    let asked = AtomicUsize::new(0);
    Mock::given(method("GET"))
        .and(path("/api/v1/tasks/t1"))
        .respond_with(move |_: &Request| {
            let turn = asked.fetch_add(1, Ordering::SeqCst);
            answers[turn.min(answers.len() - 1)].clone()
        })
        .mount(server)
        .await;
}

fn status(status: &str) -> ResponseTemplate {
    json(200, json!({"status": status}))
}

async fn deliver(sink: &SekoiaSink) -> Result<Acknowledgement, SinkError> {
    sink.write_batch(&batch(CycleId::random(), &[r#"{"a":1}"#, r#"{"b":2}"#])).await
}

struct Assets {
    server: MockServer,
    sink: SekoiaSink,
}

#[async_trait]
impl Destination for Assets {
    fn sink(&self) -> &dyn Sink {
        &self.sink
    }

    async fn arrived(&self) -> Vec<Bytes> {
        let mut arrived = Vec::new();
        for request in self.server.received_requests().await.unwrap() {
            if request.method.as_str() == "POST" {
                let items: Vec<Box<serde_json::value::RawValue>> = {
                    #[derive(serde::Deserialize)]
                    struct Body {
                        items: Vec<Box<serde_json::value::RawValue>>,
                    }
                    serde_json::from_slice::<Body>(&request.body).unwrap().items
                };
                arrived
                    .extend(items.iter().map(|item| Bytes::copy_from_slice(item.get().as_bytes())));
            }
        }
        arrived
    }
}

#[tokio::test]
async fn the_sink_conforms() {
    conformance::sink(async || {
        let (server, sink) = server().await;
        Mock::given(method("POST"))
            .respond_with(json(200, json!({"task_id": "t1"})))
            .mount(&server)
            .await;
        task_answers(&server, vec![status("FINISHED")]).await;
        Assets { server, sink }
    })
    .await;
}

#[tokio::test]
async fn a_push_carries_the_events_as_they_are_under_version_1() {
    struct Exactly(&'static str);
    impl Match for Exactly {
        fn matches(&self, request: &Request) -> bool {
            request.body == self.0.as_bytes()
        }
    }
    let (server, sink) = server().await;
    Mock::given(method("POST"))
        .and(path(PUSH))
        .and(header("content-type", "application/json"))
        .and(Exactly(r#"{"version":1,"items":[{"a":1},{"b":2}]}"#))
        .respond_with(json(200, json!({})))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
}

#[tokio::test]
async fn any_success_without_a_task_is_an_acknowledgement() {
    for code in [200, 201, 202, 204] {
        let (server, sink) = server().await;
        push_answers(&server, ResponseTemplate::new(code), 1).await;
        assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL, "{code}");
    }
}

#[tokio::test]
async fn a_batch_is_acknowledged_only_when_its_task_finished() {
    let (server, sink) = server().await;
    push_answers(&server, json(202, json!({"task_id": "t1"})), 1).await;
    // A word that nobody knew when this was written may still end well.
    let answers = ["PENDING", "RUNNING", "SIMMERING", "FINISHED"].map(status);
    task_answers(&server, answers.into()).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
    let asked = server.received_requests().await.unwrap();
    assert_eq!(asked.len(), 1 + 4);
}

#[tokio::test]
async fn a_failed_task_is_pushed_again() {
    let (server, sink) = server().await;
    push_answers(&server, json(200, json!({"task_id": "t1"})), 2).await;
    task_answers(&server, vec![status("RUNNING"), status("FAILED"), status("FINISHED")]).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
}

#[tokio::test]
async fn a_lost_task_is_pushed_again() {
    let (server, sink) = server().await;
    push_answers(&server, json(200, json!({"task_id": "t1"})), 2).await;
    let lost = ResponseTemplate::new(404);
    task_answers(&server, vec![status("PENDING"), lost.clone(), lost, status("FINISHED")]).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
}

#[tokio::test]
async fn a_task_that_is_not_known_at_once_is_asked_for_again() {
    let (server, sink) = server().await;
    push_answers(&server, json(200, json!({"task_id": "t1"})), 1).await;
    task_answers(&server, vec![ResponseTemplate::new(404), status("FINISHED")]).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
}

#[tokio::test]
async fn a_batch_whose_tasks_keep_failing_is_refused_so_that_the_event_at_fault_is_found() {
    let (server, sink) = server().await;
    push_answers(&server, json(200, json!({"task_id": "t1"})), 3).await;
    let failed = json(200, json!({"status": "FAILED", "error": "index\u{7} is closed"}));
    task_answers(&server, vec![failed]).await;
    let SinkError::Refused { events, reason } = deliver(&sink).await.unwrap_err() else {
        panic!("not refused");
    };
    assert_eq!(events, 2);
    assert_eq!(reason, "the task of each of 3 pushes ended: is FAILED: index is closed");
}

#[tokio::test]
async fn tasks_that_keep_getting_lost_are_an_error() {
    let (server, sink) = server().await;
    push_answers(&server, json(200, json!({"task_id": "t1"})), 3).await;
    task_answers(&server, vec![ResponseTemplate::new(404)]).await;
    let error = deliver(&sink).await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::NextCycle { after: None });
    assert_eq!(
        error.to_string(),
        "sekoia: push assets: 3 pushes of the same 2 events were accepted and their tasks lost"
    );
}

#[tokio::test]
async fn a_task_that_does_not_end_is_an_error_at_its_deadline() {
    let server = MockServer::start().await;
    let mut options = options(&server);
    options.task_deadline = Duration::from_millis(20);
    let sink = over(&server, options);
    push_answers(&server, json(200, json!({"task_id": "t1"})), 1).await;
    task_answers(&server, vec![status("RUNNING")]).await;
    let SinkError::Api(error) = deliver(&sink).await.unwrap_err() else { panic!("an API error") };
    assert_eq!(error.kind, ApiErrorKind::DeadlineExceeded);
    assert_eq!(error.recovery(), Recovery::NextCycle { after: None });
    assert!(error.message.contains("task t1 is RUNNING"), "{error}");
}

#[tokio::test]
async fn a_batch_that_is_refused_as_invalid_or_too_large_is_for_the_caller_to_split() {
    for code in [400, 413, 422] {
        let (server, sink) = server().await;
        push_answers(&server, json(code, json!({"code": "E1", "message": "bad item"})), 1).await;
        let error = deliver(&sink).await.unwrap_err();
        let SinkError::Refused { events: 2, reason } = error else { panic!("{error}") };
        assert_eq!(reason, format!("HTTP {code}: E1: bad item"));
    }
}

#[tokio::test]
async fn other_failures_are_errors_that_say_what_to_do() {
    for (code, kind, advice) in [
        (401, ApiErrorKind::Unauthorised, "does not accept the API key"),
        (403, ApiErrorKind::Forbidden, "00000000-0000-0000-0000-000000000003"),
        (404, ApiErrorKind::NotFound, "`connector_uuid`"),
    ] {
        let (server, sink) = server().await;
        push_answers(&server, ResponseTemplate::new(code), 1).await;
        let SinkError::Api(error) = deliver(&sink).await.unwrap_err() else { panic!("{code}") };
        assert_eq!(error.kind, kind, "{code}");
        assert!(error.advice.as_deref().unwrap_or_default().contains(advice), "{:?}", error.advice);
    }
    let (server, sink) = server().await;
    push_answers(&server, ResponseTemplate::new(503), 1).await;
    assert!(matches!(deliver(&sink).await.unwrap_err().recovery(), Recovery::NextCycle { .. }));
}

#[tokio::test]
async fn a_success_that_is_not_understood_is_no_acknowledgement() {
    for body in [r#"{"task_id":"../x"}"#, "gibberish"] {
        let (server, sink) = server().await;
        push_answers(&server, ResponseTemplate::new(200).set_body_string(body), 1).await;
        let SinkError::Api(error) = deliver(&sink).await.unwrap_err() else { panic!("{body}") };
        assert_eq!(error.kind, ApiErrorKind::Malformed, "{body}");
    }
    let (server, sink) = server().await;
    push_answers(&server, json(200, json!({"task_id": "t1"})), 1).await;
    task_answers(&server, vec![json(200, json!({"state": "FINISHED"}))]).await;
    let SinkError::Api(error) = deliver(&sink).await.unwrap_err() else { panic!("no status") };
    assert_eq!(error.kind, ApiErrorKind::Malformed);
}

#[tokio::test]
async fn a_full_batch_stays_within_the_bytes_of_a_push() {
    let server = MockServer::start().await;
    let mut options = options(&server);
    (options.max_items, options.max_bytes) = (10, 1_000);
    let sink = over(&server, options);
    push_answers(&server, ResponseTemplate::new(200), 1).await;
    let limits = sink.batch_limits();
    let size = limits.max_bytes / limits.max_events;
    let bodies: Vec<_> =
        (0..limits.max_events).map(|_| format!("\"{}\"", "x".repeat(size - 2))).collect();
    let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
    sink.write_batch(&batch(CycleId::random(), &bodies)).await.unwrap();
    let sent = server.received_requests().await.unwrap()[0].body.len();
    assert!(sent <= 1_000, "{sent} bytes");
}

#[tokio::test]
async fn a_check_pushes_nothing_and_tells_whether_the_key_is_accepted() {
    for (code, verdict) in [
        (404, Verdict::Fine),
        (200, Verdict::Fine),
        (401, Verdict::Failed),
        (403, Verdict::Failed),
        (500, Verdict::Failed),
    ] {
        let (server, sink) = server().await;
        Mock::given(method("GET"))
            .and(path("/api/v1/tasks/00000000-0000-0000-0000-000000000000"))
            .respond_with(ResponseTemplate::new(code))
            .mount(&server)
            .await;
        let findings = sink.check().await;
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].verdict, verdict, "{code}");
        assert_eq!(findings[0].advice.is_none(), verdict == Verdict::Fine, "{code}");
        let asked = server.received_requests().await.unwrap();
        assert!(asked.iter().all(|request| request.method.as_str() == "GET"));
    }
}
