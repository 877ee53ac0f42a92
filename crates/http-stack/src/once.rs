//! One request outside of any stack.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tower::{ServiceBuilder, ServiceExt};

use stocktake_connector_core::BoxError;

use crate::Transport;
use crate::layers::http_service::HttpService;
use crate::layers::{attempt_timeout, body_bound};

/// Bounds of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnceLimits {
    /// From the request to the last byte of the answer.
    pub timeout: Duration,
    /// The largest answer that is accepted, decompressed.
    pub max_body_bytes: usize,
}

/// No whole answer came.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OnceError {
    /// The fact, in one line.
    message: String,
    #[source]
    source: Option<BoxError>,
}

impl Transport {
    /// Sends one request and gives whatever is answered: no retry, no token, no span, no count.
    ///
    /// For what must not watch itself, as the export of telemetry: a stack would make a span of each
    /// export, which would be exported in turn. Everything else goes through an
    /// [`ApiStack`](crate::ApiStack).
    ///
    /// # Errors
    /// When no whole answer came within the limits; a status that is no success is an answer.
    pub async fn send_once(
        &self,
        request: Request<Bytes>,
        limits: OnceLimits,
    ) -> Result<Response<Bytes>, OnceError> {
        ServiceBuilder::new()
            .layer(attempt_timeout::layer(limits.timeout))
            .layer(body_bound::layer(limits.max_body_bytes))
            .service(HttpService::new(self.clone()))
            .oneshot(request)
            .await
            .map_err(|failure| OnceError {
                message: failure.detail.message,
                source: failure.source,
            })
    }
}
