//! The one tower stack over reqwest: deadline, retry, quota, pause, token, bounds.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use bytes::Bytes;
//! use http::Request;
//! use stocktake_http_stack::{
//!     ApiStack, Origin, Quota, StackOptions, Transport, TransportOptions,
//! };
//!
//! let base = "https://api.securitycenter.microsoft.com";
//! let transport = Transport::new(&TransportOptions::default())?;
//! let mut options = StackOptions::new("defender", Origin::parse(base)?);
//! options.quotas = vec![Quota::per_minute(50), Quota::per_hour(1500)];
//! let stack = ApiStack::new(&transport, options);
//!
//! let request = Request::get(format!("{base}/api/machines")).body(Bytes::new())?;
//! let answer = stack.call("list machines", request).await?;
//! println!("{} bytes, {:?}", answer.body().len(), stack.calls());
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//! A [`Transport`] is one connection pool; it is shared by every [`ApiStack`]. A stack serves one
//! API for one tenant, because quotas, pauses and tokens belong to that pair. What only the API
//! knows of its answers is an [`ResponsePolicy`]. [`Origin`] and [`CursorTrail`] keep requests and page
//! cursors on the configured scheme, host and port. [`Transport::reach`] tells step by step whether a
//! host can be reached at all. An [`AttemptObserver`] is told of every request on the wire, and
//! [`ApiStack::quota_left`] tells what is left of the quotas.
//!
//! # Layers
//! The first sees the request first. Above the retry is once per call, below it once per attempt.
//! ```text
//! call span ▸ deadline ▸ retry ▸ rate limit ▸ pause ▸ authorisation
//!           ▸ attempt span ▸ answer ▸ attempt timeout ▸ body bound ▸ reqwest
//! ```
//!
//! # Not here
//! Tokens themselves (`auth`); what is asked of an API (its own crate).

mod api_error;
mod attempt_failure;
mod authentication;
mod authorities;
mod call;
mod client_identity;
mod connection_fault;
mod layers;
#[cfg(test)]
mod log_lines;
mod observer;
mod once;
mod options;
mod origin;
mod probe;
mod proxies;
mod reloadable;
mod request_encoding;
mod response;
mod retry_policy;
mod stack;
mod tls;
mod transport;

pub use api_error::{ApiError, ApiErrorKind, ErrorCodes};
pub use authentication::{
    Authentication, AuthenticationScheme, HmacSignature, SigV4, SignatureEncoding,
};
pub use call::{CallCounts, Idempotent, RetryResponsesOnly, UrlTemplate, Weight};
pub use client_identity::{ClientIdentity, ClientIdentityError};
pub use connection_fault::{CertificateFault, ConnectionFault};
pub use observer::{Attempt, AttemptObserver, AttemptOutcome};
pub use once::{OnceError, OnceLimits};
pub use options::{Limits, Quota, StackOptions};
pub use origin::{Origin, UrlError, base_url};
pub use probe::{ClientCertificate, Probe, ProbeFailure, ProbeResponse};
pub use reloadable::{Reloadable, UnreadableFile};
pub use request_encoding::RequestEncoding;
pub use response::{
    ErrorDetail, InvalidResponse, JsonResponses, ResponsePolicy, clean_text, retry_after,
};
pub use retry_policy::{Backoff, Retries, RetryPolicy};
pub use stack::ApiStack;
pub use transport::{Transport, TransportError, TransportOptions};
