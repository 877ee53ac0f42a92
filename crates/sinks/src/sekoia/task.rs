//! Push tasks: what a push starts, and how it ends.
//!
//! Only what the API documents counts: status 200, and an object with the member that is asked for, of its
//! type. Proxies, gateways and other services respond with success to anything.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
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

/// A response: an object whose names are all different.
struct ResponseObject(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for ResponseObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = ResponseObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ResponseObject, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member comes twice"));
                    }
                }
                Ok(ResponseObject(members))
            }
        }
        // Not `deserialize_map` of a struct: that takes a list, too.
        deserializer.deserialize_map(Members)
    }
}

impl ResponseObject {
    /// Reads a successful response. The error says what is wrong with it.
    fn read(response: &Response<Bytes>) -> Result<Self, String> {
        if response.status() != StatusCode::OK {
            return Err(format!("has status {} and not 200", response.status().as_u16()));
        }
        serde_json::from_slice(response.body())
            .map_err(|error| format!("is not an object of JSON: {error}"))
    }

    /// A member; `null` is as good as none.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }
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
    /// The push was accepted, and no task created: whether the assets will be ingested is not known.
    NotCreated,
}

impl TaskId {
    /// The id of a task that never exists.
    pub(super) fn nil() -> Self {
        Self(Uuid::nil().to_string())
    }

    /// The task that the response to a push names; `None` when the platform created none. The error
    /// says what is wrong with the response.
    pub(super) fn from_push(response: &Response<Bytes>) -> Result<Option<Self>, String> {
        let response = ResponseObject::read(response)?;
        if response.get("error").is_some() {
            return Err("reports an error with status 200".into());
        }
        let id = match response.get("task_id") {
            None => return Ok(None),
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
                Ok(response) => match TaskState::read(&response) {
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
pub(super) enum TaskState {
    Ended(TaskEnd),
    /// `PENDING`, `RUNNING`, and every status that is not known here: it may still become `FINISHED`.
    Pending(String),
}

impl TaskState {
    pub(super) fn read(response: &Response<Bytes>) -> Result<Self, String> {
        let task = ResponseObject::read(response)?;
        let status = match task.get("status") {
            Some(Value::String(status)) => status.as_str(),
            Some(_) => return Err("is not a task: `status` is not a string".into()),
            None => return Err("is not a task: it has no `status`".into()),
        };
        let error = task.get("error");
        Ok(match status {
            "FINISHED" if error.is_none() => Self::Ended(TaskEnd::Finished),
            "FINISHED" | "FAILED" | "FAILURE" | "ERROR" | "CANCELED" | "CANCELLED" | "ABORTED" => {
                let reason = match error {
                    Some(Value::String(text)) => text.clone(),
                    None => "no reason given".into(),
                    Some(other) => other.to_string(),
                };
                let reason: String =
                    reason.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
                Self::Ended(TaskEnd::Failed(format!("is {status}: {reason}")))
            }
            other => Self::Pending(other.chars().filter(char::is_ascii_graphic).take(32).collect()),
        })
    }
}

/// Reads `body` as the response to a push and as a task, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_responses(body: &[u8]) -> Option<String> {
    let response = Response::new(Bytes::copy_from_slice(body));
    let _ = TaskState::read(&response);
    TaskId::from_push(&response).ok().flatten().map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response<Bytes> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        Response::builder().status(status).body(body).unwrap()
    }

    fn from_push(status: u16, body: &str) -> Result<Option<String>, String> {
        TaskId::from_push(&response(status, body)).map(|id| id.map(|id| id.to_string()))
    }

    /// Bodies that are no response of the API, whatever is asked for.
    const FOREIGN: [&str; 14] = [
        "",
        " \n",
        "null",
        "true",
        "7",
        "[]",
        r#""accepted""#,
        r#"["t1"]"#,
        r#"["FINISHED",null]"#,
        r#"[{"task_id":"t1","status":"FINISHED"}]"#,
        r#"{"task_id":"t1","status":"FINISHED""#,
        r#"{"task_id":"t1","status":"FINISHED"} {}"#,
        r#"{"task_id":"t1","status":"FINISHED","a":1,"a":1}"#,
        "<html></html>",
    ];

    #[test]
    fn only_a_documented_response_to_a_push_names_a_task() {
        for body in [r#"{"task_id":"3f-2_A"}"#, r#"{"task_id":"3f-2_A","error":null,"more":[1]}"#] {
            assert_eq!(from_push(200, body).unwrap().as_deref(), Some("3f-2_A"), "{body}");
            for status in [201, 202, 203, 204, 205, 206, 207, 226] {
                assert!(from_push(status, body).is_err(), "{status}");
            }
        }
        for body in ["{}", r#"{"task_id":null}"#, r#"{"taskId":"t1"}"#, r#"{"status":"ok"}"#] {
            assert_eq!(from_push(200, body).unwrap(), None, "{body}");
        }
        let long = format!(r#"{{"task_id":"{}"}}"#, "x".repeat(LONGEST_ID + 1));
        let own = [
            r#"{"error":"quota exceeded","code":"E1"}"#,
            r#"{"task_id":"t1","error":"quota exceeded"}"#,
            r#"{"task_id":"t1","error":{}}"#,
            r#"{"task_id":"t1","error":false}"#,
            r#"{"task_id":"t1","task_id":null}"#,
            r#"{"task_id":"t1","task_id":"t1"}"#,
            r#"{"task_id":"t1","task\u005fid":"t2"}"#,
            r#"{"task_id":7}"#,
            r#"{"task_id":true}"#,
            r#"{"task_id":["t1"]}"#,
            r#"{"task_id":{"id":"t1"}}"#,
            r#"{"task_id":""}"#,
            // It goes into a path.
            r#"{"task_id":"../../users"}"#,
            r#"{"task_id":"a?b"}"#,
            r#"{"task_id":"a b"}"#,
            r#"{"task_id":"é"}"#,
            &long,
        ];
        for body in FOREIGN.into_iter().chain(own) {
            assert!(from_push(200, body).is_err(), "{body}");
        }
    }

    #[test]
    fn only_a_documented_response_about_a_task_finishes_it() {
        let finishes = |status, body: &str| {
            matches!(
                TaskState::read(&response(status, body)),
                Ok(TaskState::Ended(TaskEnd::Finished))
            )
        };
        for body in [
            r#"{"status":"FINISHED"}"#,
            r#"{"uuid":"x","status":"FINISHED","error":null,"progress":100}"#,
        ] {
            assert!(finishes(200, body), "{body}");
            for status in [201, 202, 203, 204, 206] {
                assert!(!finishes(status, body), "{status}");
            }
        }
        for body in FOREIGN.into_iter().chain([
            "{}",
            r#"{"status":null}"#,
            r#"{"status":true}"#,
            r#"{"status":["FINISHED"]}"#,
            r#"{"status":"finished"}"#,
            r#"{"status":"FINISHED "}"#,
            r#"{"status":"DONE"}"#,
            r#"{"status":"SUCCESS"}"#,
            r#"{"status":""}"#,
            r#"{"state":"FINISHED"}"#,
            r#"{"status":"RUNNING","status":"FINISHED"}"#,
            r#"{"status":"FINISHED","error":"index is closed"}"#,
            r#"{"status":"FINISHED","error":{}}"#,
            r#"{"error":"no such task"}"#,
        ]) {
            assert!(!finishes(200, body), "{body}");
        }
    }
}
