//! The stack over scripted responses, with paused time.

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, sleep};
use tower::Service;

use stocktake_connector_core::{
    AccessToken, ErrorCode, Failure, FixedClock, Recovery, TenantName, TokenProvider, TokenScope,
};

use super::*;
use crate::layers::Outcome;
use crate::{Authentication, ErrorDetail, Idempotent, InvalidResponse, ResponsePolicy};

mod observed;

/// One response of the script.
struct Step {
    after: Duration,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

fn status(status: u16) -> Step {
    let body = if status == 200 { r#"{"value":[]}"# } else { "" };
    Step { after: Duration::ZERO, status, headers: Vec::new(), body: body.to_owned() }
}

impl Step {
    fn after(mut self, seconds: u64) -> Self {
        self.after = Duration::from_secs(seconds);
        self
    }

    fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    fn body(mut self, body: impl ToString) -> Self {
        self.body = body.to_string();
        self
    }
}

/// Responds from a script, the last step repeatedly, and records what was sent and when.
#[derive(Clone)]
struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    seen: Arc<Mutex<Vec<(Duration, HeaderMap)>>>,
    start: Instant,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: Arc::new(Mutex::new(steps.into_iter().collect())),
            seen: Arc::default(),
            start: Instant::now(),
        }
    }

    fn times(&self) -> Vec<Duration> {
        self.seen.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    fn sent(&self, header: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(_, headers)| headers[header].to_str().unwrap().to_owned()).collect()
    }
}

impl Service<Request<Bytes>> for Script {
    type Response = reqwest::Response;
    type Error = Box<AttemptFailure>;
    type Future = Outcome<reqwest::Response>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        self.seen.lock().unwrap().push((self.start.elapsed(), request.headers().clone()));
        let mut steps = self.steps.lock().unwrap();
        let last = steps.len() == 1;
        let step = steps.pop_front().unwrap();
        let mut answer = Response::builder().status(step.status);
        for (name, value) in &step.headers {
            answer = answer.header(*name, value);
        }
        let answer = answer.body(step.body.clone()).unwrap();
        let after = step.after;
        if last {
            steps.push_back(step);
        }
        Box::pin(async move {
            sleep(after).await;
            Ok(answer.into())
        })
    }
}

fn options() -> StackOptions {
    let origin = Origin::parse("https://api.example.com").unwrap();
    let mut options = StackOptions::new("defender", origin);
    options.tenant = Some(TenantName::new("contoso").unwrap());
    options.clock = Arc::new(FixedClock(DateTime::UNIX_EPOCH));
    options
}

