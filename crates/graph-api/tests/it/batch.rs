use std::collections::BTreeSet;
use std::sync::Mutex;

use chrono::TimeDelta;
use stocktake_connector_core::ErrorCode;
use stocktake_graph_api::LookUp;
use stocktake_http_stack::{ApiErrorKind, Quota};

use super::*;

fn found(url: &str) -> (u16, Value, Value) {
    let n = device_in(url);
    (200, json!({}), envelope(&[device(&format!("d{n}"), n)], None))
}

/// The ids of the records, sorted.
fn ids(look_up: &LookUp) -> BTreeSet<&str> {
    look_up.records.iter().map(|device| device.id.as_deref().unwrap()).collect()
}

fn keys(range: std::ops::RangeInclusive<u128>) -> Vec<Uuid> {
    range.map(key).collect()
}

#[tokio::test]
async fn twenty_look_ups_go_into_a_call_and_responses_may_come_in_any_order() {
    let server = MockServer::start().await;
    batch(found).expect(3).mount(&server).await;

    let look_up = client(&server, |_| ()).look_up(&keys(1..=45)).await.unwrap();

    assert_eq!((look_up.records.len(), look_up.calls), (45, 3));
    let sizes: Vec<_> = batches(&server).await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [20, 20, 5]);
    let address = &batches(&server).await[0][0];
    assert!(address.starts_with("/deviceManagement/managedDevices?$filter="), "{address}");
    assert!(address.contains("&$select=id,azureADDeviceId,"), "{address}");
}

#[tokio::test]
async fn only_throttled_items_are_sent_again() {
    let server = MockServer::start().await;
    let refused = Mutex::new(BTreeSet::new());
    batch(move |url| {
        let n = device_in(url);
        if n <= 3 && refused.lock().unwrap().insert(n) {
            let status = [429, 503, 424][n as usize - 1];
            return (status, json!({"Retry-After": "0"}), json!({"error": {"code": "x"}}));
        }
        found(url)
    })
    .expect(2)
    .mount(&server)
    .await;

    let look_up = client(&server, |_| ()).look_up(&keys(1..=6)).await.unwrap();

    assert_eq!(ids(&look_up), BTreeSet::from(["d1", "d2", "d3", "d4", "d5", "d6"]));
    let sizes: Vec<_> = batches(&server).await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [6, 3]);
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_an_error_with_the_time_to_try_again() {
    let server = MockServer::start().await;
    batch(|_| (429, json!({"retry-after": 30}), json!({"error": {"code": "TooManyRequests"}})))
        .expect(1)
        .mount(&server)
        .await;

    let client = client(&server, |options| options.batch_deadline = Duration::from_secs(20));
    let error = client.look_up(&keys(1..=2)).await.unwrap_err();

    assert_eq!(error.kind, ApiErrorKind::Throttled);
    assert_eq!(error.retry_at, Some(now() + TimeDelta::seconds(30)));
}

#[tokio::test]
async fn an_item_that_always_fails_ends_the_look_up() {
    let server = MockServer::start().await;
    batch(|url| match device_in(url) {
        2 => (500, json!({"Retry-After": "0"}), json!({"error": {"code": "InternalServerError"}})),
        _ => found(url),
    })
    .expect(3)
    .mount(&server)
    .await;

    let error = client(&server, |_| ()).look_up(&keys(1..=3)).await.unwrap_err();

    let text = error.to_string();
    assert!(
        text.contains("HTTP 500, InternalServerError") && text.contains("3 attempts"),
        "{text}"
    );
}

#[tokio::test]
async fn an_item_that_is_refused_is_not_sent_again() {
    let server = MockServer::start().await;
    batch(|url| match device_in(url) {
        2 => {
            (400, json!({}), json!({"error": {"code": "BadRequest", "message": "Invalid filter"}}))
        }
        _ => found(url),
    })
    .expect(1)
    .mount(&server)
    .await;

    let error = client(&server, |_| ()).look_up(&keys(1..=3)).await.unwrap_err();

    assert!(error.to_string().contains("Invalid filter"), "{error}");
}

#[tokio::test]
async fn an_item_without_a_response_is_sent_again() {
    let server = MockServer::start().await;
    Mock::given(path(BATCH))
        .respond_with(ok(json!({"responses": []})))
        .up_to_n_times(1)
        .expect(1)
        .mount(&server)
        .await;
    batch(found).expect(1).mount(&server).await;

    let look_up = client(&server, |_| ()).look_up(&[key(1)]).await.unwrap();

    assert_eq!(look_up.records.len(), 1);
}

