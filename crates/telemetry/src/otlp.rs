//! Pushing metrics and traces by OTLP over HTTP, as protobuf.
//!
//! The connection is the caller's: see [`OtlpClient`]. Exports run on threads of their own, so what
//! is told is never waited for; what does not fit into their queue is dropped and said so in the log.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::metrics::PeriodicReader;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

use crate::registry::{Registry, RegistryOptions, resource};

/// Sends a request of an exporter and gives the answer, whatever its status.
///
/// # Shape
/// It is called outside of tokio's threads, and bounds time and size itself. It must not be traced,
/// or each export would be exported in turn.
pub use opentelemetry_http::HttpClient as OtlpClient;

/// Where to and how much is pushed.
#[derive(Debug)]
pub struct OtlpOptions {
    /// The collector's URL without the path of a signal: `http://collector:4318`.
    pub endpoint: String,
    /// Time between two pushes of metrics.
    pub interval: Duration,
    /// The share of cycles, from 0 to 1, whose traces are pushed.
    pub trace_sample_ratio: f64,
    /// Sends the requests.
    pub client: Arc<dyn OtlpClient>,
}

/// The exporters cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("OTLP to {endpoint} cannot be set up")]
pub struct OtlpError {
    endpoint: String,
    #[source]
    source: ExporterBuildError,
}

/// Pushes what the registry holds and the spans of the program.
#[derive(Debug)]
pub struct Otlp {
    /// What is pushed, and can be scraped as well.
    pub registry: Registry,
    tracers: SdkTracerProvider,
}

impl Otlp {
    /// Starts the exporters' threads.
    ///
    /// # Errors
    /// [`OtlpError`] when the endpoint is no URL.
    pub fn start(options: &OtlpOptions, registry: RegistryOptions) -> Result<Self, OtlpError> {
        let base = options.endpoint.trim_end_matches('/');
        let failed = |source| OtlpError { endpoint: options.endpoint.clone(), source };
        let client = || Shared(Arc::clone(&options.client));
        let metrics = MetricExporter::builder()
            .with_http()
            .with_http_client(client())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{base}/v1/metrics"))
            .build()
            .map_err(failed)?;
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(client())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{base}/v1/traces"))
            .build()
            .map_err(failed)?;
        // A trace that a cycle starts is sampled whole or not at all.
        let ratio = Sampler::TraceIdRatioBased(options.trace_sample_ratio);
        let tracers = SdkTracerProvider::builder()
            .with_resource(resource(registry.version))
            .with_sampler(Sampler::ParentBased(Box::new(ratio)))
            .with_batch_exporter(spans)
            .build();
        let reader = PeriodicReader::builder(metrics).with_interval(options.interval).build();
        let registry = Registry::with(registry, |builder| builder.with_reader(reader));
        Ok(Self { registry, tracers })
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.tracers.tracer("stocktake")
    }

    /// Pushes what is left and ends. Blocks until that is done, a few seconds at most.
    pub fn shut_down(&self) {
        if let Err(error) = self.tracers.shutdown() {
            tracing::warn!(error = %error, "the last spans were not pushed");
        }
        self.registry.shut_down();
    }
}

/// One client for all exporters.
struct Shared(Arc<dyn OtlpClient>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait]
impl HttpClient for Shared {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.0.send_bytes(request).await
    }
}
