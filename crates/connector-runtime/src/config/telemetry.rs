//! `[telemetry]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_http_stack::base_url;
use stocktake_sinks::settings::duration;
use url::Url;

use super::environment::Variables;
use super::tree::{KeyOrigin, Node};

/// OpenTelemetry's own variables; each counts when its key is not set.
const ENDPOINT_VARIABLES: [(&str, &str); 3] = [
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint"),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "otlp_metrics_endpoint"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "otlp_traces_endpoint"),
];

/// OpenTelemetry's own variables for headers. That of a signal replaces the one for both, even when
/// it is empty.
const HEADERS_VARIABLE: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const METRICS_HEADERS_VARIABLE: &str = "OTEL_EXPORTER_OTLP_METRICS_HEADERS";
const TRACES_HEADERS_VARIABLE: &str = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";

/// OpenTelemetry's own switches
/// (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>).
const DISABLED_VARIABLE: &str = "OTEL_SDK_DISABLED";
const METRICS_EXPORTER_VARIABLE: &str = "OTEL_METRICS_EXPORTER";
const TRACES_EXPORTER_VARIABLE: &str = "OTEL_TRACES_EXPORTER";

/// The one exporter that pushes, and the name for none.
const OTLP: &str = "otlp";
const NONE: &str = "none";

/// The keys that OpenTelemetry's variables set. One that cannot be used is noted and sets nothing: other
/// programs of the platform may understand it.
pub(super) fn usual_endpoints(variables: &Variables, notes: &mut Vec<String>) -> Node {
    let mut tree = Node::table(KeyOrigin::Program);
    for (name, key) in ENDPOINT_VARIABLES {
        let Some(value) = variables.get(name) else { continue };
        if is_usable(value) {
            let origin = KeyOrigin::Variable(name.to_owned());
            tree.set(&["telemetry".to_owned(), key.to_owned()], Node::value(value, origin));
        } else {
            notes.push(format!("{name}: {NOT_USABLE}"));
        }
    }
    tree
}

/// What of the headers of OpenTelemetry's variables the exporters leave out. No value is repeated.
fn header_faults(variables: &Variables) -> Vec<String> {
    let names = [HEADERS_VARIABLE, METRICS_HEADERS_VARIABLE, TRACES_HEADERS_VARIABLE];
    let is_header = |pair: &str| {
        pair.split_once('=').is_some_and(|(name, value)| {
            HeaderName::try_from(name.trim()).is_ok() && !value.trim().is_empty()
        })
    };
    let of = |name: &'static str| {
        let pairs = variables.get(name).unwrap_or_default().split(',').enumerate();
        let left_out = pairs.filter(|(_, pair)| !pair.trim().is_empty() && !is_header(pair));
        left_out.map(|(index, _)| index.saturating_add(1)).map(move |item| {
            format!("{name}: item {item} is not a header; write it like authorization=Bearer%20abc")
        })
    };
    names.into_iter().flat_map(of).collect()
}

/// What is wrong with an endpoint.
const NOT_USABLE: &str = "is not an http or https URL without user and password; write it like \
                          http://collector:4318";

/// Metrics and traces pushed to an OpenTelemetry collector, by `sync` and `run`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TelemetryConfig {
    /// The collector's URL for OTLP over HTTP, such as `http://collector:4318`; `/v1/metrics` and
    /// `/v1/traces` are added. Not set: `OTEL_EXPORTER_OTLP_ENDPOINT` counts, and without it nothing
    /// is pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otlp_endpoint: Option<String>,
    /// The whole URL for metrics, where it is another than that of `otlp_endpoint`. Not set:
    /// `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otlp_metrics_endpoint: Option<String>,
    /// The whole URL for traces, where it is another than that of `otlp_endpoint`. Not set:
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otlp_traces_endpoint: Option<String>,
    /// A file that holds headers for the collector on one line, such as
    /// `authorization=Bearer abc,x-scope-orgid=1`; read again when it changes.
    /// `OTEL_EXPORTER_OTLP_HEADERS` counts as well. Headers are only sent over https or to loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otlp_headers_file: Option<PathBuf>,
    /// Time between two pushes of metrics.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub(crate) otlp_interval: Duration,
    /// The share of cycles (0 to 1) whose traces are pushed.
    pub(crate) trace_sample_ratio: f64,
    /// Signals that a variable of OpenTelemetry switches off.
    #[serde(skip)]
    off: Off,
}

#[derive(Debug, Clone, Copy, Default)]
struct Off {
    metrics: bool,
    traces: bool,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            otlp_metrics_endpoint: None,
            otlp_traces_endpoint: None,
            otlp_headers_file: None,
            otlp_interval: Duration::from_secs(60),
            trace_sample_ratio: 1.0,
            off: Off::default(),
        }
    }
}

