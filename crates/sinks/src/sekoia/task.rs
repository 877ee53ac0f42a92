//! Push tasks: what a push starts, and how it ends.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;
use serde_json::Value;
use stocktake_connector_core::Failure;
use stocktake_http_stack::{ApiError, ApiErrorKind, UrlTemplate};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::SekoiaSink;

/// Longest accepted task id. Sekoia's are UUIDs.
const LONGEST_ID: usize = 128;

/// Characters of a task's error that our error repeats.
const LONGEST_REASON: usize = 300;

const POLL: &str = "read push task";

/// The id of a push task. It comes from outside and goes into a path, so it holds only letters,
/// digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TaskId(String);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The part of a task that is read.
#[derive(Deserialize)]
struct Task {
    status: String,
    #[serde(default)]
    error: Option<Value>,
}

/// How a task ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TaskEnd {
    /// The assets are ingested.
    Finished,
    /// They are not, with the status and Sekoia's reason.
    Failed(String),
    /// Sekoia does not know the task.
    Lost,
}

impl TaskId {
    /// The id of a task that never exists.
    pub(super) fn nil() -> Self {
        Self(Uuid::nil().to_string())
    }

    /// The task that the response to a push names; `None` when the platform created none. The error
    /// says what is wrong with the response.
    pub(super) fn from_push(body: &[u8]) -> Result<Option<Self>, String> {
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        let response: Value =
            serde_json::from_slice(body).map_err(|error| format!("is not JSON: {error}"))?;
        let id = match response.get("task_id") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(id)) => id,
            Some(_) => return Err("`task_id` is not a string".into()),
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(allowed) {
            return Err("`task_id` is not an id".into());
        }
        Ok(Some(Self(id.clone())))
    }
}

impl SekoiaSink {
    /// Requests a task once.
    pub(super) async fn request_task(
        &self,
        operation: &'static str,
        task: &TaskId,
    ) -> Result<Response<Bytes>, ApiError> {
        let url = format!("{}/api/v1/tasks/{task}", self.base);
        let request = Request::get(url).extension(UrlTemplate("/api/v1/tasks/{task}"));
        self.call(operation, request, Bytes::new()).await
    }

    /// Waits for a task to end.
    pub(super) async fn wait_for(&self, task: &TaskId) -> Result<TaskEnd, Failure> {
        let started = Instant::now();
        let mut wait = self.options.first_wait;
        let mut is_missing = false;
        loop {
            let status = match self.request_task(POLL, task).await {
                Ok(response) => match TaskState::read(response.body()) {
                    Ok(TaskState::Ended(end)) => return Ok(end),
                    Ok(TaskState::Pending(status)) => status,
                    Err(problem) => return Err(self.failure(self.malformed(POLL, problem))),
                },
                // A task may be requested before every server of the platform knows it.
                Err(error) if error.kind == ApiErrorKind::NotFound && is_missing => {
                    return Ok(TaskEnd::Lost);
                }
                Err(error) if error.kind == ApiErrorKind::NotFound => {
                    is_missing = true;
                    "unknown".into()
                }
                Err(error) => return Err(self.failure(error)),
            };
            if started.elapsed() + wait > self.options.task_deadline {
                let mut error = self.stack.error(POLL, ApiErrorKind::DeadlineExceeded);
                error.message = format!(
                    "task {task} is {status} after {} s (`task_deadline`)",
                    self.options.task_deadline.as_secs()
                );
                return Err(self.failure(error));
            }
            sleep(wait).await;
            wait = (wait * 2).min(self.options.longest_wait);
        }
    }
}

/// What a response says about a task.
enum TaskState {
    Ended(TaskEnd),
    /// `PENDING`, `RUNNING`, and every status that is not known here: it may still become `FINISHED`.
    Pending(String),
}

impl TaskState {
    fn read(body: &[u8]) -> Result<Self, String> {
        let task: Task =
            serde_json::from_slice(body).map_err(|error| format!("is not a task: {error}"))?;
        let status =
            task.status.chars().filter(char::is_ascii_graphic).take(32).collect::<String>();
        Ok(match status.to_ascii_uppercase().as_str() {
            "FINISHED" => Self::Ended(TaskEnd::Finished),
            "FAILED" | "FAILURE" | "ERROR" | "CANCELED" | "CANCELLED" | "ABORTED" => {
                let reason = match task.error {
                    Some(Value::String(text)) => text,
                    Some(Value::Null) | None => "no reason given".into(),
                    Some(other) => other.to_string(),
                };
                let reason: String =
                    reason.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
                Self::Ended(TaskEnd::Failed(format!("is {status}: {reason}")))
            }
            _ => Self::Pending(status),
        })
    }
}

/// Reads `body` as the response to a push and as a task, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_responses(body: &[u8]) -> Option<String> {
    let _ = TaskState::read(body);
    TaskId::from_push(body).ok().flatten().map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_push(body: &str) -> Result<Option<String>, String> {
        TaskId::from_push(body.as_bytes()).map(|id| id.map(|id| id.to_string()))
    }

    #[test]
    fn a_response_without_a_task_id_names_no_task() {
        for body in ["", " \n", "{}", r#"{"task_id":null}"#, "null", "[]", "true"] {
            assert_eq!(from_push(body).unwrap(), None, "{body}");
        }
        assert_eq!(from_push(r#"{"task_id":"3f-2_A"}"#).unwrap().as_deref(), Some("3f-2_A"));
    }

    #[test]
    fn a_task_id_that_would_change_the_path_is_refused() {
        let long = format!(r#"{{"task_id":"{}"}}"#, "x".repeat(LONGEST_ID + 1));
        for body in [
            r#"{"task_id":""}"#,
            r#"{"task_id":"../../users"}"#,
            r#"{"task_id":"a?b"}"#,
            r#"{"task_id":"a b"}"#,
            r#"{"task_id":"é"}"#,
            r#"{"task_id":7}"#,
            &long,
            "{",
        ] {
            assert!(from_push(body).is_err(), "{body}");
        }
    }
}
