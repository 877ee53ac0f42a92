//! Batches: several requests in one call.
//!
//! Graph answers a batch with 200 whatever became of its items; they come in any order and each has
//! a status of its own. Items that were throttled are asked again, alone, after the longest wait that
//! any of them names (<https://learn.microsoft.com/graph/json-batching>).

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stocktake_connector_core::{ApiError, ApiErrorKind, SourceError};
use stocktake_http_stack::{
    ODataResponses, Quota, ResponsePolicy, UrlTemplate, Weight, clean_text, retry_after,
};
use stocktake_odata::{Integer, TextOrInteger, ValueSeed};
use tokio::time::Instant;
use url::Url;

use crate::refusal::advise;
use crate::{GraphClient, GraphOptions};

/// How often an item is asked.
const MOST_ATTEMPTS: u32 = 6;

/// One item that still has to be asked.
#[derive(Debug)]
pub(crate) struct Item<A> {
    /// What it asks for.
    pub(crate) asked: A,
    pub(crate) url: Url,
    pub(crate) attempts: u32,
}

/// Makes something of the answers to the items of batches.
pub(crate) trait Gather: Send {
    /// What an item asks for.
    type Asked: Send + Sync;

    /// Names the operation in errors and spans.
    const OPERATION: &'static str;

    /// Whether the items of a batch whose answer cannot be read are asked again one by one, so that
    /// only the one at fault fails. Otherwise [`Gather::give_up`] is called.
    const ONE_BY_ONE: bool = false;

    /// Notes that a batch was sent.
    fn count_call(&mut self);

    /// Notes that some item was answered, whatever becomes of the others.
    fn note_answer(&mut self) {}

    /// Takes the answer to an item that was answered with 200.
    fn take(
        &mut self,
        client: &GraphClient,
        item: &mut Item<Self::Asked>,
        answer: &ItemAnswer,
    ) -> Result<Took, SourceError>;

    /// Takes note of an item that failed and is not asked again, with the answer if there is one.
    ///
    /// # Errors
    /// When the other items need not be asked any more either.
    fn fail(
        &mut self,
        item: Item<Self::Asked>,
        failure: ApiError,
        answer: Option<&ItemAnswer>,
    ) -> Result<(), SourceError>;

    /// Batches do not work here: one cannot be read, or an answer said [`Took::Useless`].
    fn give_up(&mut self) {}
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
struct BatchAnswer {
    responses: Vec<ItemAnswer>,
}

#[derive(Deserialize)]
pub(crate) struct ItemAnswer {
    #[serde(deserialize_with = "id")]
    id: Option<String>,
    #[serde(deserialize_with = "status")]
    pub(crate) status: Option<i64>,
    #[serde(default)]
    headers: HashMap<String, serde_json::Value>,
    #[serde(default)]
    body: Option<Box<RawValue>>,
}

impl ItemAnswer {
    /// The headers that are any.
    pub(crate) fn headers(&self) -> HeaderMap {
        headers(&self.headers)
    }

    /// Whether the item was answered with 200.
    pub(crate) fn is_ok(&self) -> bool {
        self.status == Some(200)
    }

    /// The body as it was sent; empty when there is none.
    pub(crate) fn body(&self) -> &str {
        self.body.as_deref().map_or("", RawValue::get)
    }
}

fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    serde::de::DeserializeSeed::deserialize(ValueSeed::<TextOrInteger>::new(), deserializer)
}

fn status<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    serde::de::DeserializeSeed::deserialize(ValueSeed::<Integer>::new(), deserializer)
}

impl GraphClient {
    /// How many items a batch may have: as many as Graph takes, but no more than may go out at once
    /// within our smallest quota, as each of them counts.
    pub fn batch_size(&self) -> usize {
        let quotas = self.stack.options().quotas.iter();
        let smallest = quotas.filter(|quota| !quota.per.is_zero()).map(Quota::at_once).min();
        let most = GraphOptions::LOOK_UPS_IN_A_BATCH;
        smallest.map_or(most, |smallest| most.min(smallest.into())) as usize
    }

