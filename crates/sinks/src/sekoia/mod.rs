//! The asset-connector API of Sekoia.io.
//!
//! A batch is one push: `POST /api/v2/asset-management/asset-connector/{uuid}` with
//! `{"version": 1, "items": […]}`. The response names a task, which ingests the assets later; the batch
//! is acknowledged when that task is `FINISHED`. The facts are those of Sekoia's own connectors,
//! `sekoia_automation/asset_connector` in `SEKOIA-IO/sekoia-automation-sdk`: success is status 200 with
//! an object, a task is `PENDING` or `RUNNING` until it ends, most end within a second, `FINISHED` is the
//! only success, and a push that the platform could not create a task for names none.
//!
//! ```text
//! push ─▶ task ─┬─ FINISHED ────────────────▶ acknowledged
//!               ├─ FAILED, lost (404), none ▶ push again, a few times
//!               └─ pending at the deadline ─▶ error; the next cycle sends the batch
//! ```
//!
//! Pushing the same events again is harmless: an asset is identified by its content, and the last one
//! counts.

#[cfg(feature = "registry")]
mod config;
mod form;
mod task;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, request};
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, Check, CycleEnd, ErrorCode, Failure, Finding, Recovery,
    Sink, SinkDestination, SinkError, TenantName, chain,
};
use stocktake_http_stack::{
    ApiError, ApiErrorKind, ApiStack, Backoff, Idempotent, Origin, RetryPolicy, UrlTemplate,
};
use stocktake_telemetry::field;
use url::Url;
use uuid::Uuid;

#[cfg(feature = "registry")]
pub use self::config::SekoiaSettings;
pub use self::form::SekoiaForm;
#[cfg(feature = "fuzzing")]
pub(crate) use self::task::read_responses;
use self::task::{TaskEnd, TaskId, TaskState};

/// Names the API in metrics, spans and errors.
pub(crate) const API: &str = "sekoia";

const PUSH: &str = "push assets";

/// What encloses the items of a push.
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
    /// Events in one push, at most. Default: [`SekoiaOptions::MAX_ITEMS`].
    pub max_items: usize,
    /// Bytes in one push, at most. Default: [`SekoiaOptions::MAX_BYTES`].
    pub max_bytes: usize,
    /// The wait between the first two requests for a task; each following wait is twice as long.
    /// Default: 500 ms.
    pub first_wait: Duration,
    /// The longest wait between two requests for a task. Default: 5 s, as in Sekoia's own connectors.
    pub longest_wait: Duration,
    /// How long a task may take. Default: [`SekoiaOptions::TASK_DEADLINE`].
    pub task_deadline: Duration,
    /// How often a batch is pushed before failing or lost tasks are an error. Default: 3.
    pub max_pushes: u32,
    /// The waits before a batch is pushed again.
    pub backoff: Backoff,
}

impl SekoiaOptions {
    /// The batch size of Sekoia's own connectors.
    pub const MAX_ITEMS: usize = 100;
    /// 2 MiB.
    pub const MAX_BYTES: usize = 2 * 1024 * 1024;
    /// 5 min, as in Sekoia's own connectors.
    pub const TASK_DEADLINE: Duration = Duration::from_secs(5 * 60);

    /// The defaults for a connector.
    pub fn new(base_url: Url, connector_uuid: Uuid) -> Self {
        Self {
            base_url,
            connector_uuid,
            max_items: Self::MAX_ITEMS,
            max_bytes: Self::MAX_BYTES,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(5),
            task_deadline: Self::TASK_DEADLINE,
            max_pushes: 3,
            backoff: Backoff::default(),
        }
    }
}

/// Delivers events to the asset-connector API of Sekoia.io.
///
/// # Errors
/// - A push that is refused as invalid or too large (400, 413, 422), or whose task fails each time, is
///   [`SinkError::Refused`]: the caller splits the batch.
/// - A key that is not accepted, a missing permission, an unknown connector: for an operator.
/// - An API that is unavailable, a task that is lost or does not end: retried by the next cycle.
/// - A response that is not understood: a defect.
///
/// Every failure carries advice. Retries of single calls are the stack's.
///
/// # Cancellation
/// A cancelled push may have been ingested; its batch is sent again later.
#[derive(Debug, Clone)]
pub struct SekoiaSink {
    options: SekoiaOptions,
    stack: ApiStack,
    /// For batches whose tasks fail; single calls are retried by the stack.
    retry_policy: RetryPolicy,
    /// The base URL without a slash at its end.
    base: String,
}

