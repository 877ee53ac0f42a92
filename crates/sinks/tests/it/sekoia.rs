use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use stocktake_connector_core::conformance::{self, Destination, Received};
use stocktake_connector_core::{
    Acknowledgement, Check, Clock, CycleId, ErrorCode, Failure, Recovery, Settled, Sink, SinkError,
    SystemClock, Verdict,
};
use stocktake_http_stack::{
    ApiStack, Backoff, ErrorCodes, Limits, Origin, StackOptions, Transport, TransportOptions,
};
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
    options.backoff = Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(2) };
    options
}

fn build(server: &MockServer, options: SekoiaOptions) -> SekoiaSink {
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let mut stack = StackOptions::new("sekoia", Origin::parse(&server.uri()).unwrap());
    stack.error_codes = ErrorCodes::SINK;
    stack.limits = Limits { max_retries: 0, ..Limits::default() };
    SekoiaSink::new(options, ApiStack::new(&transport, stack))
}

async fn server() -> (MockServer, SekoiaSink) {
    let server = MockServer::start().await;
    let sink = build(&server, options(&server));
    (server, sink)
}

fn json(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

async fn push_responds(server: &MockServer, response: ResponseTemplate, times: u64) {
    Mock::given(method("POST"))
        .and(path(PUSH))
        .respond_with(response)
        .expect(times)
        .mount(server)
        .await;
}

/// Responds to requests for task `t1` in turn; the last response stays.
async fn task_responses(server: &MockServer, responses: Vec<ResponseTemplate>) {
    let requests = AtomicUsize::new(0);
    Mock::given(method("GET"))
        .and(path("/api/v1/tasks/t1"))
        .respond_with(move |_: &Request| {
            let turn = requests.fetch_add(1, Ordering::SeqCst);
            responses[turn.min(responses.len() - 1)].clone()
        })
        .mount(server)
        .await;
}

fn status(status: &str) -> ResponseTemplate {
    json(200, json!({"status": status}))
}

/// Accepts pushes, whose tasks finish at once.
async fn takes_everything(server: &MockServer, times: u64) {
    push_responds(server, json(200, json!({"task_id": "t1"})), times).await;
    task_responses(server, vec![status("FINISHED")]).await;
}

async fn deliver(sink: &SekoiaSink) -> Result<Acknowledgement, SinkError> {
    sink.write_batch(&batch(CycleId::random(), &[r#"{"a":1}"#, r#"{"b":2}"#])).await
}

async fn failure(sink: &SekoiaSink) -> Failure {
    match deliver(sink).await {
        Err(SinkError::Failed { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
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

    async fn received(&self) -> Vec<Received> {
        let mut received = Vec::new();
        for request in self.server.received_requests().await.unwrap() {
            if request.method.as_str() == "POST" {
                let items: Vec<Box<serde_json::value::RawValue>> = {
                    #[derive(serde::Deserialize)]
                    struct Body {
                        items: Vec<Box<serde_json::value::RawValue>>,
                    }
                    serde_json::from_slice::<Body>(&request.body).unwrap().items
                };
                let bodies = items.iter().map(|item| Bytes::copy_from_slice(item.get().as_bytes()));
                received.extend(bodies.map(conformance::read_json_body));
            }
        }
        received
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
        task_responses(&server, vec![status("FINISHED")]).await;
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
        .respond_with(json(200, json!({"task_id": "t1"})))
        .expect(1)
        .mount(&server)
        .await;
    task_responses(&server, vec![status("FINISHED")]).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
}

/// What proxies, gateways and other services respond to anything.
#[tokio::test]
async fn no_other_success_acknowledges_a_push_or_finishes_its_task() {
    let body = |status, body: &str| {
        ResponseTemplate::new(status).set_body_raw(body.as_bytes(), "application/json")
    };
    let others = [
        body(200, ""),
        body(200, "{}"),
        body(200, "[]"),
        body(200, "true"),
        body(200, r#""accepted""#),
        body(200, r#"["FINISHED",null]"#),
        body(200, r#"{"error":"quota exceeded","code":"E1"}"#),
        body(200, r#"{"task_id":"t1","status":"FINISHED","error":"quota exceeded"}"#),
        body(200, r#"{"task_id":"t1","task_id":null,"status":"RUNNING","status":"FINISHED"}"#),
        body(200, r#"{"taskId":"t1","state":"FINISHED"}"#),
        body(201, r#"{"task_id":"t1","status":"FINISHED"}"#),
        body(202, r#"{"task_id":"t1","status":"FINISHED"}"#),
        body(204, ""),
    ];
    for other in others {
        let shown = format!("{other:?}");
        let server = MockServer::start().await;
        Mock::given(method("POST")).respond_with(other.clone()).mount(&server).await;
        task_responses(&server, vec![status("FINISHED")]).await;
        let sink = build(&server, options(&server));
        assert!(deliver(&sink).await.is_err(), "a push with {shown}");

        let (server, sink) = self::server().await;
        Mock::given(method("POST"))
            .respond_with(json(200, json!({"task_id": "t1"})))
            .mount(&server)
            .await;
        task_responses(&server, vec![other]).await;
        assert!(deliver(&sink).await.is_err(), "a task with {shown}");
    }
}

#[tokio::test]
async fn a_push_without_a_task_is_pushed_again_and_then_an_error() {
    let (server, sink) = server().await;
    push_responds(&server, json(200, json!({})), 3).await;
    let failure = failure(&sink).await;
    assert_eq!((failure.code, failure.recovery), (ErrorCode::SinkUnavailable, Recovery::Retry));
    assert_eq!(
        failure.message,
        "sekoia: push assets: 3 pushes of the same 2 events were accepted and no task was created"
    );
}

#[tokio::test]
async fn a_batch_is_acknowledged_only_when_its_task_finished() {
    let (server, sink) = server().await;
    push_responds(&server, json(200, json!({"task_id": "t1"})), 1).await;
    // A status that is not known here may still end well.
    let responses = ["PENDING", "RUNNING", "SIMMERING", "FINISHED"].map(status);
    task_responses(&server, responses.into()).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1 + 4);
}

#[tokio::test]
async fn a_failed_task_is_pushed_again() {
    let (server, sink) = server().await;
    push_responds(&server, json(200, json!({"task_id": "t1"})), 2).await;
    task_responses(&server, vec![status("RUNNING"), status("FAILED"), status("FINISHED")]).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
}

#[tokio::test]
async fn a_lost_task_is_pushed_again() {
    let (server, sink) = server().await;
    push_responds(&server, json(200, json!({"task_id": "t1"})), 2).await;
    let lost = ResponseTemplate::new(404);
    task_responses(&server, vec![status("PENDING"), lost.clone(), lost, status("FINISHED")]).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
}

#[tokio::test]
async fn a_task_that_is_not_known_at_once_is_requested_again() {
    let (server, sink) = server().await;
    push_responds(&server, json(200, json!({"task_id": "t1"})), 1).await;
    task_responses(&server, vec![ResponseTemplate::new(404), status("FINISHED")]).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
}

#[tokio::test]
async fn a_batch_whose_tasks_keep_failing_is_refused_so_that_the_event_at_fault_is_found() {
    let (server, sink) = server().await;
    push_responds(&server, json(200, json!({"task_id": "t1"})), 3).await;
    let failed = json(200, json!({"status": "FAILED", "error": "index\u{7} is closed"}));
    task_responses(&server, vec![failed]).await;
    let SinkError::Refused { reason } = deliver(&sink).await.unwrap_err() else {
        panic!("not refused");
    };
    assert_eq!(reason, "the task of each of 3 pushes ended: is FAILED: index is closed");
}

#[tokio::test]
async fn tasks_that_keep_getting_lost_are_an_error() {
    let (server, sink) = server().await;
    push_responds(&server, json(200, json!({"task_id": "t1"})), 3).await;
    task_responses(&server, vec![ResponseTemplate::new(404)]).await;
    let failure = failure(&sink).await;
    assert_eq!((failure.code, failure.recovery), (ErrorCode::SinkUnavailable, Recovery::Retry));
    assert!(failure.advice.is_some());
    assert_eq!(
        failure.message,
        "sekoia: push assets: 3 pushes of the same 2 events were accepted and their tasks lost"
    );
}

#[tokio::test]
async fn a_task_that_does_not_end_is_an_error_at_its_deadline() {
    let server = MockServer::start().await;
    let mut options = options(&server);
    options.task_deadline = Duration::from_millis(20);
    let sink = build(&server, options);
    push_responds(&server, json(200, json!({"task_id": "t1"})), 1).await;
    task_responses(&server, vec![status("RUNNING")]).await;
    let failure = failure(&sink).await;
    assert_eq!((failure.code, failure.recovery), (ErrorCode::SinkUnavailable, Recovery::Retry));
    assert!(failure.message.contains("task t1 is RUNNING"), "{failure}");
    assert!(failure.advice.unwrap().contains("`task_deadline`"));
}

/// What the receiver says, and what the sink makes of it.
enum Class {
    /// The caller splits.
    Refused(&'static str),
    /// A failure with advice that contains these words.
    Failed(ErrorCode, Recovery, &'static str),
}

#[tokio::test]
async fn every_response_to_a_push_has_its_class_and_its_advice() {
    use Class::{Failed, Refused};
    let bad = || json!({"code": "E1", "message": "bad item"});
    let text = |body: &str| ResponseTemplate::new(200).set_body_string(body);
    for (response, class) in [
        (json(400, bad()), Refused("HTTP 400: E1: bad item")),
        (json(413, bad()), Refused("HTTP 413: E1: bad item")),
        (json(422, bad()), Refused("HTTP 422: E1: bad item")),
        (json(401, bad()), Failed(ErrorCode::SinkKeyRefused, Recovery::Operator, "revoked")),
        (
            json(403, bad()),
            Failed(ErrorCode::SinkKeyRefused, Recovery::Operator, "Give it a role that may push"),
        ),
        (
            json(404, bad()),
            Failed(ErrorCode::SinkRequestRefused, Recovery::Operator, "`connector_uuid`"),
        ),
        (json(405, bad()), Failed(ErrorCode::SinkRequestRefused, Recovery::Operator, "`base_url`")),
        (
            ResponseTemplate::new(302).insert_header("location", "https://example.com"),
            Failed(ErrorCode::SinkRequestRefused, Recovery::Operator, "`base_url`"),
        ),
        (json(408, bad()), Failed(ErrorCode::SinkUnavailable, Recovery::Retry, "connection")),
        (json(429, bad()), Failed(ErrorCode::SinkUnavailable, Recovery::Retry, "rate of calls")),
        (json(500, bad()), Failed(ErrorCode::SinkUnavailable, Recovery::Retry, "connection")),
        (json(503, bad()), Failed(ErrorCode::SinkUnavailable, Recovery::Retry, "connection")),
        (text("gibberish"), Failed(ErrorCode::SinkAnswer, Recovery::Defect, "`base_url`")),
        (text(r#"{"task_id":"../x"}"#), Failed(ErrorCode::SinkAnswer, Recovery::Defect, "proxy")),
        (text(r#"{"task_id":7}"#), Failed(ErrorCode::SinkAnswer, Recovery::Defect, "proxy")),
    ] {
        let (server, sink) = server().await;
        let shown = format!("{response:?}");
        push_responds(&server, response, 1).await;
        match (deliver(&sink).await.unwrap_err(), class) {
            (SinkError::Refused { reason }, Refused(expected)) => assert_eq!(reason, expected),
            (SinkError::Failed { failure, settled }, Failed(code, recovery, advice)) => {
                assert_eq!((failure.code, failure.recovery), (code, recovery), "{shown}");
                let found = failure.advice.unwrap_or_default();
                assert!(found.contains(advice), "{found} for {shown}");
                assert_eq!(settled, Settled::default());
            }
            (error, _) => panic!("{error} for {shown}"),
        }
    }
}

#[tokio::test]
async fn a_retry_after_reaches_the_failure() {
    let (server, sink) = server().await;
    let throttled = ResponseTemplate::new(429).insert_header("retry-after", "1800");
    push_responds(&server, throttled, 1).await;
    let retry_at = failure(&sink).await.retry_at.unwrap();
    let wait = retry_at - SystemClock.now();
    assert!((1_700..=1_800).contains(&wait.num_seconds()), "{wait}");
}

#[tokio::test]
async fn a_push_that_the_receiver_may_have_processed_is_sent_again() {
    let server = MockServer::start().await;
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let mut stack = StackOptions::new("sekoia", Origin::parse(&server.uri()).unwrap());
    stack.limits.backoff = options(&server).backoff;
    let sink = SekoiaSink::new(options(&server), ApiStack::new(&transport, stack));
    let broken = Mock::given(method("POST")).respond_with(ResponseTemplate::new(500));
    broken.up_to_n_times(1).expect(1).mount(&server).await;
    takes_everything(&server, 1).await;
    assert_eq!(deliver(&sink).await.unwrap(), Acknowledgement::ALL);
}

#[tokio::test]
async fn a_task_that_is_not_understood_is_no_acknowledgement() {
    let (server, sink) = server().await;
    push_responds(&server, json(200, json!({"task_id": "t1"})), 1).await;
    task_responses(&server, vec![json(200, json!({"state": "FINISHED"}))]).await;
    let failure = failure(&sink).await;
    assert_eq!((failure.code, failure.recovery), (ErrorCode::SinkAnswer, Recovery::Defect));
}

#[tokio::test]
async fn a_full_batch_stays_within_the_bytes_of_a_push() {
    let server = MockServer::start().await;
    let mut options = options(&server);
    (options.max_items, options.max_bytes) = (10, 1_000);
    let sink = build(&server, options);
    takes_everything(&server, 1).await;
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
async fn a_check_pushes_nothing_and_shows_whether_the_key_is_accepted() {
    let empty = ResponseTemplate::new;
    for (response, verdict) in [
        (empty(404), Verdict::Fine),
        (status("FINISHED"), Verdict::Fine),
        (empty(200), Verdict::Failed),
        (empty(401), Verdict::Failed),
        (empty(403), Verdict::Failed),
        (empty(500), Verdict::Failed),
    ] {
        let shown = format!("{response:?}");
        let (server, sink) = server().await;
        Mock::given(method("GET"))
            .and(path("/api/v1/tasks/00000000-0000-0000-0000-000000000000"))
            .respond_with(response)
            .mount(&server)
            .await;
        let findings = sink.check().await;
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].verdict, verdict, "{shown}");
        assert_eq!(findings[0].advice.is_none(), verdict == Verdict::Fine, "{shown}");
        let requests = server.received_requests().await.unwrap();
        assert!(requests.iter().all(|request| request.method.as_str() == "GET"));
    }
}
