//! Pushing metrics and traces by OTLP over HTTP, as protobuf.
//!
//! The connection is the caller's: see [`OtlpClient`]. Exports run on threads of their own, so what
//! is told is never waited for. The log is told of a change only: when a collector stops and starts to
//! take what is pushed, and when spans are dropped because they do not fit into their queue; as long
//! as that lasts, once an hour.

mod queue;
#[cfg(test)]
mod tests;
mod way;

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::metrics::PeriodicReader;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

use self::queue::Queue;
use self::way::Way;
use crate::registry::{Registry, RegistryOptions};
use crate::resource::resource;

/// Sends a request of an exporter and gives the answer, whatever its status.
///
/// # Shape
/// It is called outside of tokio's threads, and bounds time and size itself. It must not be traced,
/// or each export would be exported in turn.
pub use opentelemetry_http::HttpClient as OtlpClient;

/// Where to and how much is pushed.
#[derive(Debug)]
pub struct OtlpOptions {
    /// The whole URL that metrics are pushed to, as in `http://collector:4318/v1/metrics`; `None`
    /// pushes none.
    pub metrics_url: Option<String>,
    /// The whole URL that traces are pushed to, as in `http://collector:4318/v1/traces`; `None`
    /// pushes none.
    pub traces_url: Option<String>,
    /// Time between two pushes of metrics.
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
    /// What is pushed to cannot be used.
    #[error("OTLP to {url} cannot be set up")]
    Url {
        /// The URL as it was given.
        url: String,
        /// What is wrong with it.
        #[source]
        source: ExporterBuildError,
    },
    /// A variable of OpenTelemetry asks for what cannot be had.
    #[error("is `{value}`, which is not supported; set it to {supported}, or not at all")]
    Variable {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
        /// What it may be.
        supported: &'static str,
    },
}

/// Pushes what the registry holds and the spans of the program.
#[derive(Debug)]
pub struct Otlp {
    /// What is pushed, and can be scraped as well.
    pub registry: Registry,
    traces: Option<Traces>,
}

#[derive(Debug)]
struct Traces {
    provider: SdkTracerProvider,
    queue: Arc<Queue>,
}

impl Otlp {
    /// Starts the exporters' threads. Compression, headers, time-outs and the spans' queue are those
    /// of OpenTelemetry's variables, where they are set.
    ///
    /// # Errors
    /// [`OtlpError`] when a URL is none, or a variable asks for what cannot be had.
    pub fn start(options: &OtlpOptions, registry: RegistryOptions) -> Result<Self, OtlpError> {
        check_variables()?;
        let resource = resource(registry.version);
        let traces = match &options.traces_url {
            Some(url) => {
                let exporter = SpanExporter::builder()
                    .with_http()
                    .with_http_client(Way::new(Arc::clone(&options.client), "traces"))
                    .with_protocol(Protocol::HttpBinary)
                    .with_endpoint(url)
                    .build()
                    .map_err(|source| OtlpError::Url { url: url.clone(), source })?;
                // A trace that a cycle starts is sampled whole or not at all.
                let ratio = Sampler::TraceIdRatioBased(options.trace_sample_ratio);
                let queue = Queue::of_environment();
                let provider = SdkTracerProvider::builder()
                    .with_resource(resource.clone())
                    .with_sampler(Sampler::ParentBased(Box::new(ratio)))
                    .with_span_processor(queue.before(exporter))
                    .build();
                Some(Traces { provider, queue })
            }
            None => None,
        };
        let registry = match &options.metrics_url {
            Some(url) => {
                let exporter = MetricExporter::builder()
                    .with_http()
                    .with_http_client(Way::new(Arc::clone(&options.client), "metrics"))
                    .with_protocol(Protocol::HttpBinary)
                    .with_endpoint(url)
                    .build()
                    .map_err(|source| OtlpError::Url { url: url.clone(), source })?;
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

    /// Pushes what is left of metrics and traces, both at the same time, and ends.
    ///
    /// # Cancellation
    /// It blocks until that is done, some seconds where a collector does not answer. Who has less time
    /// calls it on a thread, and leaves that behind.
    pub fn shut_down(&self) {
        std::thread::scope(|scope| {
            if let Some(traces) = &self.traces {
                scope.spawn(|| traces.shut_down());
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
        self.queue.tell_rest();
    }
}

/// What the exporters would pass over in silence is refused.
fn check_variables() -> Result<(), OtlpError> {
    for signal in ["", "TRACES_", "METRICS_"] {
        for (setting, supported, hint) in [
            ("COMPRESSION", ["gzip", "none"].as_slice(), "gzip or none"),
            ("PROTOCOL", ["http/protobuf"].as_slice(), "http/protobuf"),
        ] {
            let name = format!("OTEL_EXPORTER_OTLP_{signal}{setting}");
            let value = std::env::var(&name).unwrap_or_default();
            if !value.is_empty() && !supported.iter().any(|one| value.eq_ignore_ascii_case(one)) {
                return Err(OtlpError::Variable { name, value, supported: hint });
            }
        }
    }
    Ok(())
}

/// When something that lasts is told again.
#[derive(Debug, Default)]
struct Reminder(Option<Instant>);

impl Reminder {
    const EVERY: Duration = Duration::from_secs(60 * 60);

    /// Whether it is to be told now: at first, and then from time to time.
    fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|told| told.elapsed() >= Self::EVERY);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}