/// So many seconds after what the clock shows.
fn at(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

async fn get(stack: &ApiStack) -> Result<Response<Bytes>, ApiError> {
    let request = Request::get("https://api.example.com/api/machines?$filter=secret-name");
    stack.call("list machines", request.body(Bytes::new()).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_success_is_given_back_whole() {
    let script = Script::new([status(200).header("request-id", "7")]);
    let stack = ApiStack::over(script.clone(), options());
    let answer = get(&stack).await.unwrap();
    assert_eq!(answer.body(), r#"{"value":[]}"#);
    assert_eq!(answer.headers()["request-id"], "7");
    assert_eq!(script.sent("accept"), ["application/json"]);
    let counts = CallCounts { calls: 1, attempts: 1, retries: 0, throttled: 0 };
    assert_eq!(stack.calls(), counts);
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again() {
    for transient in [408, 429, 500, 502, 503, 504] {
        let script = Script::new([status(transient), status(transient), status(200)]);
        let stack = ApiStack::over(script.clone(), options());
        assert!(get(&stack).await.is_ok(), "{transient}");
        assert_eq!(stack.calls().attempts, 3, "{transient}");
        assert_eq!(stack.calls().retries, 2, "{transient}");
        let ids = script.sent("client-request-id");
        assert!(ids[0] != ids[1] && ids[1] != ids[2], "each attempt has its own id");
    }
}

#[tokio::test(start_paused = true)]
async fn everything_else_is_permanent() {
    for (permanent, kind) in [
        (301, ApiErrorKind::Refused),
        (304, ApiErrorKind::Refused),
        (400, ApiErrorKind::Refused),
        (401, ApiErrorKind::Unauthorised),
        (403, ApiErrorKind::Forbidden),
        (404, ApiErrorKind::NotFound),
        (409, ApiErrorKind::Refused),
        (413, ApiErrorKind::Refused),
        (501, ApiErrorKind::Unavailable),
        (505, ApiErrorKind::Unavailable),
    ] {
        let stack = ApiStack::over(Script::new([status(permanent)]), options());
        let error = get(&stack).await.unwrap_err();
        assert_eq!((error.kind, error.status), (kind, Some(permanent)));
        assert_eq!((error.attempts, stack.calls().attempts), (1, 1), "{permanent}");
    }
}

#[tokio::test(start_paused = true)]
async fn retries_end_and_the_error_says_all_that_is_known() {
    let body = r#"{"code": "Internal\u0000Error", "message": "it\r\nbroke", "request_id": "t1"}"#;
    let script = Script::new([status(500).body(body)]);
    let stack = ApiStack::over(script, options());
    let error = get(&stack).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "tenant contoso: defender: list machines: unavailable (HTTP 500, Internal Error): it broke \
         [request t1] after 7 attempts"
    );
    assert_eq!(error.recovery(), Recovery::Retry);
}

#[tokio::test(start_paused = true)]
async fn the_remotes_wait_wins_over_the_backoff() {
    // The clock stands at the beginning of the epoch; the date is 40 s later.
    for wait in ["40", "Thu, 01 Jan 1970 00:00:40 GMT"] {
        for refusal in [429, 503, 500] {
            let script = Script::new([status(refusal).header("retry-after", wait), status(200)]);
            get(&ApiStack::over(script.clone(), options())).await.unwrap();
            let waited = script.times()[1] - script.times()[0];
            assert!(waited >= Duration::from_secs(40), "{refusal} {wait}: {waited:?}");
            assert!(waited < Duration::from_secs(41), "{refusal} {wait}: {waited:?}");
        }
    }
}

/// An API that says in the body how long to wait.
#[derive(Debug)]
struct WaitInBody;

impl ResponsePolicy for WaitInBody {
    fn flaw(&self, _: &Response<Bytes>) -> Option<InvalidResponse> {
        None
    }

    fn read_error(&self, _: StatusCode, _: &HeaderMap, body: &Bytes) -> ErrorDetail {
        let seconds = String::from_utf8_lossy(body).parse().ok();
        ErrorDetail { retry_after: seconds.map(Duration::from_secs), ..ErrorDetail::default() }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_in_the_body_is_kept_unless_a_header_says_otherwise() {
    let options = || StackOptions { responses: Arc::new(WaitInBody), ..options() };
    let script = Script::new([status(429).body(8), status(200)]);
    get(&ApiStack::over(script.clone(), options())).await.unwrap();
    assert!(script.times()[1] >= Duration::from_secs(8));
    let script = Script::new([status(429).body(8).header("retry-after", 3), status(200)]);
    get(&ApiStack::over(script.clone(), options())).await.unwrap();
    assert!(script.times()[1] < Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_deadline_ends_the_call_at_once() {
    let script = Script::new([status(429).header("retry-after", 301)]);
    let stack = ApiStack::over(script.clone(), options());
    let start = Instant::now();
    let error = get(&stack).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(error.kind, ApiErrorKind::Throttled);
    assert_eq!(error.retry_at, at(301));
    // The next call fails alike without a request.
    sleep(Duration::from_secs(1)).await;
    let error = get(&stack).await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::Throttled, 0));
    assert_eq!(error.retry_at, at(300), "the clock stands still here, the wait does not");
    assert_eq!(script.times().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_refusal_pauses_every_call_of_the_stack() {
    let script = Script::new([status(429).header("retry-after", 20), status(200)]);
    let stack = ApiStack::over(script.clone(), options());
    let other = async {
        sleep(Duration::from_secs(1)).await;
        get(&stack.clone()).await.unwrap();
    };
    let (first, ()) = tokio::join!(get(&stack), other);
    first.unwrap();
    assert_eq!(script.times().len(), 3);
    assert!(script.times()[1..].iter().all(|at| *at >= Duration::from_secs(20)));
    assert_eq!(stack.calls().throttled, 1);
}

#[tokio::test(start_paused = true)]
async fn refusals_without_a_wait_are_answered_by_doubling_ones() {
    let script = Script::new([status(429), status(429), status(429), status(200)]);
    get(&ApiStack::over(script.clone(), options())).await.unwrap();
    let times = script.times();
    let waits: Vec<u128> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert_eq!(waits, [500, 1000, 2000]);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_bounds_the_whole_call() {
    let script = Script::new([status(200).after(59)]);
    let mut options = options();
    options.limits.call_deadline = Duration::from_secs(10);
    let start = Instant::now();
    let error = get(&ApiStack::over(script, options)).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::DeadlineExceeded, 1));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_tried_again() {
    let script = Script::new([status(200).after(61), status(200)]);
    let stack = ApiStack::over(script, options());
    get(&stack).await.unwrap();
    assert_eq!(stack.calls().attempts, 2);
}

async fn post(stack: &ApiStack, idempotent: bool) -> Result<Response<Bytes>, ApiError> {
    let mut request = Request::post("https://api.example.com/push").body(Bytes::new()).unwrap();
    if idempotent {
        request.extensions_mut().insert(Idempotent);
    }
    stack.call("push", request).await
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_processed_is_sent_again_only_if_it_is_idempotent() {
    for ambiguous in [|| status(500), || status(504), || status(200).after(61)] {
        let stack = ApiStack::over(Script::new([ambiguous(), status(200)]), options());
        let error = post(&stack, false).await.unwrap_err();
        assert_eq!((error.kind, error.attempts), (ApiErrorKind::Unavailable, 1));
        assert!(error.message.contains("may have been processed"), "{error}");

        let stack = ApiStack::over(Script::new([ambiguous(), status(200)]), options());
        post(&stack, true).await.unwrap();
        assert_eq!(stack.calls().attempts, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_without_processing_is_sent_again_whatever_it_is() {
    for refusal in [status(429), status(503).header("retry-after", 1)] {
        let stack = ApiStack::over(Script::new([refusal, status(200)]), options());
        post(&stack, false).await.unwrap();
        assert_eq!(stack.calls().attempts, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flawed_success_is_tried_again_and_then_not_understood() {
    let script = Script::new([status(200).body("<html>"), status(200).body("{"), status(200)]);
    let stack = ApiStack::over(script, options());
    get(&stack).await.unwrap();
    assert_eq!(stack.calls().attempts, 3);

    let error = get(&ApiStack::over(Script::new([status(200).body("<html>")]), options()))
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::Malformed, 7));
    assert_eq!(error.message, "an HTML page instead of JSON");
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_fails_everything_is_not_asked_many_times_over() {
    let stack = ApiStack::over(Script::new([status(500)]), options());
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let stack = stack.clone();
        calls.spawn(async move { get(&stack).await.unwrap_err() });
    }
    let errors = calls.join_all().await;
    assert!(stack.calls().attempts < 200 + 100, "{:?}", stack.calls());
    assert!(errors.iter().any(|error| error.message.contains("too many calls fail")));
}

#[tokio::test(start_paused = true)]
async fn a_body_past_the_bound_is_an_error_that_names_the_bound() {
    let mut options = options();
    options.limits.max_body_bytes = 10;
    let script = Script::new([status(200).body(r#"{"a": 4567}"#)]);
    let error = get(&ApiStack::over(script, options)).await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::TooLarge, 1));
    assert!(error.message.contains("larger than 10 bytes"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_named_by_its_origin_only() {
    let to = "https://sign-in.example.com/path?user=jane";
    let script = Script::new([status(302).header("location", to)]);
    let error = get(&ApiStack::over(script, options())).await.unwrap_err();
    assert_eq!(
        error.message,
        "redirected to https://sign-in.example.com; redirects are not followed"
    );
}

/// Gives `t1`, then the next of its tokens each time the current one is dropped.
#[derive(Debug)]
struct Tokens {
    left: Mutex<VecDeque<&'static str>>,
    fails: Option<(Recovery, Option<DateTime<Utc>>)>,
}

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, _scope: &TokenScope) -> Result<AccessToken, Failure> {
        match self.fails {
            None => Ok(AccessToken::new(*self.left.lock().unwrap().front().unwrap(), None)),
            Some((recovery, retry_at)) => {
                let message = "the app secret has expired";
                Err(Failure::new(ErrorCode::TokenRefused, recovery, message)
                    .with_advice("Create another.")
                    .with_retry_at(retry_at)
                    .because(io::Error::other("AADSTS7000222")))
            }
        }
    }

    fn invalidate(&self, _scope: &TokenScope, token: &AccessToken) {
        let mut left = self.left.lock().unwrap();
        if left.len() > 1 && left.front() == Some(&token.expose()) {
            left.pop_front();
        }
    }
}

fn authorised(tokens: &[&'static str]) -> StackOptions {
    with_tokens(Tokens { left: Mutex::new(tokens.iter().copied().collect()), fails: None })
}

fn with_tokens(provider: Tokens) -> StackOptions {
    let mut options = options();
    let scope = TokenScope::new("https://api.example.com/.default");
    options.authentication = Some(Authentication::bearer(Arc::new(provider), scope));
    options
}

#[tokio::test(start_paused = true)]
async fn a_401_drops_the_token_and_tries_another_once() {
    let script = Script::new([status(401), status(200)]);
    let stack = ApiStack::over(script.clone(), authorised(&["t1", "t2"]));
    get(&stack).await.unwrap();
    assert_eq!(script.sent("authorization"), ["Bearer t1", "Bearer t2"]);
    let seen = script.seen.lock().unwrap();
    assert!(seen.iter().all(|(_, headers)| headers[AUTHORIZATION].is_sensitive()));
}

#[tokio::test(start_paused = true)]
async fn a_401_for_a_fresh_token_too_is_final() {
    let script = Script::new([status(401)]);
    let stack = ApiStack::over(script.clone(), authorised(&["t1", "t2", "t3"]));
    let error = get(&stack).await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::Unauthorised, 2));
    assert_eq!(script.sent("authorization"), ["Bearer t1", "Bearer t2"]);
}

#[tokio::test(start_paused = true)]
async fn a_401_without_another_token_is_not_repeated() {
    let stack = ApiStack::over(Script::new([status(401)]), authorised(&["t1"]));
    let error = get(&stack).await.unwrap_err();
    assert_eq!((error.kind, error.attempts), (ApiErrorKind::Unauthorised, 1));
}

#[tokio::test(start_paused = true)]
async fn a_403_drops_the_token_for_the_next_call_once_in_five_minutes() {
    let script = Script::new([status(403)]);
    let stack = ApiStack::over(script.clone(), authorised(&["t1", "t2", "t3"]));
    for (wait, sent) in [(0, "t1"), (0, "t2"), (299, "t2"), (1, "t2"), (0, "t3")] {
        sleep(Duration::from_secs(wait)).await;
        let error = get(&stack.clone()).await.unwrap_err();
        assert_eq!((error.kind, error.attempts), (ApiErrorKind::Forbidden, 1));
        assert_eq!(script.sent("authorization").pop(), Some(format!("Bearer {sent}")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_403_for_the_token_that_followed_a_401_drops_that_one() {
    let script = Script::new([status(401), status(403), status(200)]);
    let stack = ApiStack::over(script.clone(), authorised(&["t1", "t2", "t3"]));
    get(&stack).await.unwrap_err();
    get(&stack).await.unwrap();
    assert_eq!(script.sent("authorization"), ["Bearer t1", "Bearer t2", "Bearer t3"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_token_says_why_and_whether_to_come_back() {
    for (recovery, retry_at, kind) in [
        (Recovery::Operator, None, ApiErrorKind::NoToken),
        (Recovery::Defect, None, ApiErrorKind::NoToken),
        (Recovery::Retry, None, ApiErrorKind::Unavailable),
        (Recovery::Retry, at(9), ApiErrorKind::Throttled),
    ] {
        let tokens = Tokens { left: Mutex::default(), fails: Some((recovery, retry_at)) };
        let stack = ApiStack::over(Script::new([]), with_tokens(tokens));
        let error = get(&stack).await.unwrap_err();
        assert_eq!((error.kind, error.attempts, error.retry_at), (kind, 0, retry_at));
        assert_eq!(error.advice.as_deref(), Some("Create another."));
        assert_eq!(error.message, "", "the words are those of the source");
        let token = error.token_failure().unwrap();
        assert_eq!(token.message, "the app secret has expired");
        assert_eq!(token.source.as_ref().unwrap().to_string(), "AADSTS7000222");
        let failure = Failure::from(error);
        assert_eq!((failure.code, failure.recovery), (ErrorCode::TokenRefused, recovery));
        assert_eq!(failure.retry_at, retry_at);
        // Only what the caller should do matters here; a wait closes no gate.
        assert_eq!(stack.calls().throttled, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_no_header_can_hold_is_an_error_without_the_token() {
    let stack = ApiStack::over(Script::new([]), authorised(&["canary\n"]));
    let error = get(&stack).await.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::NoToken);
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_to_another_origin_is_not_sent() {
    let stack = ApiStack::over(Script::new([]), authorised(&["t1"]));
    for url in [
        "https://evil.example.com/",
        "http://api.example.com/",
        "https://api.example.com:444/",
        "/api/machines",
    ] {
        let request = Request::get(url).body(Bytes::new()).unwrap();
        let error = stack.call("list machines", request).await.unwrap_err();
        assert_eq!((error.kind, error.attempts), (ApiErrorKind::Refused, 0), "{url}");
        assert_eq!(error.recovery(), Recovery::Defect);
    }
}

#[tokio::test(start_paused = true)]
async fn no_request_goes_out_before_a_long_retry_after_has_passed() {
    let script = Script::new([status(429).header("retry-after", 1800), status(200)]);
    let stack = ApiStack::over(script.clone(), options());
    for waited in [0, 1, 898] {
        sleep(Duration::from_secs(waited)).await;
        let start = Instant::now();
        let error = get(&stack.clone()).await.unwrap_err();
        assert_eq!(start.elapsed(), Duration::ZERO, "a call that cannot wait fails at once");
        assert_eq!((error.kind, error.recovery()), (ApiErrorKind::Throttled, Recovery::Retry));
        // The clock of these tests stands still.
        let opens = 1800 - i64::try_from(script.start.elapsed().as_secs()).unwrap();
        assert_eq!(error.retry_at, at(opens));
        assert_eq!(script.times().len(), 1);
    }
    // One that can wait until the gate opens, does.
    sleep(Duration::from_secs(700)).await;
    get(&stack).await.unwrap();
    assert_eq!(script.times(), [Duration::ZERO, Duration::from_secs(1800)]);
}