#[tokio::test]
async fn a_link_inside_an_item_is_followed() {
    let server = MockServer::start().await;
    let base = server.uri();
    batch(move |url| {
        if url.contains("$skiptoken=2") {
            return (200, json!({}), envelope(&[device("d1b", 1)], None));
        }
        let (status, headers, mut body) = found(url);
        if device_in(url) == 1 {
            body["@odata.nextLink"] = format!("{base}{LIST}?$skiptoken=2").into();
        }
        (status, headers, body)
    })
    .expect(2)
    .mount(&server)
    .await;

    let look_up = client(&server, |_| ()).look_up(&keys(1..=2)).await.unwrap();

    assert_eq!(ids(&look_up), BTreeSet::from(["d1", "d1b", "d2"]));
    assert_eq!(
        batches(&server).await[1],
        ["/deviceManagement/managedDevices?$skiptoken=2".to_owned()]
    );
}

#[tokio::test]
async fn a_link_inside_an_item_to_another_origin_is_not_followed() {
    let server = MockServer::start().await;
    batch(|_| (200, json!({}), envelope(&[], Some("https://evil.example/v1.0/x".into()))))
        .expect(1)
        .mount(&server)
        .await;

    let error = client(&server, |_| ()).look_up(&[key(1)]).await.unwrap_err();

    assert!(error.error_code == ErrorCode::ForeignCursor, "{error}");
}

#[tokio::test]
async fn records_that_were_not_asked_for_lead_to_the_list() {
    // A filter on a property that Intune does not filter by is ignored: 200 with all devices. And items
    // may have each other's responses.
    let all = |_: &str| envelope(&[device("a", 1), device("b", 2), device("c", 3)], None);
    let swapped = |url: &str| envelope(&[device("x", 3 - device_in(url))], None);
    for is_swapped in [false, true] {
        let server = MockServer::start().await;
        batch(move |url| (200, json!({}), if is_swapped { swapped(url) } else { all(url) }))
            .mount(&server)
            .await;

        let look_up = client(&server, |_| ()).look_up(&keys(1..=2)).await.unwrap();

        assert!(look_up.list_instead, "{look_up:?}");
    }
}

/// Responses to batches of two look-ups, of which each is a part, or may belong to another item.
#[tokio::test]
async fn a_batch_whose_ids_are_not_ours_leads_to_the_list() {
    let item = |id: Value, n: u128| {
        let body = envelope(&[device("d", n)], None);
        json!({"id": id, "status": 200, "body": body})
    };
    for body in [
        json!({"responses": [item(json!("0"), 1), item(json!("0"), 2)]}),
        json!({"responses": [item(json!("0"), 1), item(json!(0), 1), item(json!("1"), 2)]}),
        json!({"responses": [item(json!("0"), 1), item(json!("2"), 2)]}),
        json!({"responses": [item(json!("0"), 1), item(json!("x"), 2)]}),
        json!({"responses": [item(json!("0"), 1), item(json!(null), 2)]}),
        json!({"responses": [item(json!("0"), 1), item(json!("1"), 2)], "error": {"code": "x"}}),
        json!({"responses": [item(json!("0"), 1)], "@odata.nextLink": "https://x/y"}),
    ] {
        let server = MockServer::start().await;
        Mock::given(path(BATCH)).respond_with(ok(body.clone())).mount(&server).await;

        let look_up = client(&server, |_| ()).look_up(&keys(1..=2)).await.unwrap();

        assert!(look_up.list_instead, "{body}");
    }
}

#[tokio::test]
async fn an_item_that_is_a_part_is_sent_again_and_never_taken_for_the_whole() {
    let in_stream = json!({"value": [], "error": {"code": "InternalServerError"}});
    for (status, body) in [(200, in_stream), (206, envelope(&[], None)), (204, Value::Null)] {
        let server = MockServer::start().await;
        let answer = (status, json!({}), body.clone());
        batch(move |_| answer.clone()).up_to_n_times(1).expect(1).mount(&server).await;
        batch(found).expect(1).mount(&server).await;
        let look_up = client(&server, |_| ()).look_up(&keys(1..=2)).await.unwrap();
        assert_eq!(ids(&look_up), BTreeSet::from(["d1", "d2"]), "{status} {body}");

        let server = MockServer::start().await;
        let answer = (status, json!({}), body.clone());
        batch(move |_| answer.clone()).expect(3).mount(&server).await;
        let error = client(&server, |_| ()).look_up(&keys(1..=2)).await.unwrap_err();
        assert_eq!(error.kind, ApiErrorKind::Unavailable, "{status} {body}: {error}");
    }
}

