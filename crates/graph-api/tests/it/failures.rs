//! Code, recovery, time to try again and advice of each failure that leaves the crate.

use chrono::TimeDelta;
use stocktake_connector_core::{Enricher, EnrichmentPass, ErrorCode, Failure, PassHint, Recovery};
use stocktake_graph_api::IntuneEnricher;

use super::*;

/// How Intune is read.
#[derive(Debug, Clone, Copy)]
enum Way {
    Bulk,
    LookUp,
    Details,
}

const WAYS: [Way; 3] = [Way::Bulk, Way::LookUp, Way::Details];

/// The failure of reading device 1, where the list and each item of a batch get this response.
async fn failure(way: Way, status: u16, headers: Value, body: Value) -> Failure {
    let server = MockServer::start().await;
    let mut response = ResponseTemplate::new(status).set_body_json(&body);
    for (name, value) in headers.as_object().unwrap() {
        response = response.insert_header(name.as_str(), value.as_str().unwrap());
    }
    list(response).mount(&server).await;
    batch(move |_| (status, headers.clone(), body.clone())).mount(&server).await;
    let enricher = IntuneEnricher::new(client(&server, |_| ())).with_details();
    let keys = [Some(key(1))];
    match way {
        Way::Bulk => {
            let mut pass = enricher.start_pass(PassHint { records_known: Some(1) });
            pass.prepare(&keys, true).await.unwrap_err()
        }
        Way::LookUp => {
            let mut pass = enricher.start_pass(PassHint { records_known: Some(5_000) });
            pass.prepare(&keys, true).await.unwrap_err()
        }
        Way::Details => {
            let mut device = serde_json::from_value(device("d1", 1)).unwrap();
            enricher.details().unwrap().complete(vec![&mut device]).await.unwrap_err()
        }
    }
}

#[tokio::test]
async fn each_refusal_has_its_code_its_recovery_and_advice() {
    use ErrorCode as Code;
    for (status, code, expected, advice) in [
        (400, "BadRequest", (Code::RequestRefused, Recovery::Defect), None),
        (
            401,
            "InvalidAuthenticationToken",
            (Code::TokenNotAccepted, Recovery::Operator),
            Some("scope"),
        ),
        (
            403,
            "",
            (Code::PermissionMissing, Recovery::Operator),
            Some("DeviceManagementManagedDevices.Read.All"),
        ),
        (404, "ResourceMissing", (Code::RequestRefused, Recovery::Operator), Some("base URL")),
        (429, "TooManyRequests", (Code::ApiThrottled, Recovery::Retry), Some("quota")),
        (500, "InternalServerError", (Code::ApiUnavailable, Recovery::Retry), None),
        (504, "", (Code::ApiUnavailable, Recovery::Retry), None),
    ] {
        for way in WAYS {
            let body = json!({"error": {"code": code, "message": ""}});
            let failure = failure(way, status, json!({}), body).await;
            let found = (failure.code, failure.recovery);
            assert_eq!(found, expected, "{way:?} {status}: {failure}");
            assert_eq!(failure.retry_at, None, "{failure}");
            let given = failure.advice.as_deref();
            match advice {
                Some(text) => assert!(given.is_some_and(|given| given.contains(text)), "{given:?}"),
                None => assert_eq!(given, None, "{way:?} {status}"),
            }
            assert!(failure.message.starts_with("tenant contoso: graph: "), "{failure}");
        }
    }
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_becomes_the_time_to_try_again() {
    for way in WAYS {
        let body = json!({"error": {"code": "TooManyRequests", "message": ""}});
        let failure = failure(way, 429, json!({"Retry-After": "1800"}), body).await;
        let found = (failure.code, failure.recovery);
        assert_eq!(found, (ErrorCode::ApiThrottled, Recovery::Retry), "{way:?}: {failure}");
        assert_eq!(failure.retry_at, Some(now() + TimeDelta::seconds(1800)), "{failure}");
    }
}

#[tokio::test]
async fn a_wait_in_intunes_own_body_counts_too() {
    for way in WAYS {
        let message = r#"{"Message": "An error has occurred", "RetryAfter": 1800}"#;
        let body = json!({"error": {"code": "UnknownError", "message": message}});
        let failure = failure(way, 429, json!({}), body).await;
        assert_eq!(failure.retry_at, Some(now() + TimeDelta::seconds(1800)), "{way:?} {failure}");
    }
}

#[tokio::test]
async fn a_response_that_breaks_the_contract_is_a_defect() {
    let expected = (ErrorCode::AnswerMalformed, Recovery::Defect);
    for way in [Way::Bulk, Way::LookUp] {
        let failure = failure(way, 200, json!({}), json!({"devices": []})).await;
        assert_eq!((failure.code, failure.recovery), expected, "{way:?}: {failure}");
    }
}
