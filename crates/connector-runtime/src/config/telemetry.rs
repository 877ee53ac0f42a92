//! `[telemetry]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::span;

/// OpenTelemetry's own variable, which counts where the key is not set.
pub(super) const ENDPOINT_VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Metrics and traces pushed to an OpenTelemetry collector, by `sync` and `run`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TelemetryConfig {
    /// The collector's URL for OTLP over HTTP, such as `http://collector:4318`. Not set:
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` counts, and without it nothing is pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otlp_endpoint: Option<String>,
    /// Time between two pushes of metrics.
    #[serde(with = "span")]
    #[schemars(with = "String")]
    pub(crate) otlp_interval: Duration,
    /// The share of cycles (0 to 1) whose traces are pushed.
    pub(crate) trace_sample_ratio: f64,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            otlp_interval: Duration::from_secs(60),
            trace_sample_ratio: 1.0,
        }
    }
}

impl TelemetryConfig {
    /// What is wrong with the endpoint.
    ///
    /// Plain HTTP is allowed: no secret goes there, and collectors mostly are in the same cluster.
    pub(super) fn endpoint_problem(&self) -> Option<String> {
        let endpoint = self.otlp_endpoint.as_ref()?;
        let usable = Url::parse(endpoint).is_ok_and(|url| {
            ["http", "https"].contains(&url.scheme())
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        });
        (!usable).then(|| {
            "is no http or https URL without user and password; write it like http://collector:4318"
                .to_owned()
        })
    }
}