#[tokio::test]
async fn a_success_other_than_200_is_no_answer() {
    for status in [201, 202, 203, 206, 207] {
        let server = MockServer::start().await;
        let answer =
            ResponseTemplate::new(status).set_body_json(json!({"responses": [], "value": []}));
        Mock::given(path(BATCH)).respond_with(answer.clone()).mount(&server).await;
        list(answer).mount(&server).await;
        let client = client(&server, |_| ());
        let error = client.look_up(&keys(1..=2)).await.unwrap_err();
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        client.list_managed_devices().next_page().await.unwrap_err();
        client.probe().await.unwrap_err();
    }
}

#[tokio::test]
async fn a_batch_that_is_not_json_leads_to_the_list() {
    let server = MockServer::start().await;
    let body = r#"{"responses":[{"id":"0","status":200,"body":{"value":[{"id":"a" "b"}]}}]}"#;
    Mock::given(path(BATCH))
        .respond_with(ResponseTemplate::new(200).set_body_string(body))
        .mount(&server)
        .await;

    assert!(client(&server, |_| ()).look_up(&[key(1)]).await.unwrap().list_instead);
}

#[tokio::test]
async fn an_absurd_wait_is_a_day() {
    for wait in [u64::MAX.to_string(), "Fri, 31 Dec 9999 23:59:59 GMT".to_owned()] {
        let server = MockServer::start().await;
        let named = wait.clone();
        batch(move |_| (429, json!({"Retry-After": named}), json!({"error": {"code": "x"}})))
            .expect(1)
            .mount(&server)
            .await;

        let error = client(&server, |_| ()).look_up(&[key(1)]).await.unwrap_err();

        let tomorrow = now() + TimeDelta::days(1);
        let found = (error.kind, error.retry_at);
        assert_eq!(found, (ApiErrorKind::Throttled, Some(tomorrow)), "{wait}");
    }
}

#[tokio::test]
async fn an_endless_deadline_does_not_overflow() {
    let server = MockServer::start().await;
    batch(found).mount(&server).await;

    let client = client(&server, |options| options.batch_deadline = Duration::MAX);

    assert_eq!(client.look_up(&[key(1)]).await.unwrap().records.len(), 1);
}

#[tokio::test]
async fn each_item_of_a_batch_counts_against_the_quota() {
    let server = MockServer::start().await;
    batch(found).expect(1).mount(&server).await;
    // A fifth of it may go out at once; room for more comes only after the deadline of the call.
    let client = client_within(&server, Quota::per_hour(50));

    assert_eq!(client.look_up(&keys(1..=10)).await.unwrap().calls, 1);
    let error = client.look_up(&keys(1..=10)).await.unwrap_err();

    assert!(error.to_string().contains("our quota of 50 calls"), "{error}");
}

/// A client that keeps to a quota.
fn client_within(server: &MockServer, quota: Quota) -> GraphClient {
    let options = GraphOptions::new(server.uri().parse().unwrap());
    let mut stack = options.stack_options(None);
    stack.quotas = vec![quota];
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    GraphClient::new(ApiStack::new(&transport, stack), options)
}

#[tokio::test]
async fn a_batch_carries_no_more_than_may_go_out_at_once() {
    for (quota, sizes) in [
        (GraphOptions::QUOTAS[0], vec![20, 3]),
        (Quota { calls: 50, per: Duration::from_millis(1) }, vec![10, 10, 3]),
        (Quota { calls: 4, per: Duration::from_millis(1) }, vec![1; 23]),
    ] {
        let server = MockServer::start().await;
        batch(found).mount(&server).await;
        assert_eq!(
            client_within(&server, quota).look_up(&keys(1..=23)).await.unwrap().records.len(),
            23
        );
        let asked: Vec<_> = batches(&server).await.iter().map(Vec::len).collect();
        assert_eq!(asked, sizes);
    }
}
