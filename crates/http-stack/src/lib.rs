//! The one tower stack over reqwest: deadline, retry, quotas, `Retry-After`, signing, bounds.
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
//! let response = stack.call("list machines", request).await?;
//! println!("{} bytes, {:?}", response.body().len(), stack.calls());
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//! - A [`Transport`] is one connection pool, shared by every [`ApiStack`]. [`Transport::probe`] finds out
//!   whether a host can be reached, and if not, why.
//! - An [`ApiStack`] serves one API for one tenant, because quotas, `Retry-After` and tokens belong to that
//!   pair. It calls its [`Origin`] and no other host.
//! - [`Authentication`] says how requests are signed, [`RequestEncoding`] how they are compressed,
//!   [`ResponsePolicy`] how responses are read.
//! - [`AttemptObserver`] observes every request on the wire; [`ApiStack::quota_left`] shows what is left of
//!   the quotas.
//! - [`Reloadable`] is a value made of files that are read again when they change. [`CertificateFile`]
//!   reads certificates and keys in every form in which files have them.
//!
//! # Retries
//! Nothing above this crate retries a call: an [`ApiError`] means that the retries are spent.
//!
//! | failure | sent again |
//! |---|---|
//! | 429, 503 with `Retry-After`, what a [`ResponsePolicy`] calls transient, no connection | always |
//! | 408, 500, 502, 503, 504, a timeout, a broken connection or body, an invalid success | if the request is idempotent |
//! | everything else | never |
//!
//! `GET`, `HEAD`, `OPTIONS`, `TRACE`, `PUT` and `DELETE` are idempotent; the caller marks any other request
//! that may be repeated with [`Idempotent`]. [`RetryPolicy`] decides when: full jitter, `Retry-After` as a
//! lower bound, a budget, the call's deadline. An operation that is not a request of its own, such as an
//! item of a batch, uses the policy of its stack ([`ApiStack::retry_policy`]) instead of a loop of its own.
//!
//! After a response with `Retry-After`, no call of the stack goes out before that time. A call whose
//! deadline comes first fails at once with [`ApiErrorKind::Throttled`] and [`ApiError::retry_at`].
//!
//! # Secrets
//! A response that repeats a secret of its request, in its error or within a success, has `[secret]` in
//! its place before a [`ResponsePolicy`] or a caller reads it. The stack knows what its [`Authentication`]
//! sends and the password of the proxy; what a request carries besides, its caller names by
//! [`SentSecrets`].
//!
//! # Layers
//! The first sees the request first. Above the retry is once per call, below it once per attempt.
//! ```text
//! call span ▸ deadline ▸ compression ▸ retry ▸ rate limit ▸ retry-after gate ▸ authentication
//!           ▸ request span ▸ response ▸ attempt timeout ▸ body bound ▸ reqwest
//! ```
//!
//! # Not here
//! Tokens themselves (`auth`); pages, cursors and Microsoft's errors (`odata`); the requests of an API
//! (its own crate).
//!
//! # Features
//! | feature | gives | default |
//! |---|---|---|
//! | `zstd` | `RequestEncoding::Zstd` | off |

mod api_error;
mod attempt_failure;
mod authentication;
mod authorities;
mod call;
mod certificate_file;
mod client_identity;
mod connection_fault;
mod file_remark;
mod layers;
#[cfg(test)]
mod log_lines;
mod no_proxy;
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
mod sent_secrets;
mod stack;
mod tls;
mod transport;
mod transport_error;
mod transport_options;

pub use api_error::{ApiError, ApiErrorKind, ErrorCodes};
pub use authentication::{
    Authentication, AuthenticationScheme, HmacSignature, SigV4, SignatureEncoding,
};
pub use call::{CallCounts, Idempotent, RetryResponsesOnly, UrlTemplate, Weight};
pub use certificate_file::{CertificateFile, Content, Part, Pfx, decode_text};
pub use client_identity::{ClientIdentity, ClientIdentityError};
pub use connection_fault::{CertificateFault, ConnectionFault};
pub use file_remark::FileRemark;
pub use no_proxy::no_proxy_faults;
pub use observer::{Attempt, AttemptObserver, AttemptOutcome};
pub use once::{OnceError, OnceLimits};
pub use options::{Limits, Quota, StackOptions};
pub use origin::{Origin, UrlError, base_url};
pub use probe::{ClientCertificate, Probe, ProbeFailure, ProbeResponse};
pub use proxies::proxy_variable_faults;
pub use reloadable::{Reloadable, ShownPath, UnreadableFile};
pub use request_encoding::RequestEncoding;
pub use response::{
    ErrorDetail, InvalidResponse, JsonResponses, ResponsePolicy, clean_text, retry_after,
};
pub use retry_policy::{Backoff, Retries, RetryPolicy};
pub use sent_secrets::SentSecrets;
pub use stack::ApiStack;
pub use transport::Transport;
pub use transport_error::TransportError;
pub use transport_options::TransportOptions;
