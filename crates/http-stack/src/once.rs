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
    /// From the request to the last byte of the response.
    pub timeout: Duration,
    /// The largest response that is accepted, decompressed.
    pub max_body_bytes: usize,
}

/// There was no whole response.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OnceError {
    /// The fact, in one line.
    message: String,
    #[source]
    source: Option<BoxError>,
}

impl Transport {
    /// Sends one request and returns the response, whatever its status: no retry, no token, no span, no
    /// count.
    ///
    /// For what must not observe itself, such as the export of telemetry: a stack would make a span of each
    /// export, which would be exported in turn. Everything else goes through an
    /// [`ApiStack`](crate::ApiStack).
    ///
    /// # Errors
    /// When there was no whole response within the limits. A status of failure is a response.
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
