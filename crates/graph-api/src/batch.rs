//! Batches: several requests in one call.
//!
//! Graph responds to a batch with 200 whatever became of its items; they come in any order and each
//! has a status of its own. The retry policy of the stack holds for each item: those that may succeed
//! are sent again, without the others, after the longest wait that any of them needs
//! (<https://learn.microsoft.com/graph/json-batching>).

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stocktake_http_stack::{
    ApiError, ApiErrorKind, Idempotent, Quota, ResponsePolicy, Retries, UrlTemplate, Weight,
    clean_text, retry_after,
};
use stocktake_odata::{Integer, ODataResponses, Text, read_value};
use tokio::time::{Instant, sleep};
use url::Url;

use crate::refusal::advise;
use crate::{GraphClient, GraphOptions};

/// A request in a batch.
#[derive(Debug)]
pub(crate) struct Item<T> {
    /// What it is for.
    pub(crate) target: T,
    url: Url,
}

impl<T> Item<T> {
    /// A request for `url`.
    pub(crate) fn new(target: T, url: Url) -> Self {
        Self { target, url }
    }
}

/// An item that has no final result yet.
#[derive(Debug)]
struct OpenItem<T> {
    item: Item<T>,
    retries: Retries,
}

/// Handles the responses to the items of batches.
pub(crate) trait BatchHandler: Send {
    /// What an item is for.
    type Target: Send + Sync;

    /// Names the operation in errors and spans.
    const OPERATION: &'static str;

    /// Whether the items of a batch whose response cannot be read are sent again one by one, so that
    /// only the one at fault fails. Otherwise [`BatchHandler::give_up`] is called.
    const ONE_BY_ONE: bool = false;

    /// Notes that a batch was sent.
    fn count_call(&mut self);

    /// Notes that some item succeeded, whatever becomes of the others.
    fn note_response(&mut self) {}

    /// Takes the response to an item that succeeded.
    fn on_response(
        &mut self,
        client: &GraphClient,
        item: &mut Item<Self::Target>,
        response: &ItemResponse,
    ) -> Result<ItemOutcome, ApiError>;

    /// Takes an item that failed and is not sent again, with the response if there is one.
    ///
    /// # Errors
    /// When the other items need not be sent any more either.
    fn on_failure(
        &mut self,
        item: Item<Self::Target>,
        failure: ApiError,
        response: Option<&ItemResponse>,
    ) -> Result<(), ApiError>;

    /// Batches do not work here: one cannot be read, or a response led to [`ItemOutcome::GiveUp`].
    fn give_up(&mut self) {}
}

/// How an item continues after a response.
pub(crate) enum ItemOutcome {
    /// The item is done.
    Done,
    /// The rest of the response is there.
    NextPage(Url),
    /// Batches do not work here.
    GiveUp,
}

#[derive(Serialize)]
struct BatchRequest {
    requests: Vec<ItemRequest>,
}

#[derive(Serialize)]
struct ItemRequest {
    id: String,
    method: &'static str,
    url: String,
}

#[derive(Deserialize)]
struct BatchResponse {
    responses: Vec<ItemResponse>,
    /// What a server adds that fails in the middle, and what else would say that the list is a part.
    #[serde(default)]
    error: Option<IgnoredAny>,
    #[serde(default, rename = "@odata.nextLink", alias = "nextLink")]
    next_link: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(crate) struct ItemResponse {
    #[serde(deserialize_with = "read_id")]
    id: Option<String>,
    #[serde(deserialize_with = "read_status")]
    pub(crate) status: Option<i64>,
    #[serde(default)]
    headers: HashMap<String, serde_json::Value>,
    #[serde(default)]
    body: Option<Box<RawValue>>,
}

impl ItemResponse {
    /// The headers, without those that HTTP does not allow.
    pub(crate) fn headers(&self) -> HeaderMap {
        let header = |(name, value): (&String, &serde_json::Value)| {
            let value = match value {
                serde_json::Value::String(text) => HeaderValue::from_str(text),
                other => HeaderValue::from_str(&other.to_string()),
            };
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value.ok()?))
        };
        self.headers.iter().filter_map(header).collect()
    }

    /// Whether the status is 200.
    pub(crate) fn is_ok(&self) -> bool {
        self.status == Some(200)
    }

    /// The body as it was sent; empty when it is absent.
    pub(crate) fn body(&self) -> &str {
        self.body.as_deref().map_or("", RawValue::get)
    }
}

