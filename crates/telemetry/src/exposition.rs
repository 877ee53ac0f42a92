//! Metrics in Prometheus's text format
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).
//!
//! Series are sorted by their labels, so that two scrapes can be compared.

use std::fmt::{Display, Write as _};

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, Histogram, Metric, MetricData, ResourceMetrics,
};

use crate::metric::ALL;

/// The `Content-Type` of a scrape's response.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes every metric.
pub(crate) fn write(metrics: &ResourceMetrics) -> String {
    let mut found: Vec<_> = metrics.scope_metrics().flat_map(|scope| scope.metrics()).collect();
    found.sort_by(|one, other| one.name().cmp(other.name()));
    let mut text = String::new();
    for metric in found {
        match metric.data() {
            AggregatedMetrics::F64(data) => write_metric(&mut text, metric, data),
            AggregatedMetrics::U64(data) => write_metric(&mut text, metric, data),
            AggregatedMetrics::I64(data) => write_metric(&mut text, metric, data),
        }
    }
    text
}

fn write_metric<T: Display + Copy>(text: &mut String, metric: &Metric, data: &MetricData<T>) {
    let name = metric.name();
    let name = ALL.iter().find(|known| known.otlp_name == name).map_or(name, |known| known.name);
    let (kind, mut series) = match data {
        MetricData::Gauge(gauge) => {
            let points = gauge.data_points();
            ("gauge", points.map(|point| plain(name, point.attributes(), point.value())).collect())
        }
        MetricData::Sum(sum) => {
            let points = sum.data_points();
            let kind = if sum.is_monotonic() { "counter" } else { "gauge" };
            (kind, points.map(|point| plain(name, point.attributes(), point.value())).collect())
        }
        MetricData::Histogram(histogram) => ("histogram", buckets(name, histogram)),
        // No instrument of ours has exponential bounds.
        MetricData::ExponentialHistogram(_) => return,
    };
    series.sort();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# HELP {name} {}", escape(metric.description(), false));
    let _ = writeln!(text, "# TYPE {name} {kind}");
    for (_, lines) in series {
        text.push_str(&lines);
    }
}

/// The labels of a series as the sort key, and its lines.
type Series = (String, String);

fn plain<'a>(
    name: &str,
    attributes: impl Iterator<Item = &'a KeyValue>,
    value: impl Display,
) -> Series {
    let labels = labels(attributes);
    let line = format!("{name}{} {value}\n", braced(&labels));
    (labels, line)
}

fn buckets<T: Display + Copy>(name: &str, histogram: &Histogram<T>) -> Vec<Series> {
    let points = histogram.data_points();
    points
        .map(|point| {
            let labels = labels(point.attributes());
            let comma = if labels.is_empty() { "" } else { "," };
            let mut lines = String::new();
            let mut below = 0;
            let bounds = point.bounds().map(|bound| bound.to_string()).chain(["+Inf".to_owned()]);
            for (bound, count) in bounds.zip(point.bucket_counts()) {
                below += count;
                let _ = writeln!(lines, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {below}");
            }
            let labelled = braced(&labels);
            let _ = writeln!(lines, "{name}_sum{labelled} {}", point.sum());
            let _ = writeln!(lines, "{name}_count{labelled} {}", point.count());
            (labels, lines)
        })
        .collect()
}

fn labels<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let mut pairs: Vec<_> = attributes
        .map(|pair| {
            format!("{}=\"{}\"", label_name(pair.key.as_str()), escape(&pair.value.as_str(), true))
        })
        .collect();
    pairs.sort();
    pairs.join(",")
}

/// A label's key with the characters that the format allows: a single dot would invalidate the whole
/// scrape.
fn label_name(key: &str) -> String {
    key.replace(|char: char| !char.is_ascii_alphanumeric() && char != '_', "_")
}

fn braced(labels: &str) -> String {
    if labels.is_empty() { String::new() } else { format!("{{{labels}}}") }
}

fn escape(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_end_a_label_are_escaped() {
        let pairs = [KeyValue::new("tenant", "a\"b\\c\nd"), KeyValue::new("api", "graph")];
        let (_, line) = plain("calls", pairs.iter(), 1);
        assert_eq!(line, "calls{api=\"graph\",tenant=\"a\\\"b\\\\c\\nd\"} 1\n");
        assert_eq!(plain("calls", [].iter(), 0.5).1, "calls 0.5\n");
    }
}
