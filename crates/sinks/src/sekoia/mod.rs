//! The asset-connector API of Sekoia.io.
//!
//! A batch is one push: `POST /api/v2/asset-management/asset-connector/{uuid}` with
//! `{"version": 1, "items": […]}`. The answer names a task, which takes the assets in later; the batch
//! is acknowledged when that task is `FINISHED`. The facts are those of Sekoia's own connectors,
//! `sekoia_automation/asset_connector` in `SEKOIA-IO/sekoia-automation-sdk`: a task is `PENDING` or
//! `RUNNING` until it ends, most end within a second, `FINISHED` is the only good end, and a platform
//! that made no task names none.
//!
//! ```text
//! push ─▶ task ─┬─ FINISHED ────────────────▶ acknowledged
//!               ├─ FAILED, lost (404) ──────▶ push again, a few times
//!               └─ pending at the deadline ─▶ error; the next cycle sends the batch
//! ```

mod form;
mod task;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, request};
use stocktake_connector_core::{
    Acknowledgement, ApiError, ApiErrorKind, Batch, BatchLimits, Check, CycleId, Finding, Recovery,
    Sink, SinkError, TenantName,
};
use stocktake_http_stack::{ApiStack, UrlTemplate};
use stocktake_telemetry::field;
use url::Url;
use uuid::Uuid;

pub use self::form::SekoiaForm;
#[cfg(feature = "fuzzing")]
pub(crate) use self::task::read_answers;
use self::task::{End, TaskId, malformed};

/// Names the API in errors made here, as the stack does in its own.
const API: &str = "sekoia";

const PUSH: &str = "push assets";

/// What stands around the items of a push.
const HEAD: &[u8] = br#"{"version":1,"items":["#;
const TAIL: &[u8] = b"]}";

/// How the sink talks to Sekoia.io.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SekoiaOptions {
    /// The region's API, `https://api.sekoia.io` for the first one.
    pub base_url: Url,
    /// The asset connector that events go to.
    pub connector_uuid: Uuid,
    /// Most events in one push. Default 100, the batch size of Sekoia's own connectors.
    pub max_items: usize,
    /// Most bytes in one push. Default 2 MiB.
    pub max_bytes: usize,
    /// The wait between the first two questions for a task; each following one is twice as long.
    /// Default 500 ms.
    pub first_wait: Duration,
    /// The longest wait between two questions. Default 5 s, as in Sekoia's own connectors.
    pub longest_wait: Duration,
    /// How long a task may take. Default 5 min, as in Sekoia's own connectors.
    pub task_deadline: Duration,
    /// How often a batch is pushed before its failing or lost tasks are an error. Default 3.
    pub max_pushes: u32,
}

impl SekoiaOptions {
    /// The defaults for a connector.
    pub fn new(base_url: Url, connector_uuid: Uuid) -> Self {
        Self {
            base_url,
            connector_uuid,
            max_items: 100,
            max_bytes: 2 * 1024 * 1024,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(5),
            task_deadline: Duration::from_secs(5 * 60),
            max_pushes: 3,
        }
    }
}

/// Delivers events to the asset-connector API of Sekoia.io.
///
/// # Errors
/// A push that is refused as invalid or too large (400, 413, 422) is [`SinkError::Refused`]: the
/// caller splits the batch. Retries of single calls are the stack's.
///
/// # Cancellation
/// A dropped push may have been taken in; its batch is sent again later.
#[derive(Debug, Clone)]
pub struct SekoiaSink {
    options: SekoiaOptions,
    stack: ApiStack,
    /// The base URL without a slash at its end.
    base: String,
}

impl SekoiaSink {
    /// A sink over a stack that asks `options.base_url` with an API key.
    pub fn new(options: SekoiaOptions, stack: ApiStack) -> Self {
        let base = options.base_url.as_str().trim_end_matches('/').to_owned();
        Self { options, stack, base }
    }

    /// The same sink, whose errors and spans name the tenant.
    fn on_behalf_of(&self, tenant: &TenantName) -> Self {
        Self { stack: self.stack.on_behalf_of(tenant), ..self.clone() }
    }

    async fn push(&self, body: &Bytes, events: usize) -> Result<Option<TaskId>, SinkError> {
        let connector = self.options.connector_uuid;
        let url = format!("{}/api/v2/asset-management/asset-connector/{connector}", self.base);
        let template = "/api/v2/asset-management/asset-connector/{connector}";
        let request = Request::post(url).extension(UrlTemplate(template));
        match self.call(PUSH, request, body.clone()).await {
            Ok(answer) => Ok(TaskId::of_push(answer.body())
                .map_err(|problem| SinkError::from(malformed(PUSH, problem)))?),
            Err(error) if matches!(error.status, Some(400 | 413 | 422)) => {
                let code = error.code.map(|code| format!("{code}: ")).unwrap_or_default();
                let status = error.status.unwrap_or_default();
                let reason = format!("HTTP {status}: {code}{}", error.message);
                Err(SinkError::Refused { events, reason })
            }
            Err(error) => Err(self.advised(error).into()),
        }
    }

