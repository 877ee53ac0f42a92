//! Pushes metrics and traces by OTLP over HTTP, as protobuf.
//!
//! The caller provides the connection: see [`OtlpClient`]. Exports run on threads of their own, so the
//! program never waits for them. The log reports changes only: when a collector stops and starts
//! accepting pushes, and when spans are dropped because the queue is full; as long as that lasts, once
//! an hour.

mod outage;
mod queue;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{
    MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::metrics::PeriodicReader;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

use self::outage::OutageLog;
use self::queue::Queue;
use crate::registry::{Registry, RegistryOptions};
use crate::resource::resource;

/// Sends a request of an exporter and returns the response, whatever its status.
///
/// # Shape
/// It is called outside of tokio's threads, and bounds time and size itself. It must not be traced:
/// each export would cause another one.
pub use opentelemetry_http::HttpClient as OtlpClient;

/// Options of the push.
#[derive(Debug)]
pub struct OtlpOptions {
    /// The complete URL for metrics, as in `http://collector:4318/v1/metrics`; `None` pushes no
    /// metrics.
    pub metrics_url: Option<String>,
    /// The complete URL for traces, as in `http://collector:4318/v1/traces`; `None` pushes no traces.
    pub traces_url: Option<String>,
    /// The time between two pushes of metrics.
    pub interval: Duration,
    /// The share of cycles, from 0 to 1, whose traces are pushed.
    pub trace_sample_ratio: f64,
    /// Sends the requests.
    pub client: Arc<dyn OtlpClient>,
}

/// The exporters cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// The URL is not usable. The cause is not passed on, because it quotes the URL.
    #[error("is not a URL that can be pushed to")]
    Url,
    /// A variable of OpenTelemetry has a value that is not supported.
    #[error("is not supported; set it to {supported}, or unset it")]
    Variable {
        /// The variable.
        name: String,
        /// The supported values.
        supported: &'static str,
    },
}

/// Pushes the values of the registry and the spans of the program.
#[derive(Debug)]
pub struct Otlp {
    /// The metrics that are pushed; they can be scraped as well.
    pub registry: Registry,
    traces: Option<Traces>,
}

#[derive(Debug)]
struct Traces {
    provider: SdkTracerProvider,
    queue: Arc<Queue>,
}

impl Otlp {
    /// Starts the exporters' threads. OpenTelemetry's variables set compression, headers, timeouts and
    /// the queue of spans.
    ///
    /// # Errors
    /// [`OtlpError`] when a URL is not valid, or a variable has an unsupported value.
    pub fn start(options: &OtlpOptions, registry: RegistryOptions) -> Result<Self, OtlpError> {
        check_variables()?;
        let resource = resource(registry.version);
        let traces = match &options.traces_url {
            Some(url) => {
                let exporter = SpanExporter::builder()
                    .with_http()
                    .with_http_client(OutageLog::new(Arc::clone(&options.client), "traces"))
                    .with_protocol(Protocol::HttpBinary)
                    .with_endpoint(url)
                    .build()
                    .map_err(|_| OtlpError::Url)?;
                // The trace of a cycle is sampled completely or not at all.
                let ratio = Sampler::TraceIdRatioBased(options.trace_sample_ratio);
                let queue = Queue::from_env();
                let provider = SdkTracerProvider::builder()
                    .with_resource(resource.clone())
                    .with_sampler(Sampler::ParentBased(Box::new(ratio)))
                    .with_span_processor(queue.processor(exporter))
                    .build();
                Some(Traces { provider, queue })
            }
            None => None,
        };
        let registry = match &options.metrics_url {
            Some(url) => {
                let exporter = MetricExporter::builder()
                    .with_http()
                    .with_http_client(OutageLog::new(Arc::clone(&options.client), "metrics"))
                    .with_protocol(Protocol::HttpBinary)
                    .with_endpoint(url)
                    .build()
                    .map_err(|_| OtlpError::Url)?;
                let reader =
                    PeriodicReader::builder(exporter).with_interval(options.interval).build();
                Registry::with(registry, |builder| {
                    builder.with_resource(resource).with_reader(reader)
                })
            }
            None => Registry::new(registry),
        };
        Ok(Self { registry, traces })
    }

    pub(crate) fn tracer(&self) -> Option<SdkTracer> {
        self.traces.as_ref().map(|traces| traces.provider.tracer("stocktake"))
    }

    /// Pushes the remaining metrics and traces, both at the same time, and stops.
    ///
    /// # Cancellation
    /// It blocks until that is done: some seconds when a collector does not respond. To wait for less
    /// time, call it on a thread and abandon that thread.
    pub fn shut_down(&self) {
        std::thread::scope(|scope| {
            if let Some(traces) = &self.traces {
                let started =
                    std::thread::Builder::new().spawn_scoped(scope, || traces.shut_down());
                // Where no thread starts, one after the other.
                if started.is_err() {
                    traces.shut_down();
                }
            }
            self.registry.shut_down();
        });
    }
}

impl Traces {
    fn shut_down(&self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(error = %error, "the last spans were not pushed");
        }
        self.queue.report_rest();
    }
}

/// Rejects values that the exporters would ignore silently.
fn check_variables() -> Result<(), OtlpError> {
    for signal in ["", "TRACES_", "METRICS_"] {
        for (setting, supported, hint) in [
            ("COMPRESSION", ["gzip", "none"].as_slice(), "gzip or none"),
            ("PROTOCOL", ["http/protobuf"].as_slice(), "http/protobuf"),
        ] {
            let name = format!("OTEL_EXPORTER_OTLP_{signal}{setting}");
            let value = std::env::var(&name).unwrap_or_default();
            if !value.is_empty() && !supported.iter().any(|one| value.eq_ignore_ascii_case(one)) {
                return Err(OtlpError::Variable { name, supported: hint });
            }
        }
    }
    Ok(())
}

/// Limits how often the log repeats that something is still going on.
#[derive(Debug, Default)]
struct Throttle(Option<Instant>);

impl Throttle {
    const EVERY: Duration = Duration::from_secs(60 * 60);

    /// Whether to log now: at first, and then once an hour.
    fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|logged| logged.elapsed() >= Self::EVERY);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}
