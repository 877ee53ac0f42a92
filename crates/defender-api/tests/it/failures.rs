//! Code, recovery, time to try again and advice of each failure that leaves the crate.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::{DeviceUid, ErrorCode, FixedClock, Recovery};
use wiremock::{Mock, ResponseTemplate, matchers};

use super::*;

/// Noon on 1 December 2024.
fn now() -> DateTime<Utc> {
    "2024-12-01T12:00:00Z".parse().unwrap()
}

/// The failures of a listing and of a look-up that get `response`, after `calls` calls each.
async fn failures(response: ResponseTemplate, calls: u64) -> [Failure; 2] {
    let server = MockServer::start().await;
    Mock::given(matchers::any()).respond_with(response).expect(2 * calls).mount(&server).await;
    // One client for each: a wait that the first is asked for would hold the second back.
    let client = || client(&server, |options| options.clock = Arc::new(FixedClock(now())));
    let listed = read(&mut client().list()).await.unwrap_err();
    let looked_up = client().look_up(&DeviceUid::new("a").unwrap()).await.unwrap_err();
    [listed, looked_up]
}

fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "target": "77"}})
}

#[tokio::test]
async fn each_refusal_has_its_code_its_recovery_and_advice() {
    use ErrorCode as Code;
    let roles = "Missing application roles. API required roles: \
                 Machine.Read.All,Machine.ReadWrite.All, application roles: .";
    for (status, code, message, expected, calls, advice) in [
        (400, "BadRequest", "", (Code::RequestRefused, Recovery::Defect), 1, None),
        (401, "Unauthorized", "", (Code::TokenNotAccepted, Recovery::Operator), 1, Some("scope")),
        (
            401,
            "Unauthorized",
            "No Tvm license",
            (Code::TokenNotAccepted, Recovery::Operator),
            1,
            Some("licence"),
        ),
        (
            403,
            "Forbidden",
            roles,
            (Code::PermissionMissing, Recovery::Operator),
            1,
            Some("Machine.Read.All, Machine.ReadWrite.All"),
        ),
        (
            403,
            "DisabledFeature",
            "",
            (Code::PermissionMissing, Recovery::Operator),
            1,
            Some("Enable the feature"),
        ),
        (404, "", "", (Code::RequestRefused, Recovery::Operator), 1, Some("base URL")),
        (429, "TooManyRequests", "", (Code::ApiThrottled, Recovery::Retry), 3, Some("quota")),
        (500, "InternalServerError", "", (Code::ApiUnavailable, Recovery::Retry), 3, None),
        (503, "", "", (Code::ApiUnavailable, Recovery::Retry), 3, None),
    ] {
        let response = ResponseTemplate::new(status).set_body_json(error(code, message));
        for failure in failures(response, calls).await {
            let found = (failure.code, failure.recovery);
            assert_eq!(found, expected, "{status} {code} {message}: {failure}");
            assert_eq!(failure.retry_at, None, "{failure}");
            let given = failure.advice.as_deref();
            match advice {
                Some(text) => assert!(given.is_some_and(|given| given.contains(text)), "{given:?}"),
                None => assert_eq!(given, None, "{status} {code}"),
            }
            assert!(failure.message.starts_with("tenant contoso: defender: l"), "{failure}");
        }
    }
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_becomes_the_time_to_try_again() {
    for status in [429, 503] {
        let response = ResponseTemplate::new(status).insert_header("retry-after", "1800");
        for failure in failures(response, 1).await {
            let found = (failure.code, failure.recovery);
            assert_eq!(found, (ErrorCode::ApiThrottled, Recovery::Retry), "{failure}");
            assert_eq!(failure.retry_at, Some(now() + TimeDelta::seconds(1800)), "{failure}");
        }
    }
}

#[tokio::test]
async fn a_response_that_breaks_the_contract_is_a_defect() {
    for (body, code) in [
        (json!({"machines": []}).to_string(), ErrorCode::AnswerMalformed),
        (format!("{{\"value\": [{}]}}", "{},".repeat(100_001)), ErrorCode::AnswerTooLarge),
    ] {
        let server = MockServer::start().await;
        let response = ResponseTemplate::new(200).set_body_string(body);
        Mock::given(matchers::any()).respond_with(response).expect(1).mount(&server).await;

        let failure = read(&mut client(&server, |_| ()).list()).await.unwrap_err();

        assert_eq!((failure.code, failure.recovery), (code, Recovery::Defect), "{failure}");
    }
}