impl SekoiaSink {
    /// A sink over a stack that calls `options.base_url` with an API key.
    pub fn new(options: SekoiaOptions, stack: ApiStack) -> Self {
        let base = options.base_url.as_str().trim_end_matches('/').to_owned();
        let retry_policy = RetryPolicy::new(options.max_pushes.saturating_sub(1), options.backoff);
        Self { options, stack, retry_policy, base }
    }

    /// The same sink, whose errors and spans name the tenant.
    fn on_behalf_of(&self, tenant: &TenantName) -> Self {
        Self { stack: self.stack.on_behalf_of(tenant), ..self.clone() }
    }

    async fn push(&self, body: &Bytes) -> Result<Option<TaskId>, SinkError> {
        let connector = self.options.connector_uuid;
        let url = format!("{}/api/v2/asset-management/asset-connector/{connector}", self.base);
        let template = "/api/v2/asset-management/asset-connector/{connector}";
        let request = Request::post(url).extension(UrlTemplate(template)).extension(Idempotent);
        match self.call(PUSH, request, body.clone()).await {
            Ok(response) => TaskId::from_push(&response)
                .map_err(|problem| self.failure(self.malformed(PUSH, problem)).into()),
            Err(error) if matches!(error.status, Some(400 | 413 | 422)) => {
                let code = error.code.map(|code| format!("{code}: ")).unwrap_or_default();
                let status = error.status.unwrap_or_default();
                let reason = format!("HTTP {status}: {code}{}", error.message);
                Err(SinkError::Refused { reason })
            }
            Err(error) => Err(self.failure(error).into()),
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
                let mut failure = self.stack.error(operation, ApiErrorKind::Refused);
                failure.message = "`base_url` is not a URL".into();
                failure.source = Some(error.into());
                failure
            })?;
        self.stack.call(operation, request).await
    }

    /// A response that is not understood.
    fn malformed(&self, operation: &'static str, problem: String) -> ApiError {
        let mut error = self.stack.error(operation, ApiErrorKind::Malformed);
        error.message = problem;
        error
    }

    /// Adds what only this sink knows about a failed call: advice, and that a connector or an address
    /// that is not known is a wrong setting.
    fn failure(&self, error: ApiError) -> Failure {
        let connector = self.options.connector_uuid;
        let base = &self.base;
        let advice = match error.kind {
            // The provider of the key knows better.
            ApiErrorKind::NoToken => None,
            ApiErrorKind::Unauthorised => Some(format!(
                "Sekoia.io does not accept the API key. Check that it is complete, not revoked, and \
                 of the region behind {base}."
            )),
            ApiErrorKind::Forbidden => Some(format!(
                "The API key lacks a permission. Give it a role that may push to asset connector \
                 {connector} and read tasks."
            )),
            ApiErrorKind::NotFound => Some(format!(
                "There is no asset connector {connector} at {base}. Check `connector_uuid` and the \
                 region in `base_url`."
            )),
            ApiErrorKind::Refused => Some(format!(
                "Check that `base_url` ({base}) is the region's API, and `connector_uuid` an asset \
                 connector."
            )),
            ApiErrorKind::Throttled => Some(
                "Sekoia.io limits the rate of calls; the next cycle continues. If it happens often, \
                 ask Sekoia.io for a higher limit."
                    .to_owned(),
            ),
            ApiErrorKind::Unavailable => Some(format!(
                "Check the connection to {base}: DNS, proxy, firewall. The next cycle sends what is \
                 missing."
            )),
            ApiErrorKind::DeadlineExceeded => Some(
                "The next cycle sends the events again. If it happens often, raise `task_deadline`, \
                 or ask Sekoia.io about slow asset tasks."
                    .to_owned(),
            ),
            ApiErrorKind::TooLarge | ApiErrorKind::Malformed => Some(format!(
                "Check that `base_url` ({base}) is the API of Sekoia.io, and that no proxy responds \
                 in its place."
            )),
        };
        let is_setting = matches!(error.kind, ApiErrorKind::NotFound | ApiErrorKind::Refused);
        let mut failure = Failure::from(error);
        if is_setting {
            failure.recovery = Recovery::Operator;
        }
        failure.advice = advice.or(failure.advice);
        failure
    }
}