impl TelemetryConfig {
    /// The whole URL that metrics are pushed to; `None` pushes none.
    pub(crate) fn metrics_url(&self) -> Option<String> {
        if self.off.metrics {
            return None;
        }
        self.otlp_metrics_endpoint.clone().or_else(|| self.below_endpoint("v1/metrics"))
    }

    /// The whole URL that traces are pushed to; `None` pushes none.
    pub(crate) fn traces_url(&self) -> Option<String> {
        if self.off.traces {
            return None;
        }
        self.otlp_traces_endpoint.clone().or_else(|| self.below_endpoint("v1/traces"))
    }

    /// Switches off what OpenTelemetry's variables switch off, whatever the keys say. Notes values that
    /// are not understood.
    pub(super) fn switch_off(&mut self, variables: &Variables, notes: &mut Vec<String>) {
        let is_disabled = variables.get(DISABLED_VARIABLE).is_some_and(|value| {
            let is = |word| value.trim().eq_ignore_ascii_case(word);
            if !is("true") && !is("false") {
                notes
                    .push(format!("{DISABLED_VARIABLE}: counts as false; set it to true or false"));
            }
            is("true")
        });
        let mut is_off = |name: &str| {
            let exporters = variables.get(name).unwrap_or(OTLP);
            let is = |exporter: &str, word| exporter.trim().eq_ignore_ascii_case(word);
            let mut exporters = exporters.split(',');
            if exporters.clone().any(|exporter| !is(exporter, OTLP) && !is(exporter, NONE)) {
                notes.push(format!("{name}: names an exporter other than `{OTLP}` and `{NONE}`"));
            }
            !exporters.any(|exporter| is(exporter, OTLP))
        };
        self.off = Off {
            metrics: is_off(METRICS_EXPORTER_VARIABLE) || is_disabled,
            traces: is_off(TRACES_EXPORTER_VARIABLE) || is_disabled,
        };
        if self.metrics_url().is_some() || self.traces_url().is_some() {
            notes.extend(header_faults(variables));
        }
    }

    fn below_endpoint(&self, path: &str) -> Option<String> {
        let endpoint = self.otlp_endpoint.as_ref()?;
        Some(format!("{}/{path}", endpoint.trim_end_matches('/')))
    }

    /// What is wrong with the endpoints and the headers, by key.
    ///
    /// Plain HTTP is allowed where no header is sent, neither of the file nor of a variable: no secret
    /// is sent then, and most collectors are in the same cluster.
    pub(super) fn problems(&self) -> Vec<(&'static str, String)> {
        let endpoints = [
            ("otlp_endpoint", &self.otlp_endpoint),
            ("otlp_metrics_endpoint", &self.otlp_metrics_endpoint),
            ("otlp_traces_endpoint", &self.otlp_traces_endpoint),
        ];
        let mut problems: Vec<_> = endpoints
            .into_iter()
            .filter(|(_, endpoint)| endpoint.as_deref().is_some_and(|url| !is_usable(url)))
            .map(|(key, _)| (key, NOT_USABLE.to_owned()))
            .collect();
        let urls = [self.metrics_url(), self.traces_url()];
        if problems.is_empty()
            && self.otlp_headers_file.is_some()
            && let Some(error) = urls.iter().flatten().find_map(|url| base_url(url).err())
        {
            problems.push(("otlp_headers_file", format!("is not sent in the clear: {error}")));
        }
        problems
    }

    /// OpenTelemetry's variables whose headers would be sent in the clear, and why.
    ///
    /// The exporters read the variables themselves, and send them to any URL.
    pub(super) fn headers_in_the_clear(
        &self,
        variables: &Variables,
    ) -> BTreeMap<&'static str, String> {
        let signals = [
            (METRICS_HEADERS_VARIABLE, self.metrics_url()),
            (TRACES_HEADERS_VARIABLE, self.traces_url()),
        ];
        signals
            .into_iter()
            .filter_map(|(own, url)| {
                let name = if variables.contains(own) { own } else { HEADERS_VARIABLE };
                let is_set = variables.get(name).is_some();
                // A URL that is not usable is reported under its own key.
                let url = url.filter(|url| is_set && is_usable(url))?;
                let error = base_url(&url).err()?;
                Some((name, format!("is not sent in the clear: {error}")))
            })
            .collect()
    }
}

fn is_usable(endpoint: &str) -> bool {
    Url::parse(endpoint).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme())
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    })
}