fn read_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    read_value::<Text, D>(deserializer)
}

fn read_status<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    read_value::<Integer, D>(deserializer)
}

impl GraphClient {
    /// How many items a batch may have: as many as Graph takes, but no more than the burst of our
    /// smallest quota, because each of them counts.
    pub fn batch_size(&self) -> usize {
        let quotas = self.stack.options().quotas.iter();
        let smallest = quotas.filter(|quota| !quota.per.is_zero()).map(Quota::burst).min();
        let most = GraphOptions::LOOK_UPS_IN_A_BATCH;
        smallest.map_or(most, |smallest| most.min(smallest.into())) as usize
    }

    /// Sends the items of one batch, again where the retry policy allows it, until each has succeeded
    /// or failed.
    pub(crate) async fn send_items<H: BatchHandler>(
        &self,
        items: Vec<Item<H::Target>>,
        handler: &mut H,
    ) -> Result<(), ApiError> {
        let policy = self.stack.retry_policy();
        // `None`: too far away for any clock, so no deadline.
        let deadline = Instant::now().checked_add(self.options.batch_deadline);
        let begin = |item| OpenItem { item, retries: policy.begin(deadline) };
        let mut batches = VecDeque::from([items.into_iter().map(begin).collect::<Vec<_>>()]);
        while let Some(batch) = batches.pop_front() {
            if batch.is_empty() {
                continue;
            }
            let urls = batch.iter().map(|open| &open.item.url);
            let responses = self.send_once(H::OPERATION, urls).await?;
            handler.count_call();
            let Some(mut responses) = responses else {
                if !H::ONE_BY_ONE {
                    handler.give_up();
                    return Ok(());
                }
                let single = batch.len() == 1;
                for open in batch {
                    if single {
                        let message = "the batch cannot be read".to_owned();
                        let failure = self.error(H::OPERATION, ApiErrorKind::Malformed, message);
                        handler.on_failure(open.item, failure, None)?;
                    } else {
                        batches.push_back(vec![open]);
                    }
                }
                continue;
            };
            // Before the first item is handled: a refusal of one means little if another succeeded.
            if responses.values().any(ItemResponse::is_ok) {
                handler.note_response();
            }
            let mut again = Vec::new();
            let mut longest_wait = None::<Duration>;
            for (number, mut open) in batch.into_iter().enumerate() {
                let response = responses.remove(&number);
                let outcome = match response.as_ref().filter(|response| response.is_ok()) {
                    Some(response) => handler
                        .on_response(self, &mut open.item, response)
                        .map_err(|failure| (failure, None)),
                    None => Err(self.item_error(H::OPERATION, response.as_ref())),
                };
                let (mut failure, named) = match outcome {
                    Ok(outcome) => {
                        policy.record_success();
                        match outcome {
                            ItemOutcome::Done => {}
                            ItemOutcome::NextPage(url) => {
                                open.item.url = url;
                                again.push(begin(open.item));
                            }
                            ItemOutcome::GiveUp => {
                                handler.give_up();
                                return Ok(());
                            }
                        }
                        continue;
                    }
                    Err(failed) => failed,
                };
                failure.attempts = open.retries.count() + 1;
                if let Some(wait) = open.retries.next(failure.kind, named) {
                    longest_wait = longest_wait.max(Some(wait));
                    again.push(open);
                } else {
                    handler.on_failure(open.item, failure, response.as_ref())?;
                }
            }
            if let Some(wait) = longest_wait {
                sleep(wait).await;
            }
            batches.push_back(again);
        }
        Ok(())
    }

