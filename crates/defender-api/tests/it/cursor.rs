use std::sync::Arc;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{FixedClock, SourceCursor};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, ResponseTemplate};

use super::*;
use crate::listing::page;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn cursors(texts: &[&str]) -> Vec<SourceCursor> {
    texts.iter().map(|text| SourceCursor::new(*text)).collect()
}

/// A client whose clock stands at noon on 1 December 2024 and whose overlap is an hour.
fn client_at_noon(
    server: &MockServer,
    change: impl FnOnce(&mut DefenderOptions),
) -> DefenderClient {
    client(server, |options| {
        options.clock = Arc::new(FixedClock(time("2024-12-01T12:00:00Z")));
        options.overlap = Duration::from_secs(3600);
        change(options);
    })
}

/// Machines that were last seen at these times.
fn seen_at(times: &[&str]) -> Value {
    let value: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(n, time)| json!({"id": n.to_string(), "lastSeen": time}))
        .collect();
    json!({"value": value})
}

/// The cursor of a listing that reads `body`.
async fn cursor_after(resumed_from: &[&str], body: Value) -> Option<String> {
    let server = MockServer::start().await;
    page(None, body).mount(&server).await;
    let client = client_at_noon(&server, |_| ());
    let mut listing = match resumed_from {
        [] => client.list(),
        texts => client.resume(&cursors(texts)).unwrap(),
    };
    read(&mut listing).await.unwrap();
    listing.cursor().map(|cursor| cursor.as_str().to_owned())
}

#[tokio::test]
async fn a_cursor_is_the_latest_time_at_which_a_readable_machine_was_seen() {
    let machines = seen_at(&["2024-12-01T09:00:00Z", "2024-12-01T11:00:00.1234567Z", "never"]);
    assert_eq!(cursor_after(&[], machines).await.as_deref(), Some("2024-12-01T11:00:00.123Z"));
    assert_eq!(cursor_after(&[], seen_at(&[])).await, None);
    let unreadable = json!({"value": [{"id": 5, "lastSeen": "2024-12-01T11:00:00Z"}]});
    assert_eq!(cursor_after(&[], unreadable).await, None);
}

#[tokio::test]
async fn a_cursor_never_lies_in_the_future() {
    let machines = seen_at(&["2024-12-01T09:00:00Z", "2031-01-01T00:00:00Z"]);
    assert_eq!(cursor_after(&[], machines).await.as_deref(), Some("2024-12-01T12:00:00Z"));
}

#[tokio::test]
async fn a_cursor_never_moves_behind_the_earliest_that_the_listing_resumed_from() {
    let from = ["2024-12-01T11:30:00.5Z", "2024-12-01T11:00:00Z"];
    let machines = seen_at(&["2024-12-01T10:30:00Z"]);
    assert_eq!(cursor_after(&from, machines).await.as_deref(), Some("2024-12-01T11:00:00Z"));
    let machines = seen_at(&["2024-12-01T11:10:00Z"]);
    assert_eq!(cursor_after(&from, machines).await.as_deref(), Some("2024-12-01T11:10:00Z"));
    assert_eq!(cursor_after(&from, seen_at(&[])).await.as_deref(), Some("2024-12-01T11:00:00Z"));
}

#[tokio::test]
async fn a_cursor_that_cannot_be_used_calls_for_a_full_listing() {
    let server = MockServer::start().await;
    let client = client_at_noon(&server, |_| ());
    for text in [
        "",
        "soon",
        "a Graph delta token",
        "2024-12-01T12:00:01Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:30:00Z",
    ] {
        assert!(client.resume(&cursors(&[text])).is_none(), "{text}");
        assert!(client.resume(&cursors(&["2024-12-01T11:00:00Z", text])).is_none(), "{text}");
    }
    let endless = client_at_noon(&server, |options| options.overlap = Duration::MAX);
    assert!(endless.resume(&cursors(&["2024-12-01T11:00:00Z"])).is_none());
}

#[tokio::test]
async fn a_resumed_listing_filters_by_the_earliest_cursor_less_the_overlap_on_every_page() {
    let server = MockServer::start().await;
    for (skip, machines) in [(None, ["a", "b"].as_slice()), (Some("2"), &["c"])] {
        let mock = Mock::given(method("GET"))
            .and(path("/api/machines"))
            .and(query_param("$filter", "lastSeen ge 2024-12-01T10:00:00Z"));
        match skip {
            Some(skip) => mock.and(query_param("$skip", skip)),
            None => mock.and(query_param_is_missing("$skip")),
        }
        .respond_with(ResponseTemplate::new(200).set_body_json(envelope(machines, None)))
        .expect(1)
        .mount(&server)
        .await;
    }
    let client = client_at_noon(&server, |options| options.page_size = Some(2));
    let from = cursors(&["2024-12-01T11:30:00Z", "2024-12-01T12:00:00.9+01:00"]);

    let read = read(&mut client.resume(&from).unwrap()).await.unwrap();

    assert_eq!(read.ids, ["a", "b", "c"]);
    // `%20` and not `+`, which not every OData server reads as a space.
    let asked = server.received_requests().await.unwrap();
    assert!(asked[0].url.as_str().contains("$filter=lastSeen%20ge%202024-12-01T10:00:00Z"));
}
