//! What spans, logs and the observer show of requests.

use chrono::{DateTime, Utc};
use tracing_subscriber::fmt::format::FmtSpan;

use super::*;
use crate::log_lines::LogLines;
use crate::{AttemptObserver, SentSecrets};

#[tokio::test(start_paused = true)]
async fn nothing_secret_is_traced() {
    let (lines, _guard) = LogLines::capture_at(tracing::Level::TRACE, FmtSpan::FULL);
    let script = Script::new([
        status(500).body("canary-body"),
        status(429).body("canary-body"),
        status(401).body("canary-body"),
        status(200).body(r#"{"canary-body": 1}"#),
    ]);
    let stack = ApiStack::over(script, authorised(&["canary-token", "canary-other"]));
    get(&stack).await.unwrap();
    let text = lines.take();
    assert!(text.contains("api_call") && text.contains("http_request"), "{text}");
    assert!(text.contains(r#"connector.operation="list machines""#), "{text}");
    for canary in ["canary", "secret-name", "/api/machines"] {
        assert!(!text.contains(canary), "{canary} in {text}");
    }
    assert!(!format!("{stack:?}").contains("canary"), "{stack:?}");
}

/// Notes the servers' times.
#[derive(Debug, Default)]
struct ServerTimes(Mutex<Vec<Option<DateTime<Utc>>>>);

impl AttemptObserver for ServerTimes {
    fn attempt_ended(&self, attempt: &crate::Attempt<'_>) {
        self.0.lock().unwrap().push(attempt.server_time);
    }
}

#[tokio::test(start_paused = true)]
async fn the_servers_time_is_observed_with_successes_and_refusals() {
    let date = "Fri, 02 Jan 1970 00:00:00 GMT";
    let script = Script::new([
        status(503).header("date", date),
        status(503).header("date", "yesterday"),
        status(503),
        status(200).header("date", date),
    ]);
    let times = Arc::new(ServerTimes::default());
    let observer = Some(Arc::clone(&times) as Arc<dyn AttemptObserver>);
    let stack = ApiStack::observed(script, options(), SentSecrets::default(), observer);
    get(&stack).await.unwrap();
    let day = DateTime::from_timestamp(24 * 60 * 60, 0);
    assert_eq!(*times.0.lock().unwrap(), [day, None, None, day]);
}

/// Tenant, error type, status, count of resends, duration.
type Note = (Option<String>, Option<&'static str>, Option<u16>, u32, Duration);

/// Notes what it observes.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<Note>>);

impl AttemptObserver for Notes {
    fn attempt_ended(&self, attempt: &crate::Attempt<'_>) {
        assert_eq!((attempt.api, attempt.method.as_str()), ("defender", "GET"));
        assert_eq!(attempt.server_address, "api.example.com");
        assert_eq!(attempt.server_port, Some(443));
        let tenant = attempt.tenant.map(ToString::to_string);
        let error = attempt.outcome.error_type();
        let note = (tenant, error, attempt.status, attempt.resend_count, attempt.duration);
        self.0.lock().unwrap().push(note);
    }
}

#[tokio::test(start_paused = true)]
async fn each_request_on_the_wire_is_observed_without_its_waits() {
    let script = Script::new([
        status(429).header("retry-after", 30).after(1),
        status(503).after(2),
        status(200).after(3),
    ]);
    let notes = Arc::new(Notes::default());
    let observer = Some(Arc::clone(&notes) as Arc<dyn AttemptObserver>);
    let stack = ApiStack::observed(script, options(), SentSecrets::default(), observer);
    get(&stack.on_behalf_of(&TenantName::new("fabrikam").unwrap())).await.unwrap();
    let fabrikam = Some("fabrikam".to_owned());
    let seconds = Duration::from_secs;
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            (fabrikam.clone(), Some("throttled"), Some(429), 0, seconds(1)),
            (fabrikam.clone(), Some("unavailable"), Some(503), 1, seconds(2)),
            (fabrikam, None, Some(200), 2, seconds(3)),
        ]
    );
    let counts = stack.calls();
    assert_eq!((counts.attempts, counts.retries, counts.throttled), (3, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_cancelled_midway_is_observed_too() {
    let notes = Arc::new(Notes::default());
    let observer = Some(Arc::clone(&notes) as Arc<dyn AttemptObserver>);
    let stack = ApiStack::observed(
        Script::new([status(200).after(60)]),
        options(),
        SentSecrets::default(),
        observer,
    );
    let cancelled = tokio::time::timeout(Duration::from_secs(5), get(&stack)).await;
    assert!(cancelled.is_err());
    let contoso = Some("contoso".to_owned());
    let expected = (contoso, Some("cancelled"), None, 0, Duration::from_secs(5));
    assert_eq!(*notes.0.lock().unwrap(), [expected]);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_request_on_the_wire_is_not_observed() {
    let notes = Arc::new(Notes::default());
    let observer = Some(Arc::clone(&notes) as Arc<dyn AttemptObserver>);
    let tokens = Tokens { left: Mutex::default(), fails: Some((Recovery::Operator, None)) };
    let stack =
        ApiStack::observed(Script::new([]), with_tokens(tokens), SentSecrets::default(), observer);
    get(&stack).await.unwrap_err();
    assert!(notes.0.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_span_of_a_request_follows_the_conventions_of_opentelemetry() {
    let (lines, _guard) = LogLines::capture_at(tracing::Level::DEBUG, FmtSpan::CLOSE);
    let stack = ApiStack::over(Script::new([status(503), status(200)]), options());
    let request = Request::get("https://api.example.com/api/machines/1e5b")
        .extension(crate::UrlTemplate("/api/machines/{id}"))
        .body(Bytes::new())
        .unwrap();
    stack.call("get a machine", request).await.unwrap();
    let text = lines.take();
    let spans: Vec<_> = text
        .lines()
        .filter(|line| line.contains("http_request{") && line.contains("close"))
        .collect();
    assert_eq!(spans.len(), 2, "{text}");
    for span in &spans {
        for attribute in [
            r#"otel.name="GET /api/machines/{id}""#,
            r#"http.request.method="GET""#,
            r#"url.template="/api/machines/{id}""#,
            r#"server.address="api.example.com""#,
            "server.port=443",
        ] {
            assert!(span.contains(attribute), "{attribute}: {span}");
        }
    }
    assert!(spans[0].contains("http.response.status_code=503"), "{text}");
    assert!(spans[0].contains(r#"error.type="unavailable""#), "{text}");
    assert!(!spans[0].contains("resend_count"), "{text}");
    assert!(spans[1].contains("http.response.status_code=200"), "{text}");
    assert!(spans[1].contains("http.request.resend_count=1"), "{text}");
    assert!(!spans[1].contains("error.type"), "{text}");
}