    /// Asks for the items of one batch, again where they were throttled, until each is taken or has
    /// failed.
    pub(crate) async fn ask_all<G: Gather>(
        &self,
        items: Vec<Item<G::Asked>>,
        found: &mut G,
    ) -> Result<(), SourceError> {
        // `None`: so far away that it is none.
        let deadline = Instant::now().checked_add(self.options.batch_deadline);
        let mut batches = VecDeque::from([items]);
        while let Some(open) = batches.pop_front() {
            if open.is_empty() {
                continue;
            }
            let answers = self.ask(G::OPERATION, &open).await?;
            found.count_call();
            let Some(mut answers) = answers else {
                if !G::ONE_BY_ONE {
                    found.give_up();
                    return Ok(());
                }
                let alone = open.len() == 1;
                for item in open {
                    if alone {
                        let message = "the batch cannot be read".to_owned();
                        let failure = self.error(G::OPERATION, ApiErrorKind::Malformed, message);
                        found.fail(item, failure, None)?;
                    } else {
                        batches.push_back(vec![item]);
                    }
                }
                continue;
            };
            // Before any item is judged: a refusal of one says little beside an answer to another.
            if answers.values().any(ItemAnswer::is_ok) {
                found.note_answer();
            }
            let mut again = Vec::new();
            let mut wait = None::<Duration>;
            for (number, mut item) in open.into_iter().enumerate() {
                item.attempts += 1;
                let answer = answers.remove(&number);
                if let Some(answer) = answer.as_ref().filter(|answer| answer.is_ok()) {
                    match found.take(self, &mut item, answer)? {
                        Took::Last => {}
                        Took::More(url) => {
                            item.url = url;
                            item.attempts = 0;
                            again.push(item);
                        }
                        Took::Useless => {
                            found.give_up();
                            return Ok(());
                        }
                    }
                    continue;
                }
                let (mut failure, named) = match &answer {
                    Some(answer) => self.item_error(G::OPERATION, answer),
                    None => {
                        let message = "the batch has no answer for an item".to_owned();
                        (self.error(G::OPERATION, ApiErrorKind::Unavailable, message), None)
                    }
                };
                failure.attempts = item.attempts;
                let temporary =
                    matches!(failure.kind, ApiErrorKind::Throttled | ApiErrorKind::Unavailable);
                let pause = named.unwrap_or_else(|| self.backoff(item.attempts));
                let end = Instant::now().checked_add(pause);
                let in_time = deadline.is_none_or(|deadline| end.is_some_and(|end| end < deadline));
                if temporary && item.attempts < MOST_ATTEMPTS && in_time {
                    wait = wait.max(Some(pause));
                    again.push(item);
                } else {
                    failure.retry_after = named;
                    found.fail(item, failure, answer.as_ref())?;
                }
            }
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
            batches.push_back(again);
        }
        Ok(())
    }

    /// The wait where Graph names none: 429 without `Retry-After` is reported from the field. Batches
    /// go out one at a time, so that chance in the wait would gain nothing.
    fn backoff(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(MOST_ATTEMPTS);
        self.options.batch_backoff.saturating_mul(1 << doublings)
    }

    /// Asks for the open items. Their places among them are their ids. `None` when the answer cannot
    /// be read.
    pub(crate) async fn ask<A>(
        &self,
        operation: &'static str,
        open: &[Item<A>],
    ) -> Result<Option<HashMap<usize, ItemAnswer>>, ApiError> {
        let version = self.url(&[]);
        let requests = open
            .iter()
            .enumerate()
            .map(|(number, item)| ItemRequest {
                id: number.to_string(),
                method: "GET",
                url: relative(&item.url, &version),
            })
            .collect();
        let body = serde_json::to_vec(&BatchRequest { requests }).map_err(|error| {
            let message = format!("the batch cannot be written: {error}");
            self.error(operation, ApiErrorKind::Refused, message)
        })?;
        // Graph counts each item as a request (<https://learn.microsoft.com/graph/json-batching>).
        let weight = Weight(u32::try_from(open.len()).unwrap_or(u32::MAX));
        let request = Request::post(self.url(&["$batch"]).as_str())
            .extension(weight)
            .extension(UrlTemplate("/v1.0/$batch"));
        let body = self.call(operation, request, Bytes::from(body)).await?;
        Ok(by_place(&body))
    }

    /// What an item's failure means, and the wait that it names.
    fn item_error(
        &self,
        operation: &'static str,
        answer: &ItemAnswer,
    ) -> (ApiError, Option<Duration>) {
        let status = answer
            .status
            .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok())
            .unwrap_or(StatusCode::BAD_GATEWAY);
        let headers = answer.headers();
        let body = Bytes::copy_from_slice(answer.body().as_bytes());
        let detail = ODataResponses.read_error(status, &headers, &body);
        let kind = match status.as_u16() {
            401 => ApiErrorKind::Unauthorised,
            403 => ApiErrorKind::Forbidden,
            404 => ApiErrorKind::NotFound,
            429 => ApiErrorKind::Throttled,
            // 424: an item that this one is said to depend on failed.
            408 | 424 | 500.. => ApiErrorKind::Unavailable,
            _ => ApiErrorKind::Refused,
        };
        let mut error = self.error(operation, kind, clean_text(&detail.message));
        error.status = Some(status.as_u16());
        error.code = detail.code;
        error.inner_code = detail.inner_code;
        error.request_id = detail.request_id;
        error.advice = detail.advice;
        let now = self.stack.options().clock.now();
        let named = retry_after(&headers, now).or(detail.retry_after);
        (advise(error), named)
    }
}

/// What an answer says of what comes after it.
pub(crate) enum Took {
    /// Nothing: the item is done.
    Last,
    /// The rest is there.
    More(Url),
    /// Asking like this leads nowhere.
    Useless,
}

/// The address of an item: below the version, without host.
fn relative(url: &Url, version: &Url) -> String {
    let path = url.path().strip_prefix(version.path()).unwrap_or(url.path());
    match url.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// The answers in a batch by the places of their items; `None` when it cannot be read.
pub(crate) fn by_place(body: &[u8]) -> Option<HashMap<usize, ItemAnswer>> {
    let answer: BatchAnswer = serde_json::from_slice(body).ok()?;
    let placed = |answer: ItemAnswer| Some((answer.id.as_deref()?.parse().ok()?, answer));
    Some(answer.responses.into_iter().filter_map(placed).collect())
}

fn headers(named: &HashMap<String, serde_json::Value>) -> HeaderMap {
    named
        .iter()
        .filter_map(|(name, value)| {
            let value = match value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some((
                HeaderName::from_bytes(name.as_bytes()).ok()?,
                HeaderValue::from_str(&value).ok()?,
            ))
        })
        .collect()
}
