use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use stocktake_auth::{ClientSecret, EntraError, EntraTokens, SecretSource};
use stocktake_connector_core::{ErrorCode, Failure, Recovery, TokenProvider};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{HandClock, SECRET, chain, granted, graph, options, tokens, transport};

/// So many seconds after the start of the test's clock.
fn at(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

async fn refusal(response: ResponseTemplate) -> Failure {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(response).mount(&server).await;
    tokens(&server, &HandClock::new()).token(&graph()).await.unwrap_err()
}

fn aadsts(status: u16, error: &str, code: u32) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({
        "error": error,
        "error_description": format!("AADSTS{code}: It went wrong. More of it. Trace ID: x"),
        "error_codes": [code],
        "trace_id": "00000000-0000-0000-0000-000000000077",
    }))
}

/// Every row: the code, the message, the advice.
#[tokio::test]
async fn each_code_has_its_own_words_and_names_what_to_look_at() {
    const TENANT: &str = "11111111-1111-1111-1111-111111111111";
    const APP: &str = "22222222-2222-2222-2222-222222222222";
    const SCOPE: &str = "https://graph.microsoft.com/.default";
    for (code, meaning, advice) in [
        (7_000_215, "its value", APP),
        (7_000_222, "expired", APP),
        (7_000_218, "neither a secret nor an assertion", APP),
        (70_002, "could not be validated", APP),
        (700_016, "unknown in this tenant", TENANT),
        (70_001, "unknown or disabled", APP),
        (7_000_112, "unknown or disabled", TENANT),
        (90_002, "not found", TENANT),
        (900_023, "neither a GUID nor a domain", TENANT),
        (90_038, "national cloud", TENANT),
        (900_382, "national cloud", "http://127.0.0.1"),
        (900_432, "national cloud", TENANT),
        (9_001_023, "`common`", "GUID"),
        (500_011, "no service principal", SCOPE),
        (650_052, "not subscribed", SCOPE),
        (650_056, "not configured", APP),
        (650_057, "not configured", TENANT),
        (65_001, "consent is missing", "consent"),
        (90_094, "consent is missing", TENANT),
        (700_027, "signature", "thumbprint"),
        (700_021, "another application", APP),
        (700_023, "another token endpoint", "http://127.0.0.1"),
        (700_024, "time of validity", "clock"),
        (700_030, "certificate or assertion", APP),
        (50_012, "certificate or assertion", "Renew"),
        (50_013, "certificate or assertion", "clock"),
        (70_011, "scope", SCOPE),
        (700_022, "scope", ".default"),
        (28_002, "scope", SCOPE),
        (901_002, "`resource`", "http://127.0.0.1"),
    ] {
        let error = refusal(aadsts(400, "invalid_client", code)).await;
        assert!(error.message.contains(meaning), "{code}: {}", error.message);
        assert!(error.message.ends_with(&format!("(AADSTS{code})")), "{}", error.message);
        let advised = error.advice.as_deref().unwrap();
        assert!(advised.contains(advice), "{code}: {advised}");
        assert!(!advised.contains('{'), "{code}: {advised}");
        assert_eq!(
            (error.code, error.recovery, error.retry_at),
            (ErrorCode::TokenRefused, Recovery::Operator, None),
            "{code}"
        );
        let source = error.source.as_ref().unwrap().downcast_ref::<EntraError>().unwrap();
        assert_eq!(source.aadsts(), Some(code));
    }
}

#[tokio::test]
async fn what_passes_by_itself_is_retried_and_some_of_it_later() {
    let slowly = at(600);
    for (code, retry_at) in [
        (500_133, None),
        (70_021, slowly),
        (700_211, slowly),
        (700_212, slowly),
        (700_213, slowly),
        (53_003, slowly),
        (530_032, slowly),
        (53_011, slowly),
        (50_196, slowly),
        (90_055, slowly),
        (50_033, None),
        (90_006, None),
        (90_012, None),
        (90_024, None),
        (90_033, None),
        (50_000, None),
    ] {
        let error = refusal(aadsts(400, "temporarily_unavailable", code)).await;
        assert_eq!(
            (error.code, error.recovery, error.retry_at),
            (ErrorCode::TokenUnavailable, Recovery::Retry, retry_at),
            "{code}"
        );
        assert!(error.message.ends_with(&format!("(AADSTS{code})")), "{}", error.message);
    }
}

