//! The registry: every metric's instrument, and one set of values for the scrape and for the push.

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

/// What a registry is built from.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RegistryOptions {
    /// The version of the program, for whoever receives a push.
    pub version: &'static str,
    /// Series of one metric, at most; what goes beyond is counted in one series, whose only label is
    /// `otel_metric_overflow` in a scrape (`otel.metric.overflow` in a push). Room for so many is
    /// taken at once. Default: 2,000.
    pub most_series: usize,
}

impl RegistryOptions {
    /// The defaults for a program of this version.
    pub fn new(version: &'static str) -> Self {
        Self { version, most_series: 2_000 }
    }
}

/// Holds every metric of [`metric::ALL`](crate::metric::ALL). Cheap to clone; clones share the values.
///
/// Values of labels are given in the order of the metric's keys. A metric of the wrong kind, or one
/// that is not in the list, takes nothing: that is a defect of the caller, and tests show it.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    provider: SdkMeterProvider,
    scrape: Scrape,
    meter: Meter,
    counters: BTreeMap<&'static str, Counter<u64>>,
    histograms: BTreeMap<&'static str, Histogram<f64>>,
}

/// Takes the values that a callback tells.
pub struct Values<'a> {
    metric: &'static Metric,
    instrument: &'a dyn AsyncInstrument<f64>,
}

impl Values<'_> {
    /// Tells a value for a series.
    pub fn put(&self, value: f64, labels: &[&str]) {
        self.instrument.observe(value, &attributes(self.metric, labels));
    }
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("metric", &self.metric.name).finish_non_exhaustive()
    }
}

impl Registry {
    /// A registry that is scraped by [`Registry::text`].
    pub fn new(options: RegistryOptions) -> Self {
        Self::with(options, |builder| builder)
    }

    /// A registry with further readers, and the resource that they tell of.
    pub(crate) fn with(
        options: RegistryOptions,
        readers: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder,
    ) -> Self {
        let scrape = Scrape(Arc::new(ManualReader::builder().build()));
        let most_series = options.most_series.max(1);
        let builder = SdkMeterProvider::builder().with_reader(scrape.clone()).with_view(
            move |_: &Instrument| {
                Stream::builder().with_cardinality_limit(most_series).build().ok()
            },
        );
        let provider = readers(builder).build();
        let meter = provider.meter("stocktake");
        let mut counters = BTreeMap::new();
        let mut histograms = BTreeMap::new();
        for metric in ALL {
            match metric.kind {
                MetricKind::Counter if !is_pulled(metric) => {
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

    /// Adds to a counter. Adding nothing makes the series appear.
    pub fn add(&self, metric: &Metric, count: u64, labels: &[&str]) {
        debug_assert!(self.0.counters.contains_key(metric.name), "{} is no counter", metric.name);
        if let Some(counter) = self.0.counters.get(metric.name) {
            counter.add(count, &attributes(metric, labels));
        }
    }

    /// Counts a value in a histogram.
    pub fn record(&self, metric: &Metric, value: f64, labels: &[&str]) {
        debug_assert!(self.0.histograms.contains_key(metric.name), "{} is none", metric.name);
        if let Some(histogram) = self.0.histograms.get(metric.name) {
            histogram.record(value, &attributes(metric, labels));
        }
    }

    /// Asks `tell` for a metric's values at each scrape and each push. Once for each metric.
    ///
    /// It is called on the way of an answer, so it must be quick.
    pub fn observe<F>(&self, metric: &'static Metric, tell: F)
    where
        F: Fn(&Values<'_>) + Send + Sync + 'static,
    {
        let meter = &self.0.meter;
        let callback = move |instrument: &dyn AsyncInstrument<f64>| {
            tell(&Values { metric, instrument });
        };
        // The instruments live in the meter's pipelines; the handles do nothing.
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
            // Only after the shutdown, when nobody is served any more.
            Err(_) => String::new(),
        }
    }

    /// Sends what is to be pushed and ends. Blocks until that is done, a few seconds at most.
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

/// Whether a counter's values are asked for instead of added up here.
fn is_pulled(metric: &Metric) -> bool {
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

/// A reader that is asked, shared with the provider that feeds it.
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
    fn counters_add_up_by_series_and_appear_with_nothing() {
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
    fn a_gauge_is_asked_at_each_scrape() {
        let registry = registry();
        let told = std::sync::atomic::AtomicU32::new(0);
        registry.observe(&metric::DATA_AGE, move |values| {
            let time = told.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            values.put(f64::from(time) + 0.5, &["contoso", "soc"]);
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
        let name = "http_client_request_duration_seconds";
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
    fn series_beyond_the_bound_are_counted_in_one_that_can_be_scraped() {
        let mut options = RegistryOptions::new("1.2.3");
        options.most_series = 2;
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
        options.most_series = 5_000;
        let registry = Registry::new(options);
        for tenant in 0..4_000 {
            registry.add(&metric::DEVICES_READ, 1, &[&tenant.to_string()]);
        }
        assert_eq!(lines(&registry).len(), 4_000);
    }
}
