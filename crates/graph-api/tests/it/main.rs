//! Exchanges with Graph, each as one mock server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod batch;
mod details;
mod failures;
mod listing;
mod pass;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use stocktake_connector_core::{FixedClock, TenantName};
use stocktake_graph_api::{GraphClient, GraphOptions};
use stocktake_http_stack::{ApiStack, Backoff, Transport, TransportOptions};
use uuid::Uuid;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Where managed devices are listed.
const LIST: &str = "/v1.0/deviceManagement/managedDevices";

/// Where batches are sent.
const BATCH: &str = "/v1.0/$batch";

/// Noon on 1 December 2024: the time of every client.
fn now() -> DateTime<Utc> {
    "2024-12-01T12:00:00Z".parse().unwrap()
}

/// A client of `server` that waits next to nothing between attempts.
fn client(server: &MockServer, change: impl FnOnce(&mut GraphOptions)) -> GraphClient {
    let mut options = GraphOptions::new(server.uri().parse().unwrap());
    options.tenant = Some(TenantName::new("contoso").unwrap());
    change(&mut options);
    let mut stack = options.stack_options(None);
    stack.limits.backoff =
        Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(1) };
    stack.limits.max_retries = 2;
    stack.clock = Arc::new(FixedClock(now()));
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    GraphClient::new(ApiStack::new(&transport, stack), options)
}

/// The Entra device id of device `n`.
fn key(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// Device `n`, whose Intune id is `id`.
fn device(id: &str, n: u128) -> Value {
    json!({"id": id, "azureADDeviceId": key(n).to_string(), "managementAgent": "mdm"})
}

fn envelope(devices: &[Value], next: Option<String>) -> Value {
    match next {
        Some(link) => json!({"value": devices, "@odata.nextLink": link}),
        None => json!({"value": devices}),
    }
}

/// Responds to the list with `answer`.
fn list(answer: ResponseTemplate) -> Mock {
    Mock::given(method("GET")).and(path(LIST)).respond_with(answer)
}

fn ok(body: Value) -> ResponseTemplate {
    // Two values in a row are not JSON: only the record around them is lost.
    let body = body.to_string().replace(&json!(TWO_VALUES).to_string(), r#""one" "two""#);
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

/// Becomes two values in a row in a response.
const TWO_VALUES: &str = "two values";

/// Device `n`, whose record cannot be read.
fn broken(id: &str, n: u128) -> Value {
    let mut device = device(id, n);
    device["model"] = TWO_VALUES.into();
    device
}

/// Answers batches: `answer` gives status, headers and body for the address of each item. The items
/// come back in reverse order.
fn batch(answer: impl Fn(&str) -> (u16, Value, Value) + Send + Sync + 'static) -> Mock {
    Mock::given(method("POST")).and(path(BATCH)).respond_with(move |request: &Request| {
        let body: Value = request.body_json().unwrap();
        let mut items: Vec<Value> = body["requests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                let (status, headers, body) = answer(item["url"].as_str().unwrap());
                json!({"id": item["id"], "status": status, "headers": headers, "body": body})
            })
            .collect();
        items.reverse();
        ok(json!({"responses": items}))
    })
}

/// The device that the address of an item names.
fn device_in(url: &str) -> u128 {
    let (_, rest) =
        url.split_once("azureADDeviceId%20eq%20%27").or(url.split_once("eq%20'")).unwrap();
    rest[..36].parse::<Uuid>().unwrap().as_u128()
}

/// The addresses of the items of every batch so far.
async fn batches(server: &MockServer) -> Vec<Vec<String>> {
    let requests = server.received_requests().await.unwrap();
    requests
        .iter()
        .filter(|request| request.url.path() == BATCH)
        .map(|request| {
            let body: Value = request.body_json().unwrap();
            let items = body["requests"].as_array().unwrap().iter();
            items.map(|item| item["url"].as_str().unwrap().to_owned()).collect()
        })
        .collect()
}
