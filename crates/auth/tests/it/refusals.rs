use std::time::Duration;

use serde_json::json;
use stocktake_auth::EntraError;
use stocktake_connector_core::{Recovery, TokenError, TokenProvider};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{HandClock, chain, granted, graph, tokens};

async fn refusal(answer: ResponseTemplate) -> TokenError {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
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

/// Every row: the code, what is said, what is advised.
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
        assert_eq!(error.recovery, Recovery::Operator, "{code}");
        let source = error.source.as_ref().unwrap().downcast_ref::<EntraError>().unwrap();
        assert_eq!(source.aadsts(), Some(code));
    }
}

#[tokio::test]
async fn what_passes_by_itself_is_left_to_the_next_cycle() {
    let slowly = Some(Duration::from_secs(600));
    for (code, after) in [
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
        assert_eq!(error.recovery, Recovery::NextCycle { after }, "{code}");
        assert!(error.message.ends_with(&format!("(AADSTS{code})")), "{}", error.message);
    }
}

#[tokio::test]
async fn an_unknown_code_is_told_with_entras_own_words() {
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
async fn a_refusal_is_asked_once() {
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
async fn throttling_past_the_deadline_says_when_to_come_back() {
    let answer = ResponseTemplate::new(429)
        .insert_header("retry-after", "3600")
        .set_body_string("Too Many Requests");
    let error = refusal(answer).await;
    assert_eq!(error.recovery, Recovery::NextCycle { after: Some(Duration::from_secs(3600)) });
    assert_eq!(error.message, "entra asks to slow down");
}

#[tokio::test]
async fn a_page_of_html_is_told_as_such() {
    let answer = ResponseTemplate::new(403).set_body_string("<html>Blocked by proxy</html>");
    let error = refusal(answer).await;
    assert_eq!(error.message, "entra refused: an HTML page instead of JSON");
    let error = refusal(ResponseTemplate::new(404).set_body_string("<html>")).await;
    assert!(error.message.contains("does not answer like entra"), "{}", error.message);
    assert_eq!(error.recovery, Recovery::Operator);
}

#[tokio::test]
async fn a_success_without_a_token_is_an_error() {
    let error = refusal(ResponseTemplate::new(200).set_body_json(json!({"token_type": "Bearer"})));
    let error = error.await;
    assert_eq!(error.recovery, Recovery::Defect);
    assert!(error.message.contains("`access_token` is missing"), "{}", error.message);
}
