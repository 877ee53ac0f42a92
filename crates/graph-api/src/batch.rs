//! Batches of 20 items in one call, and look-ups by Entra device id, which are asked in them.
//!
//! Graph answers a batch with 200 whatever became of its items; they come in any order and each has
//! a status of its own. Items that were throttled are asked again, alone, after the longest wait that
//! any of them names (<https://learn.microsoft.com/graph/json-batching>).
//!
//! A filter on a property that Intune does not filter by is ignored: 200 with all devices
//! (microsoftgraph/microsoft-graph-docs#19890). So each record is compared with what was asked for.
//! `or` over several ids gives only the first match
//! (microsoftgraph/msgraph-beta-sdk-dotnet#1156), hence one item for each id.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stocktake_connector_core::wire::{Integer, TextOrInteger, Wire, parse_page};
use stocktake_connector_core::{ApiError, ApiErrorKind, SourceError};
use stocktake_http_stack::{
    AnswerPolicy, CursorTrail, ODataAnswers, Weight, clean_text, retry_after,
};
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::client::select;
use crate::options::API;
use crate::refusal::advise;
use crate::{GraphClient, ManagedDevice, UnreadableDevices};

/// How often an item is asked.
const MOST_ATTEMPTS: u32 = 6;

/// Most pages of one look-up. One device has one record, or a few.
const MOST_PAGES: u64 = 20;

/// What a look-up of several devices gave.
#[derive(Debug, Default)]
pub struct LookUp {
    /// Records of devices that were asked for, in no particular order; several for one device when
    /// it was enrolled more than once.
    pub records: Vec<ManagedDevice>,
    /// Records that could not be read.
    pub malformed: u64,
    /// Whose records these may be.
    pub unreadable: UnreadableDevices,
    /// Calls that it took.
    pub calls: u64,
    /// Whether look-ups do not work here: the remote ignores the filter and would list all its
    /// devices for each, or one broken record makes the whole batch unreadable. The records are not
    /// complete then: read the list instead, which sets broken records aside.
    pub list_instead: bool,
    /// Whether any look-up was answered, also when a later one failed.
    pub(crate) answered: bool,
}

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

    /// Notes that a batch was sent.
    fn count_call(&mut self);

    /// Notes that some item was answered, whatever becomes of the others.
    fn note_answer(&mut self) {}

    /// Whether an item with this status is to be taken; any other is a failure of the item.
    fn takes(status: i64) -> bool {
        status == 200
    }

    /// Takes the answer to an item.
    fn take(
        &mut self,
        client: &GraphClient,
        item: &mut Item<Self::Asked>,
        answer: &ItemAnswer,
    ) -> Result<Took, SourceError>;

    /// Batches do not work here: one cannot be read, or an answer said [`Took::Useless`].
    fn give_up(&mut self, client: &GraphClient) -> Result<(), SourceError>;
}

/// The device of a look-up.
#[derive(Debug)]
pub(crate) struct Wanted {
    key: Uuid,
    trail: CursorTrail,
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

    /// The body as it was sent; empty when there is none.
    pub(crate) fn body(&self) -> &str {
        self.body.as_deref().map_or("", RawValue::get)
    }
}

fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    serde::de::DeserializeSeed::deserialize(Wire::<TextOrInteger>::new(), deserializer)
}

fn status<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    serde::de::DeserializeSeed::deserialize(Wire::<Integer>::new(), deserializer)
}

impl GraphClient {
    /// The managed devices with these Entra device ids, at most 20 of them in one call.
    ///
    /// # Errors
    /// When any of the answers is missing in the end: there is no partial result.
    pub async fn look_up(&self, keys: &[Uuid]) -> Result<LookUp, SourceError> {
        let mut found = LookUp::default();
        self.look_up_into(keys, &mut found).await?;
        Ok(found)
    }

    /// Like [`GraphClient::look_up`]; what was answered before a failure is left in `found`.
    pub(crate) async fn look_up_into(
        &self,
        keys: &[Uuid],
        found: &mut LookUp,
    ) -> Result<(), SourceError> {
        for keys in keys.chunks(crate::GraphOptions::LOOK_UPS_IN_A_BATCH as usize) {
            let items = keys.iter().map(|key| self.item(*key)).collect();
            self.ask_all(items, found).await?;
            if found.list_instead {
                break;
            }
        }
        Ok(())
    }

