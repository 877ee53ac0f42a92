//! The registry: the instrument of every metric, and one set of values for scrape and push.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use opentelemetry::metrics::{AsyncInstrument, Counter, Histogram, Meter, MeterProvider};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    Instrument, InstrumentKind, ManualReader, MeterProviderBuilder, Pipeline, SdkMeterProvider,
    Stream, Temporality,
};

use crate::metric::{ALL, Metric, MetricKind};
use crate::{exposition, field};

/// Options of a registry.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RegistryOptions {
    /// The version of the program, a resource attribute of each push.
    pub version: &'static str,
    /// The maximum number of series of one metric. Further ones are counted in one series, whose only
    /// label is `otel_metric_overflow` in a scrape (`otel.metric.overflow` in a push). Their memory is
    /// allocated at once. Default: 2,000.
    pub max_series: usize,
}

impl RegistryOptions {
    /// The defaults for a program of this version.
    pub fn new(version: &'static str) -> Self {
        Self { version, max_series: 2_000 }
    }
}

/// Holds every metric of [`metric::ALL`](crate::metric::ALL). Cheap to clone; clones share the values.
///
/// Values of labels come in the order of the metric's keys; an empty value leaves its label out. A
/// metric of the wrong kind, or one that is not in the list, is a defect of the caller: it records
/// nothing, and fails an assertion in debug builds.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    provider: SdkMeterProvider,
    scrape: Scrape,
    meter: Meter,
    counters: BTreeMap<&'static str, Counter<u64>>,
    histograms: BTreeMap<&'static str, Histogram<f64>>,
}

/// Receives the values of one metric from a callback.
pub struct Values<'a> {
    metric: &'static Metric,
    instrument: &'a dyn AsyncInstrument<f64>,
}

impl Values<'_> {
    /// Reports the value of a series.
    pub fn record(&self, value: f64, labels: &[&str]) {
        self.instrument.observe(value, &attributes(self.metric, labels));
    }
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("metric", &self.metric.name).finish_non_exhaustive()
    }
}

impl Registry {
    /// A registry without a push; [`Registry::text`] scrapes it.
    pub fn new(options: RegistryOptions) -> Self {
        Self::with(options, |builder| builder)
    }

    /// A registry with further readers and their resource.
    pub(crate) fn with(
        options: RegistryOptions,
        readers: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder,
    ) -> Self {
        let scrape = Scrape(Arc::new(ManualReader::builder().build()));
        let max_series = options.max_series.max(1);
        let builder = SdkMeterProvider::builder().with_reader(scrape.clone()).with_view(
            move |_: &Instrument| Stream::builder().with_cardinality_limit(max_series).build().ok(),
        );
        let provider = readers(builder).build();
        let meter = provider.meter("stocktake");
        let mut counters = BTreeMap::new();
        let mut histograms = BTreeMap::new();
        for metric in ALL {
            match metric.kind {
                MetricKind::Counter if !is_observed(metric) => {
                    let counter =
                        meter.u64_counter(metric.otlp_name).with_description(metric.meaning);
                    counters.insert(metric.name, counter.with_unit(metric.unit).build());
                }
                MetricKind::Histogram(bounds) => {
                    let histogram = meter
                        .f64_histogram(metric.otlp_name)
                        .with_description(metric.meaning)
                        .with_unit(metric.unit)
                        .with_boundaries(bounds.to_vec());
                    histograms.insert(metric.name, histogram.build());
                }
                MetricKind::Counter | MetricKind::Gauge => {}
            }
        }
        Self(Arc::new(Inner { provider, scrape, meter, counters, histograms }))
    }

    /// Adds to a counter. Adding zero registers the series.
    pub fn add(&self, metric: &Metric, count: u64, labels: &[&str]) {
        debug_assert!(
            self.0.counters.contains_key(metric.name),
            "{} is not a counter",
            metric.name
        );
        if let Some(counter) = self.0.counters.get(metric.name) {
            counter.add(count, &attributes(metric, labels));
        }
    }