    async fn call(
        &self,
        operation: &'static str,
        request: request::Builder,
        body: Bytes,
    ) -> Result<Response<Bytes>, ApiError> {
        let request =
            request.header(CONTENT_TYPE, "application/json").body(body).map_err(|error| {
                let mut failure = ApiError::new(API, operation, ApiErrorKind::Refused);
                failure.message = "the address is no URL; check `base_url`".into();
                failure.source = Some(error.into());
                failure
            })?;
        self.stack.call(operation, request).await
    }

    /// Adds what only this sink knows about a failure.
    fn advised(&self, mut error: ApiError) -> ApiError {
        let connector = self.options.connector_uuid;
        let base = &self.base;
        error.advice = match error.kind {
            ApiErrorKind::Unauthorised => Some(format!(
                "Sekoia.io does not accept the API key. Check that it is complete, not revoked, and \
                 of the region behind {base}."
            )),
            ApiErrorKind::Forbidden => Some(format!(
                "The API key may not do this. Give it a role that may push to asset connector \
                 {connector} and read tasks."
            )),
            ApiErrorKind::NotFound => Some(format!(
                "There is no asset connector {connector} at {base}. Check `connector_uuid` and the \
                 region in `base_url`."
            )),
            _ => error.advice,
        };
        error
    }
}

fn body_of(batch: &Batch) -> Bytes {
    let size = HEAD.len() + batch.bytes() + batch.events.len() + TAIL.len();
    let mut body = Vec::with_capacity(size);
    body.extend_from_slice(HEAD);
    for (index, event) in batch.events.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&event.body);
    }
    body.extend_from_slice(TAIL);
    body.into()
}

#[async_trait]
impl Sink for SekoiaSink {
    fn batch_limits(&self) -> BatchLimits {
        let max_events = self.options.max_items.max(1);
        // Commas and what stands around the items count too.
        let around = HEAD.len() + TAIL.len() + max_events;
        BatchLimits { max_events, max_bytes: self.options.max_bytes.saturating_sub(around).max(1) }
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let sink = self.on_behalf_of(&batch.tenant);
        let body = body_of(batch);
        let events = batch.events.len();
        let pushes = self.options.max_pushes.max(1);
        let mut last = End::Lost;
        for _ in 0..pushes {
            let Some(task) = sink.push(&body, events).await? else {
                return Ok(Acknowledgement::ALL);
            };
            last = sink.end_of(&task).await?;
            let error = match &last {
                End::Finished => return Ok(Acknowledgement::ALL),
                End::Failed(reason) => format!("task {task} {reason}"),
                End::Lost => format!("task {task} is unknown to Sekoia.io"),
            };
            tracing::warn!(
                { field::API } = API,
                { field::BATCH_EVENTS } = events,
                { field::ERROR } = error,
                "push was accepted but not taken in"
            );
        }
        match last {
            // One event may make the task fail each time: the caller finds it by splitting. Whether
            // the receiver is at fault instead is for the caller to judge, too.
            End::Failed(reason) => Err(SinkError::Refused {
                events,
                reason: format!("the task of each of {pushes} pushes ended: {reason}"),
            }),
            End::Finished | End::Lost => Err(SinkError::Other {
                message: format!(
                    "sekoia: {PUSH}: {pushes} pushes of the same {events} events were accepted and \
                     their tasks lost"
                ),
                recovery: Recovery::NextCycle { after: None },
                source: None,
            }),
        }
    }

    async fn finish_cycle(&self, _: &TenantName, _: CycleId) -> Result<(), SinkError> {
        Ok(())
    }
}

#[async_trait]
impl Check for SekoiaSink {
    /// Asks for a task that cannot exist: it changes nothing, and the answer tells whether the key is
    /// accepted. Whether it may push is not known before the first push.
    async fn check(&self) -> Vec<Finding> {
        let step = "authorisation";
        let answer = self.ask("check access", &TaskId::nil()).await;
        let error = match answer {
            Ok(_) => return vec![Finding::fine(step, "the API key is accepted")],
            Err(error) if matches!(error.status, Some(400 | 404 | 422)) => {
                return vec![Finding::fine(step, "the API key is accepted")];
            }
            Err(error) => self.advised(error),
        };
        let advice = error.advice.clone().unwrap_or_else(|| {
            format!("Check `base_url` ({}) and the way to it: DNS, proxy, firewall.", self.base)
        });
        vec![Finding::failed(step, error.to_string(), advice)]
    }
}