    /// Asks for the items of one batch, again where they were throttled, until each is taken.
    pub(crate) async fn ask_all<G: Gather>(
        &self,
        items: Vec<Item<G::Asked>>,
        found: &mut G,
    ) -> Result<(), SourceError> {
        // `None`: so far away that it is none.
        let deadline = Instant::now().checked_add(self.options.batch_deadline);
        let mut open = items;
        while !open.is_empty() {
            let answers = self.ask(G::OPERATION, &open).await?;
            found.count_call();
            let Some(mut answers) = answers else {
                return found.give_up(self);
            };
            // Before any item is judged: a refusal of one says little beside an answer to another.
            if answers.values().any(|answer| answer.status == Some(200)) {
                found.note_answer();
            }
            let mut again = Vec::new();
            let mut wait = None::<Duration>;
            for (number, mut item) in open.into_iter().enumerate() {
                item.attempts += 1;
                let (mut failure, named) = match answers.remove(&number) {
                    Some(answer) if answer.status.is_some_and(G::takes) => {
                        match found.take(self, &mut item, &answer)? {
                            Took::Last => {}
                            Took::More(url) => {
                                item.url = url;
                                item.attempts = 0;
                                again.push(item);
                            }
                            Took::Useless => return found.give_up(self),
                        }
                        continue;
                    }
                    Some(answer) => self.item_error(G::OPERATION, &answer),
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
                if !temporary || item.attempts >= MOST_ATTEMPTS || !in_time {
                    failure.retry_after = named;
                    return Err(failure.into());
                }
                wait = wait.max(Some(pause));
                again.push(item);
            }
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
            open = again;
        }
        Ok(())
    }

    /// The wait where Graph names none: 429 without `Retry-After` is reported from the field. Batches
    /// go out one at a time, so that chance in the wait would gain nothing.
    fn backoff(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(MOST_ATTEMPTS);
        self.options.batch_backoff.saturating_mul(1 << doublings)
    }

    fn item(&self, key: Uuid) -> Item<Wanted> {
        let mut url = self.url(&["deviceManagement", "managedDevices"]);
        url.set_query(Some(&format!(
            "$filter=azureADDeviceId eq '{}'&{}",
            key.hyphenated(),
            select()
        )));
        let trail = CursorTrail::new(&url, API, MOST_PAGES);
        Item { asked: Wanted { key, trail }, url, attempts: 0 }
    }

    /// Asks for the open items. Their places among them are their ids. `None` when the answer cannot
    /// be read.
    async fn ask<A>(
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
        let request = Request::post(self.url(&["$batch"]).as_str()).extension(weight);
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
        let detail = ODataAnswers.read_error(status, &headers, &body);
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

impl Gather for LookUp {
    type Asked = Wanted;

    const OPERATION: &'static str = "look up managed devices";

    fn count_call(&mut self) {
        self.calls += 1;
    }

    fn note_answer(&mut self) {
        self.answered = true;
    }

    fn take(
        &mut self,
        client: &GraphClient,
        item: &mut Item<Wanted>,
        answer: &ItemAnswer,
    ) -> Result<Took, SourceError> {
        let page = parse_page::<ManagedDevice>(answer.body().as_bytes())
            .map_err(|error| client.error(Self::OPERATION, error.kind(), error.to_string()))?;
        self.malformed += page.malformed.len() as u64;
        let all = page.records.len();
        let key = item.asked.key;
        let asked_for = page.records.into_iter().filter(|d| d.azure_ad_device_id() == Some(key));
        let before = self.records.len();
        self.records.extend(asked_for);
        let others = all - (self.records.len() - before);
        for record in &page.malformed {
            // Where the filter works, a record that does not say whose it is was asked for.
            self.unreadable.add(record, (others == 0).then_some(key));
        }
        Ok(match page.next_link {
            None => Took::Last,
            // The filter is ignored: all devices of the tenant would follow, for each of the look-ups.
            Some(_) if others > 0 => Took::Useless,
            Some(link) => Took::More(item.asked.trail.follow(&link)?),
        })
    }

    fn give_up(&mut self, _: &GraphClient) -> Result<(), SourceError> {
        self.list_instead = true;
        Ok(())
    }
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