    /// Sends one batch of GET requests. The place of each among them is its id. `None` when the
    /// response cannot be read.
    pub(crate) async fn send_once<'a>(
        &self,
        operation: &'static str,
        urls: impl Iterator<Item = &'a Url>,
    ) -> Result<Option<HashMap<usize, ItemResponse>>, ApiError> {
        let version = self.url(&[]);
        let requests: Vec<_> = urls
            .enumerate()
            .map(|(number, url)| ItemRequest {
                id: number.to_string(),
                method: "GET",
                url: relative_url(url, &version),
            })
            .collect();
        let count = requests.len();
        // Graph counts each item as a request (<https://learn.microsoft.com/graph/json-batching>).
        let weight = Weight(u32::try_from(count).unwrap_or(u32::MAX));
        let body = serde_json::to_vec(&BatchRequest { requests }).map_err(|error| {
            let message = format!("the batch cannot be written: {error}");
            self.error(operation, ApiErrorKind::Refused, message)
        })?;
        let request = Request::post(self.url(&["$batch"]).as_str())
            .extension(weight)
            // Its items only read.
            .extension(Idempotent)
            .extension(UrlTemplate("/v1.0/$batch"));
        let body = self.call(operation, request, Bytes::from(body)).await?;
        Ok(parse_responses(&body, count))
    }

    /// The failure of an item, and the wait that its response asks for.
    fn item_error(
        &self,
        operation: &'static str,
        response: Option<&ItemResponse>,
    ) -> (ApiError, Option<Duration>) {
        let Some(response) = response else {
            let message = "the batch has no response for an item".to_owned();
            return (self.error(operation, ApiErrorKind::Unavailable, message), None);
        };
        let status = response
            .status
            .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok())
            .unwrap_or(StatusCode::BAD_GATEWAY);
        let headers = response.headers();
        let body = Bytes::copy_from_slice(response.body().as_bytes());
        let detail = ODataResponses.read_error(status, &headers, &body);
        let kind = match status.as_u16() {
            401 => ApiErrorKind::Unauthorised,
            403 => ApiErrorKind::Forbidden,
            404 => ApiErrorKind::NotFound,
            429 => ApiErrorKind::Throttled,
            // 424: an item that this one depends on failed, according to Graph. A success that is not
            // 200 has part of the records, or none.
            200..300 | 408 | 424 | 500.. => ApiErrorKind::Unavailable,
            _ => ApiErrorKind::Refused,
        };
        let now = self.stack.options().clock.now();
        let named = retry_after(&headers, now).or(detail.retry_after);
        let mut error = self.error(operation, kind, clean_text(&detail.message));
        error.status = Some(status.as_u16());
        error.code = detail.code;
        error.inner_code = detail.inner_code;
        error.request_id = detail.request_id;
        error.advice = detail.advice;
        error.retry_at = named
            .and_then(|wait| TimeDelta::from_std(wait).ok())
            .and_then(|wait| now.checked_add_signed(wait));
        (advise(error), named)
    }
}

/// The URL of an item: below the version, without host.
fn relative_url(url: &Url, version: &Url) -> String {
    let path = url.path().strip_prefix(version.path()).unwrap_or(url.path());
    match url.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// The responses in a batch of `items` by the places of their items; `None` when the batch cannot be
/// read, is marked as a part, or has a response for no item of ours or two for one: then it is not known
/// whose any of them is.
pub(crate) fn parse_responses(body: &[u8], items: usize) -> Option<HashMap<usize, ItemResponse>> {
    let BatchResponse { responses, error, next_link } = serde_json::from_slice(body).ok()?;
    if error.is_some() || next_link.is_some() {
        return None;
    }
    let mut by_place = HashMap::with_capacity(responses.len());
    for response in responses {
        let place = response.id.as_deref()?.parse().ok().filter(|place| *place < items)?;
        if by_place.insert(place, response).is_some() {
            return None;
        }
    }
    Some(by_place)
}
