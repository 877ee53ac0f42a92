//! `stocktake metrics`: every metric and its meaning.

use serde_json::json;
use stocktake_telemetry::metric::{ALL, Metric};

use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::Format;

/// Lists the metrics.
#[derive(Debug, clap::Args)]
pub(crate) struct Metrics {}

impl Metrics {
    pub(crate) fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        if context.output.format() == Format::Json {
            let metrics: Vec<_> = ALL.iter().map(describe).collect();
            context.output.json(&metrics)?;
        } else {
            for metric in ALL {
                let Metric { name, kind, meaning, .. } = metric;
                let labels = metric.labels.join(", ");
                let labels = if labels.is_empty() { labels } else { format!(" by {labels}") };
                context
                    .output
                    .text(format_args!("{name} ({}{labels})\n  {meaning}", kind.name()))?;
            }
        }
        Ok(ExitStatus::Success)
    }
}

fn describe(metric: &Metric) -> serde_json::Value {
    json!({
        "name": metric.name,
        "otlp_name": metric.otlp_name,
        "type": metric.kind.name(),
        "unit": metric.unit,
        "labels": metric.labels,
        "meaning": metric.meaning,
    })
}
