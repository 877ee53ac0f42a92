//! `stocktake metrics`: what is measured, and what it means.

use serde_json::json;
use stocktake_telemetry::metric::{ALL, Metric};

use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::Format;

/// Lists the metrics.
#[derive(Debug, clap::Args)]
pub(crate) struct Metrics {
    /// Print them as a Markdown page
    #[arg(long)]
    markdown: bool,
}

impl Metrics {
    pub(crate) fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        if self.markdown {
            context.output.text(markdown().trim_end())?;
        } else if context.output.format() == Format::Json {
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
        "type": metric.kind.name(),
        "unit": metric.unit,
        "labels": metric.labels,
        "meaning": metric.meaning,
    })
}

/// The metrics as the page of the docs.
fn markdown() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         What `stocktake run` serves at `/metrics` of `server.listen` and pushes to \
         `telemetry.otlp_endpoint`. `stocktake metrics` prints the same.\n\n\
         Counters start at zero with the process. Those of devices, events, batches and cycles grow \
         at the end of each cycle by exactly what its report says; those of the API grow as requests \
         are answered. `tenant` and `sink` are the names of the configuration; `api` is `entra`, \
         `managed-identity`, `defender`, `graph` or the type of a sink. No label ever names a device \
         or a user.\n\n\
         | metric | type | unit | labels | meaning |\n\
         |---|---|---|---|---|\n",
    );
    for metric in ALL {
        let unit = match metric.unit {
            "s" => "seconds",
            "By" => "bytes",
            other => other,
        };
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        page.push_str(&format!(
            "| `{}` | {} | {unit} | {} | {} |\n",
            metric.name,
            metric.kind.name(),
            labels.join(", "),
            metric.meaning
        ));
    }
    page.push_str(STATUS);
    page
}

/// What `/status` shows, beside `/metrics`.
const STATUS: &str = "
## `/status`

The same server answers `/status` with what is known of each tenant now, as JSON: `version`, \
`started_at` of the process, and `tenants` by name. Each has:

| key | meaning |
|---|---|
| `running` | whether a cycle runs |
| `current_cycle` | the cycle that runs: `cycle` and `kind` (null until they are decided), `started_at`, records `read` so far, events `settled` so far over all sinks; null between cycles |
| `next_cycle_at` | when the next one is due; null while one runs |
| `sinks` | by name, also those that cannot be built: `last_complete_at` (null: never), `wanted_since`, `data_age_seconds`, `unbuilt` |
| `sinks.NAME.unbuilt` | `error` and `advice` of a sink that cannot be built, which the next cycle tries again; null otherwise |
| `last_cycle` | the report of the last cycle that has one, also from before a restart |
| `last_error` | `at`, `error` and `advice` where what was tried after it has no report: the tenant could not be built, or state not be written; null otherwise |
";
