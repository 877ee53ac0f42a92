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
async fn pages_that_bring_nothing_new_end_the_listing() {
    // A new link each time; always the same page, pages of what was there, or none.
    for (body, pages) in [
        (vec![device("a", 1), device("b", 2)], 3),
        (vec![json!({"id": [], "x": 1})], 3),
        (vec![], 100),
    ] {
        let server = MockServer::start().await;
        let (base, calls) = (server.uri(), std::sync::atomic::AtomicU64::new(0));
        Mock::given(path(LIST))
            .respond_with(move |_: &Request| {
                let number = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                ok(envelope(&body, Some(format!("{base}{LIST}?$skiptoken={number}"))))
            })
            .expect(pages)
            .mount(&server)
            .await;

        let error = ids(&client(&server, |_| ())).await.unwrap_err();

        assert_eq!(error.error_code, ErrorCode::ListingStalled, "{error}");
    }
}

#[tokio::test]
async fn a_page_that_is_a_part_is_never_taken_for_the_whole() {
    let part = r#"{"value":[{"id":"a"}],"#;
    for body in [
        format!(r#"{part}"error":{{"code":"x"}}}}"#),
        format!(r#"{part}"value":[]}}"#),
        format!(r#"{part}"@odata.nextLink":"?$skiptoken=1","@odata.nextLink":null}}"#),
    ] {
        let server = MockServer::start().await;
        list(ResponseTemplate::new(200).set_body_string(body.clone()))
            .expect(1)
            .mount(&server)
            .await;
        let error = ids(&client(&server, |_| ())).await.unwrap_err();
        assert!(error.to_string().contains("list managed devices"), "{body}: {error}");
    }
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