fn push_body(batch: &Batch) -> Bytes {
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

/// What the end of the last push task means for a batch.
fn not_ingested(last: TaskEnd, pushes: u32, events: usize) -> SinkError {
    match last {
        // One event may make the task fail each time: the caller finds it by splitting. Whether the
        // receiver is at fault instead is for the caller to judge, too.
        TaskEnd::Failed(reason) => SinkError::Refused {
            reason: format!("the task of each of {pushes} pushes ended: {reason}"),
        },
        TaskEnd::Finished | TaskEnd::Lost | TaskEnd::NotCreated => {
            let problem = if last == TaskEnd::NotCreated {
                "no task was created"
            } else {
                "their tasks lost"
            };
            let message = format!(
                "{API}: {PUSH}: {pushes} pushes of the same {events} events were accepted and {problem}"
            );
            let advice = "The next cycle sends the events again. If it happens often, ask Sekoia.io \
                          what becomes of asset tasks.";
            Failure::new(ErrorCode::SinkUnavailable, Recovery::Retry, message)
                .with_advice(advice)
                .into()
        }
    }
}

#[async_trait]
impl Sink for SekoiaSink {
    fn batch_limits(&self) -> BatchLimits {
        let max_events = self.options.max_items.max(1);
        // The commas and what encloses the items count, too.
        let frame = HEAD.len() + TAIL.len() + max_events;
        let max_bytes = self.options.max_bytes.saturating_sub(frame).max(1);
        BatchLimits { max_events, max_bytes, max_event_bytes: None }
    }

    async fn destination(&self) -> Option<SinkDestination> {
        // Without the user of the URL, which may come with a password.
        let SekoiaOptions { base_url, connector_uuid, .. } = &self.options;
        let (origin, path) = (Origin::of(base_url), base_url.path().trim_end_matches('/'));
        Some(SinkDestination::new(&format!("{origin}{path}, asset connector {connector_uuid}")))
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let sink = self.on_behalf_of(&batch.tenant);
        let body = push_body(batch);
        let events = batch.events.len();
        let mut retries = self.retry_policy.begin(None);
        loop {
            let (task, end) = match sink.push(&body).await? {
                Some(task) => {
                    let end = sink.wait_for(&task).await?;
                    (task.to_string(), end)
                }
                None => (String::new(), TaskEnd::NotCreated),
            };
            let error = match &end {
                TaskEnd::Finished => {
                    self.retry_policy.record_success();
                    return Ok(Acknowledgement::ALL);
                }
                TaskEnd::Failed(reason) => format!("task {task} {reason}"),
                TaskEnd::Lost => format!("task {task} is unknown to Sekoia.io"),
                TaskEnd::NotCreated => "the response names no task".to_owned(),
            };
            tracing::warn!(
                { field::API } = API,
                { field::BATCH_EVENTS } = events,
                { field::ERROR } = error,
                "push was accepted but not ingested"
            );
            if !retries.wait(ApiErrorKind::Unavailable, None).await {
                return Err(not_ingested(end, retries.count() + 1, events));
            }
        }
    }

    async fn finish_cycle(&self, _: &CycleEnd) -> Result<Acknowledgement, SinkError> {
        Ok(Acknowledgement::ALL)
    }
}

#[async_trait]
impl Check for SekoiaSink {
    /// Requests a task that cannot exist: it changes nothing, and the response shows whether the key is
    /// accepted. Whether the key may push is not known before the first push.
    async fn check(&self) -> Vec<Finding> {
        let step = "authorisation";
        let operation = "check access";
        let error = match self.request_task(operation, &TaskId::nil()).await {
            Ok(response) => match TaskState::read(&response) {
                Ok(_) => return vec![Finding::fine(step, "the API key is accepted")],
                Err(problem) => self.failure(self.malformed(operation, problem)),
            },
            Err(error) if matches!(error.status, Some(400 | 404 | 422)) => {
                return vec![Finding::fine(step, "the API key is accepted")];
            }
            Err(error) => self.failure(error),
        };
        let advice = error.advice.clone().unwrap_or_else(|| "Fix what the error names.".to_owned());
        vec![Finding::failed(step, chain(&error), advice)]
    }
}
