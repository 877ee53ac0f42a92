//! Graph's JSON batches (<https://learn.microsoft.com/graph/json-batching>).

use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::cloud::{Cloud, Tenant};
use crate::fault::{Api, Effect, RetryAfter, Target};
use crate::graph::{self, KIND, MANAGED_DEVICES, Refusal};
use crate::query::Query;
use crate::random::draw;
use crate::response::{ApiResponse, http_date};

/// More requests in one batch are refused.
const GREATEST: usize = 20;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    method: String,
    url: String,
}

/// What became of one request.
struct Outcome {
    status: u16,
    headers: Map<String, Value>,
    body: Vec<u8>,
}

impl Outcome {
    fn new(status: u16, body: Vec<u8>) -> Self {
        let headers = Map::from_iter([("Content-Type".to_owned(), json!(KIND))]);
        Self { status, headers, body }
    }

    fn refused(cloud: &Cloud, refusal: &Refusal) -> Self {
        Self::new(refusal.status, refusal.body(cloud).to_string().into_bytes())
    }

    fn with(mut self, name: &str, value: String) -> Self {
        self.headers.insert(name.to_owned(), json!(value));
        self
    }
}

/// Serves `POST /v1.0/$batch`.
pub(crate) fn batch(
    cloud: &Cloud,
    method: &Method,
    headers: &HeaderMap,
    origin: &str,
    body: &[u8],
) -> ApiResponse {
    match respond(cloud, method, headers, origin, body) {
        Ok(response) => response,
        Err(refusal) => refusal.respond(cloud),
    }
}

fn respond(
    cloud: &Cloud,
    method: &Method,
    headers: &HeaderMap,
    origin: &str,
    body: &[u8],
) -> Result<ApiResponse, Refusal> {
    if method != Method::POST {
        return Err(Refusal::new(405, "BadRequest", "A batch is posted."));
    }
    // A bad token refuses the batch; a missing role or licence each request of it.
    let caller = match graph::caller(cloud, headers) {
        Err(refusal) if refusal.status == 401 => return Err(refusal),
        caller => caller.and_then(|tenant| graph::licence(tenant).map(|()| tenant)),
    };
    let batch: Batch = serde_json::from_slice(body).map_err(|error| {
        Refusal::new(400, "BadRequest", format!("Invalid batch payload: {error}"))
    })?;
    if batch.requests.len() > GREATEST {
        let message = format!(
            "Number of batch request steps exceeds the maximum value of {GREATEST}: {}.",
            batch.requests.len()
        );
        return Err(Refusal::new(400, "BadRequest", message));
    }
    let mut ids: Vec<_> = batch.requests.iter().map(|item| item.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() < batch.requests.len() {
        return Err(Refusal::new(400, "BadRequest", "Request ids must be unique in a batch."));
    }

    let mut outcomes: Vec<_> = batch
        .requests
        .iter()
        .map(|item| (item.id.as_str(), outcome(cloud, caller.as_ref().copied(), item, origin)))
        .collect();
    // The service promises no order, so here it is never the one of the requests.
    outcomes.sort_by_key(|(id, _)| id.bytes().fold(0, |sum, byte| draw(sum, byte.into(), 92)));

    let mut out = br#"{"responses":["#.to_vec();
    for (place, (id, outcome)) in outcomes.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        let head = format!(
            "{{\"id\":{},\"status\":{},\"headers\":{},\"body\":",
            json!(id),
            outcome.status,
            Value::Object(outcome.headers.clone())
        );
        out.extend_from_slice(head.as_bytes());
        // A body that is not JSON, which a fault may cause, is sent as a string.
        match serde_json::from_slice::<&RawValue>(&outcome.body) {
            Ok(_) => out.extend_from_slice(&outcome.body),
            Err(_) => {
                let text = json!(String::from_utf8_lossy(&outcome.body)).to_string();
                out.extend_from_slice(text.as_bytes());
            }
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    Ok(ApiResponse::whole(StatusCode::OK, KIND, out))
}

fn outcome(cloud: &Cloud, caller: Result<&Tenant, &Refusal>, item: &Item, origin: &str) -> Outcome {
    let tenant = caller.ok().map(|tenant| tenant.account.tenant_id.as_str());
    let target = Target { api: Api::GraphBatchItem, path: &item.url, tenant };
    let outcome = match cloud.strike(&target) {
        Some(effect) => struck(cloud, &effect),
        None => match caller.map(|tenant| read(cloud, tenant, item, origin)) {
            Ok(Ok(body)) => Outcome::new(200, body),
            Ok(Err(refusal)) => Outcome::refused(cloud, &refusal),
            Err(refusal) => Outcome::refused(cloud, refusal),
        },
    };
    cloud.call_log().batch_item(outcome.status >= 300);
    outcome
}

fn read(cloud: &Cloud, tenant: &Tenant, item: &Item, origin: &str) -> Result<Vec<u8>, Refusal> {
    if item.method != "GET" {
        return Err(Refusal::new(405, "BadRequest", "Only GET is emulated in batches."));
    }
    // Relative to the version; a leading slash is optional.
    let (path, query) = item.url.split_once('?').unwrap_or((&item.url, ""));
    let path = path.trim_start_matches('/');
    let rest = path.strip_prefix(MANAGED_DEVICES.trim_start_matches('/'));
    match rest.map(|rest| rest.trim_start_matches('/')) {
        Some("") => graph::read_page(cloud, tenant, origin, Query(query)),
        Some(id) => graph::read_one(tenant, id, Query(query)),
        None => Err(Refusal::new(400, "BadRequest", "Resource not found for the segment.")),
    }
}

fn struck(cloud: &Cloud, effect: &Effect) -> Outcome {
    match effect {
        Effect::Status { code, retry_after, body } => {
            let outcome = match body {
                Some(body) => Outcome::new(*code, body.clone().into_bytes()),
                None => Outcome::refused(cloud, &fault(*code)),
            };
            match retry_after {
                Some(RetryAfter::Seconds(seconds)) => {
                    outcome.with("Retry-After", seconds.to_string())
                }
                Some(RetryAfter::Date(seconds)) => {
                    outcome.with("Retry-After", http_date(cloud.now(), *seconds))
                }
                None => outcome,
            }
        }
        Effect::QuotaInWords { wait_seconds, .. } => {
            let message = format!("Too many requests. Try again in {wait_seconds} seconds.");
            Outcome::refused(cloud, &Refusal::new(429, "TooManyRequests", message))
        }
        _ => Outcome::refused(cloud, &fault(500)),
    }
}

/// What Graph says with a status.
pub(crate) fn fault(status: u16) -> Refusal {
    let (code, message) = match status {
        401 => ("InvalidAuthenticationToken", "Access token validation failure."),
        403 => ("Forbidden", "Application is not authorized to perform this operation."),
        404 => ("ResourceNotFound", "Resource not found."),
        429 => ("TooManyRequests", "Too Many Requests"),
        503 => ("ServiceUnavailable", "The service is temporarily unavailable."),
        400..=499 => ("BadRequest", "The request is not valid."),
        _ => ("InternalServerError", "An internal server error has occurred."),
    };
    Refusal::new(status, code, message)
}