    /// Records a value in a histogram.
    pub fn record(&self, metric: &Metric, value: f64, labels: &[&str]) {
        debug_assert!(
            self.0.histograms.contains_key(metric.name),
            "{} is not a histogram",
            metric.name
        );
        if let Some(histogram) = self.0.histograms.get(metric.name) {
            histogram.record(value, &attributes(metric, labels));
        }
    }

    /// Registers the callback that reports a metric's values at each scrape and each push. Call it once
    /// per metric.
    ///
    /// The callback runs while a response is being written, so it must be quick.
    pub fn observe<F>(&self, metric: &'static Metric, callback: F)
    where
        F: Fn(&Values<'_>) + Send + Sync + 'static,
    {
        let meter = &self.0.meter;
        let callback = move |instrument: &dyn AsyncInstrument<f64>| {
            callback(&Values { metric, instrument });
        };
        // The instruments live in the meter's pipelines; dropping the handles has no effect.
        match metric.kind {
            MetricKind::Counter => {
                let counter = meter.f64_observable_counter(metric.otlp_name);
                let counter = counter.with_description(metric.meaning).with_unit(metric.unit);
                let _ = counter.with_callback(callback).build();
            }
            MetricKind::Gauge | MetricKind::Histogram(_) => {
                let gauge = meter.f64_observable_gauge(metric.otlp_name);
                let gauge = gauge.with_description(metric.meaning).with_unit(metric.unit);
                let _ = gauge.with_callback(callback).build();
            }
        }
    }

    /// Every value in Prometheus's text format, version 0.0.4.
    pub fn text(&self) -> String {
        let mut metrics = ResourceMetrics::default();
        match self.0.scrape.0.collect(&mut metrics) {
            Ok(()) => exposition::write(&metrics),
            // Only after shutdown, when there is nobody left to serve.
            Err(_) => String::new(),
        }
    }

    /// Pushes the last values and stops. Blocks until that is done, a few seconds at most.
    pub fn shut_down(&self) {
        if let Err(error) = self.0.provider.shutdown() {
            tracing::warn!(error = %error, "the last metrics were not pushed");
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

/// Whether a callback reports the counter's values, instead of [`Registry::add`].
fn is_observed(metric: &Metric) -> bool {
    *metric == crate::metric::PROCESS_CPU
}

fn attributes(metric: &Metric, labels: &[&str]) -> Vec<KeyValue> {
    debug_assert_eq!(metric.labels.len(), labels.len(), "labels of {}", metric.name);
    let pairs = metric.labels.iter().zip(labels).filter(|(_, value)| !value.is_empty());
    pairs.map(|(key, value)| KeyValue::new(*key, attribute(key, value))).collect()
}

/// OpenTelemetry's conventions make an integer of these two attributes.
fn attribute(key: &str, value: &str) -> Value {
    let is_integer = [field::HTTP_RESPONSE_STATUS_CODE, field::SERVER_PORT].contains(&key);
    match value.parse() {
        Ok(number) if is_integer => Value::I64(number),
        _ => Value::from(value.to_owned()),
    }
}

/// A reader that collects on demand, shared with the provider that feeds it.
#[derive(Debug, Clone)]
struct Scrape(Arc<ManualReader>);

impl MetricReader for Scrape {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric;

    fn registry() -> Registry {
        Registry::new(RegistryOptions::new("1.2.3"))
    }

    fn lines(registry: &Registry) -> Vec<String> {
        registry.text().lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    #[test]
    fn counters_add_up_by_series_and_appear_at_zero() {
        let registry = registry();
        registry.add(&metric::DEVICES_UNCHANGED, 2, &["contoso", "soc"]);
        registry.add(&metric::DEVICES_UNCHANGED, 3, &["contoso", "soc"]);
        registry.add(&metric::DEVICES_UNCHANGED, 0, &["contoso", "lake"]);
        let expected = [("lake", 0), ("soc", 5)].map(|(sink, count)| {
            let name = metric::DEVICES_UNCHANGED.name;
            format!(r#"{name}{{sink="{sink}",tenant="contoso"}} {count}"#)
        });
        assert_eq!(lines(&registry), expected);
        assert_eq!(lines(&registry), expected, "a scrape changes nothing");
    }

    #[test]
    fn a_gauge_is_observed_at_each_scrape() {
        let registry = registry();
        let observed = std::sync::atomic::AtomicU32::new(0);
        registry.observe(&metric::DATA_AGE, move |values| {
            let time = observed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            values.record(f64::from(time) + 0.5, &["contoso", "soc"]);
        });
        let line = |age| {
            vec![format!(r#"{}{{sink="soc",tenant="contoso"}} {age}"#, metric::DATA_AGE.name)]
        };
        assert_eq!(lines(&registry), line("0.5"));
        assert_eq!(lines(&registry), line("1.5"));
    }

    #[test]
    fn a_histogram_counts_by_its_own_bounds() {
        let registry = registry();
        for seconds in [0.5, 2.0, 1e6] {
            registry.record(&metric::CYCLE_DURATION, seconds, &["contoso", "full"]);
        }
        let lines = lines(&registry);
        let line = |rest: &str| format!("{}_{rest}", metric::CYCLE_DURATION.name);
        for expected in [
            line(r#"bucket{kind="full",tenant="contoso",le="1"} 1"#),
            line(r#"bucket{kind="full",tenant="contoso",le="5"} 2"#),
            line(r#"bucket{kind="full",tenant="contoso",le="21600"} 2"#),
            line(r#"bucket{kind="full",tenant="contoso",le="+Inf"} 3"#),
            line(r#"sum{kind="full",tenant="contoso"} 1000002.5"#),
            line(r#"count{kind="full",tenant="contoso"} 3"#),
        ] {
            assert!(lines.contains(&expected), "{expected} is not in {lines:#?}");
        }
        assert_eq!(lines.len(), 12);
    }

    #[test]
    fn a_scrape_spells_an_opentelemetry_metric_as_prometheus_does() {
        let registry = registry();
        let succeeded = ["contoso", "graph", "GET", "graph.example", "443", "200", ""];
        let unanswered = ["", "entra", "POST", "login.example", "443", "", "unavailable"];
        for labels in [succeeded, unanswered] {
            registry.record(&metric::HTTP_REQUEST_DURATION, 0.3, &labels);
        }
        let lines = lines(&registry);
        let name = metric::HTTP_REQUEST_DURATION.name;
        let counts: Vec<_> = lines.iter().filter(|line| line.contains("_count{")).collect();
        assert_eq!(
            counts,
            [
                &format!(
                    r#"{name}_count{{api="entra",error_type="unavailable",http_request_method="POST",server_address="login.example",server_port="443"}} 1"#
                ),
                &format!(
                    r#"{name}_count{{api="graph",http_request_method="GET",http_response_status_code="200",server_address="graph.example",server_port="443",tenant="contoso"}} 1"#
                ),
            ],
            "a label without a value is absent"
        );
        assert_eq!(metric::HTTP_REQUEST_DURATION.otlp_name, "http.client.request.duration");
    }

    #[test]
    fn series_beyond_the_limit_are_counted_in_one_that_can_be_scraped() {
        let mut options = RegistryOptions::new("1.2.3");
        options.max_series = 2;
        let registry = Registry::new(options);
        for tenant in ["a", "b", "c", "d"] {
            registry.add(&metric::DEVICES_READ, 1, &[tenant]);
        }
        let name = metric::DEVICES_READ.name;
        let overflow = format!(r#"{name}{{otel_metric_overflow="true"}} 2"#);
        let lines = lines(&registry);
        assert!(lines.contains(&overflow), "{lines:#?}");
    }

    #[test]
    fn many_tenants_have_a_series_each() {
        let mut options = RegistryOptions::new("1.2.3");
        options.max_series = 5_000;
        let registry = Registry::new(options);
        for tenant in 0..4_000 {
            registry.add(&metric::DEVICES_READ, 1, &[&tenant.to_string()]);
        }
        assert_eq!(lines(&registry).len(), 4_000);
    }
}
