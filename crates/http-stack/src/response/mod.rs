//! Responses: how an API's errors are read, and which of its successes are invalid.

mod json;
mod retry_after;
mod text;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

pub use json::JsonResponses;
pub use retry_after::retry_after;
pub(crate) use retry_after::server_time;
pub use text::clean_text;

/// What a response that is not a success says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorDetail {
    /// The API's own error code.
    pub code: Option<String>,
    /// The code of a service behind the API, where the API passes its response on.
    pub inner_code: Option<String>,
    /// The API's own message; the stack cuts it and removes control characters.
    pub message: String,
    /// The id to quote to the API's support.
    pub request_id: Option<String>,
    /// What the operator can do, as a sentence.
    pub advice: Option<String>,
    /// The wait that the body asks for. A `Retry-After` header takes precedence.
    pub retry_after: Option<Duration>,
    /// Whether the refusal passes by itself although its status says nothing of the kind. The API has
    /// not processed the request.
    pub transient: bool,
}

/// Why a response with a status of success is not one, so that the request is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidResponse {
    /// The fact, in one line: `an HTML page instead of JSON`.
    pub reason: String,
}

impl InvalidResponse {
    /// An invalid response, with the reason in words.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// How the responses of one API are read.
///
/// # Cost
/// [`ResponsePolicy::flaw`] sees every body: look at the ends and do not parse.
pub trait ResponsePolicy: fmt::Debug + Send + Sync {
    /// Why a 2xx is invalid, if it is: an HTML page of a proxy, JSON that is cut short.
    fn flaw(&self, response: &Response<Bytes>) -> Option<InvalidResponse>;

    /// Reads a response that is not a 2xx. The body may be anything, and may be cut to 64 KiB.
    fn read_error(&self, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> ErrorDetail;
}
