use stocktake_connector_core::ErrorCode;
use stocktake_graph_api::ManagedDevice;
use stocktake_http_stack::ApiError;
use wiremock::matchers::{header, query_param, query_param_is_missing};

use super::*;

async fn ids(client: &GraphClient) -> Result<Vec<String>, ApiError> {
    let mut listing = client.list_managed_devices();
    let mut ids = Vec::new();
    while let Some(page) = listing.next_page().await? {
        ids.extend(page.records.into_iter().filter_map(|device| device.id));
    }
    Ok(ids)
}

#[tokio::test]
async fn only_what_is_used_is_selected_and_no_top_is_sent() {
    let server = MockServer::start().await;
    Mock::given(path(LIST))
        .and(query_param("$select", ManagedDevice::SELECTED.join(",")))
        .and(query_param_is_missing("$top"))
        .and(header("prefer", "include-unknown-enum-members"))
        .respond_with(ok(envelope(&[device("a", 1)], None)))
        .expect(1)
        .mount(&server)
        .await;

    assert_eq!(ids(&client(&server, |_| ())).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn opaque_links_are_followed_as_they_come_over_an_empty_page() {
    let server = MockServer::start().await;
    let link = |token: &str| Some(format!("{}{LIST}?$skiptoken={token}", server.uri()));
    for (token, body) in [
        (None, envelope(&[device("a", 1)], link("LastDeviceName='b%20%2B',x"))),
        (Some("LastDeviceName='b +',x"), envelope(&[], link("2"))),
        (Some("2"), envelope(&[device("c", 2)], None)),
    ] {
        let mock = Mock::given(path(LIST));
        match token {
            Some(token) => mock.and(query_param("$skiptoken", token)),
            None => mock.and(query_param_is_missing("$skiptoken")),
        }
        .respond_with(ok(body))
        .expect(1)
        .mount(&server)
        .await;
    }

    assert_eq!(ids(&client(&server, |_| ())).await.unwrap(), ["a", "c"]);
}

#[tokio::test]
async fn a_link_to_another_origin_or_one_that_repeats_is_an_error() {
    let other = MockServer::start().await;
    let server = MockServer::start().await;
    let link = format!("{}{LIST}?$skiptoken=1", other.uri());
    list(ok(envelope(&[], Some(link)))).expect(1).mount(&server).await;
    let error = ids(&client(&server, |_| ())).await.unwrap_err();
    assert!(error.error_code == ErrorCode::ForeignCursor, "{error}");
    assert!(other.received_requests().await.unwrap().is_empty());

    server.reset().await;
    let link = format!("{}{LIST}?$skiptoken=1", server.uri());
    list(ok(envelope(&[], Some(link)))).expect(2).mount(&server).await;
    let error = ids(&client(&server, |_| ())).await.unwrap_err();
    assert!(error.error_code == ErrorCode::RepeatedCursor, "{error}");
}

#[tokio::test]
async fn a_malformed_device_costs_itself() {
    let server = MockServer::start().await;
    let mut odd = device("d", 4);
    odd["model"] = json!([]);
    let body = json!({"value": [device("a", 1), broken("b", 3), device("c", 2), odd]});
    list(ok(body)).mount(&server).await;

    let page = client(&server, |_| ()).list_managed_devices().next_page().await.unwrap().unwrap();

    assert_eq!((page.records.len(), page.malformed.len()), (3, 1));
    assert!(page.malformed[0].reason.contains("expected `,` or `}`"), "{:?}", page.malformed);
    assert_eq!(page.records[2].unreadable[0].field, "managedDevice.model");
}
