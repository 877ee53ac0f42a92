use stocktake_connector_core::{DeviceUid, Presence};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

fn uid(text: &str) -> DeviceUid {
    DeviceUid::new(text).unwrap()
}

async fn answering(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path(at)).respond_with(answer).expect(1).mount(&server).await;
    server
}

#[tokio::test]
async fn a_machine_that_answers_is_present() {
    let answer = ResponseTemplate::new(200).set_body_json(json!({"id": "a", "osBuild": 1}));
    let server = answering("/api/machines/a", answer).await;
    let client = client(&server, |_| ());

    assert_eq!(client.look_up(&uid("a")).await.unwrap(), Presence::Present);
}

#[tokio::test]
async fn a_machine_gives_its_record() {
    let answer = ResponseTemplate::new(200).set_body_json(json!({"id": "a", "osBuild": 1}));
    let server = answering("/api/machines/a", answer).await;

    let machine = client(&server, |_| ()).machine(&uid("a")).await.unwrap().unwrap();

    assert_eq!(machine.os_build, Some(1));
}

/// Defender's word that it has no such machine.
fn not_found(code: &str) -> ResponseTemplate {
    let error = json!({"error": {"code": code, "message": "Machine a was not found."}});
    ResponseTemplate::new(404).set_body_json(error)
}

#[tokio::test]
async fn a_machine_that_defender_does_not_find_is_absent() {
    for code in ["NotFound", "ResourceNotFound"] {
        let server = answering("/api/machines/a", not_found(code)).await;

        assert_eq!(client(&server, |_| ()).look_up(&uid("a")).await.unwrap(), Presence::Absent);
    }
}

#[tokio::test]
async fn a_404_that_is_not_defenders_own_is_an_error_and_never_an_absence() {
    for answer in [
        ResponseTemplate::new(404),
        ResponseTemplate::new(404).set_body_raw("<html>Not Found</html>", "text/html"),
        ResponseTemplate::new(404).set_body_json(json!({"message": "No route"})),
        ResponseTemplate::new(404).set_body_json(json!({"statusCode": 404, "code": "NotFound"})),
        not_found("TenantNotFound"),
    ] {
        let server = answering("/api/machines/a", answer).await;

        let error = client(&server, |_| ()).look_up(&uid("a")).await.unwrap_err();

        assert!(error.advice.as_deref().unwrap().contains("base URL"), "{error}");
    }
}

#[tokio::test]
async fn a_machine_that_cannot_be_read_is_present_all_the_same() {
    let answer = ResponseTemplate::new(200).set_body_json(json!({"id": "a", "osBuild": []}));
    let server = answering("/api/machines/a", answer).await;

    assert_eq!(client(&server, |_| ()).look_up(&uid("a")).await.unwrap(), Presence::Present);
}

#[tokio::test]
async fn a_response_that_is_not_the_requested_machine_is_no_machine_and_no_absence() {
    for body in
        [json!({"id": "b"}), json!({}), json!({"value": []}), json!([]), json!({"id": ["a"]})]
    {
        let answer = ResponseTemplate::new(200).set_body_json(&body);
        let server = MockServer::start().await;
        Mock::given(path("/api/machines/a")).respond_with(answer).mount(&server).await;
        let client = client(&server, |_| ());

        client.machine(&uid("a")).await.unwrap_err();
        assert_eq!(client.look_up(&uid("a")).await.unwrap(), Presence::Present, "{body}");
    }
}

#[tokio::test]
async fn a_look_up_that_fails_midway_or_is_a_part_is_an_error() {
    let whole = json!({"id": "a"});
    let failed = json!({"id": "a", "error": {"code": "InternalServerError"}});
    for (status, body) in [(200, failed.clone()), (206, whole.clone()), (202, whole)] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status).set_body_json(&body);
        Mock::given(path("/api/machines/a")).respond_with(answer).mount(&server).await;
        client(&server, |_| ()).machine(&uid("a")).await.unwrap_err();
    }
    let server =
        answering("/api/machines/a", ResponseTemplate::new(200).set_body_json(failed)).await;
    client(&server, |_| ()).look_up(&uid("a")).await.unwrap_err();
}

#[tokio::test]
async fn a_refused_look_up_is_an_error_and_never_an_absence() {
    let server = answering("/api/machines/a", ResponseTemplate::new(403)).await;

    client(&server, |_| ()).look_up(&uid("a")).await.unwrap_err();
}

#[tokio::test]
async fn an_id_cannot_lead_to_another_path() {
    let server = answering("/api/machines/..%2Falerts%3Fx", not_found("NotFound")).await;
    let client = client(&server, |_| ());

    assert_eq!(client.look_up(&uid("../alerts?x")).await.unwrap(), Presence::Absent);
    // The list would answer 200 to these, for any machine.
    assert_eq!(client.look_up(&uid("..")).await.unwrap(), Presence::Absent);
    assert_eq!(client.look_up(&uid(".")).await.unwrap(), Presence::Absent);
}