#[tokio::test]
async fn an_unknown_code_is_reported_with_entras_own_words() {
    let error = refusal(aadsts(400, "invalid_grant", 999_999)).await;
    assert_eq!(error.message, "entra refused: invalid_grant: It went wrong (AADSTS999999)");
    assert_eq!(error.recovery, Recovery::Operator);
    assert!(error.advice.as_deref().unwrap().contains("https://login.microsoftonline.com/error"));
    let chain = chain(&error);
    assert!(chain.contains("tenant contoso") && chain.contains("HTTP 400"), "{chain}");
    assert!(
        chain.contains("[request 00000000-0000-0000-0000-000000000077]")
            && !chain.contains("More of it"),
        "{chain}"
    );
}

#[tokio::test]
async fn a_refusal_is_not_retried() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(aadsts(401, "invalid_client", 7_000_222))
        .expect(1)
        .mount(&server)
        .await;
    tokens(&server, &HandClock::new()).token(&graph()).await.unwrap_err();
}

#[tokio::test]
async fn an_assertion_that_expired_is_made_anew_once() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(aadsts(401, "invalid_client", 500_133))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(method("POST")).respond_with(granted("t1")).expect(1).mount(&server).await;
    let tokens = tokens(&server, &HandClock::new());
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t1");
}

#[tokio::test]
async fn throttling_in_plain_text_is_waited_for() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(429)
                .insert_header("retry-after", "0")
                .set_body_string("Too Many Requests"),
        )
        .up_to_n_times(1)
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("POST")).respond_with(granted("t1")).expect(1).mount(&server).await;
    let tokens = tokens(&server, &HandClock::new());
    assert_eq!(tokens.token(&graph()).await.unwrap().expose(), "t1");
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_kept_for_the_scheduler() {
    for (status, message) in [(429, "entra asks to slow down"), (503, "entra asks to slow down")] {
        let response = ResponseTemplate::new(status).insert_header("retry-after", "1800");
        let error = refusal(response).await;
        assert_eq!(
            (error.code, error.recovery, error.retry_at),
            (ErrorCode::TokenUnavailable, Recovery::Retry, at(1800)),
            "{status}"
        );
        assert_eq!(error.message, message);
    }
}

#[tokio::test]
async fn a_request_for_a_token_is_retried_as_often_as_the_options_say() {
    for max_retries in [0, 2] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(500))
            .expect(u64::from(max_retries) + 1)
            .mount(&server)
            .await;
        let credential = ClientSecret::new(SecretSource::Value(SECRET.into()));
        let mut options = options(&server.uri(), Arc::new(credential), &HandClock::new());
        options.limits.max_retries = max_retries;
        let tokens = EntraTokens::new(&transport(), options).unwrap();
        let error = tokens.token(&graph()).await.unwrap_err();
        assert_eq!(
            (error.code, error.recovery, error.retry_at),
            (ErrorCode::TokenUnavailable, Recovery::Retry, None)
        );
    }
}

#[tokio::test]
async fn a_page_of_html_is_reported_as_such() {
    let response = ResponseTemplate::new(403).set_body_string("<html>Blocked by proxy</html>");
    let error = refusal(response).await;
    assert_eq!(error.message, "entra refused: an HTML page instead of JSON");
    let error = refusal(ResponseTemplate::new(404).set_body_string("<html>")).await;
    assert!(error.message.contains("does not respond like entra"), "{}", error.message);
    assert_eq!((error.code, error.recovery), (ErrorCode::NoLoginHost, Recovery::Operator));
}

#[tokio::test]
async fn a_success_without_a_token_is_an_error() {
    let error = refusal(ResponseTemplate::new(200).set_body_json(json!({"token_type": "Bearer"})));
    let error = error.await;
    assert_eq!((error.code, error.recovery), (ErrorCode::NoLoginHost, Recovery::Defect));
    assert!(error.message.contains("`access_token` is missing"), "{}", error.message);
}
