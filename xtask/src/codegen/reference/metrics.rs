//! The page of every metric, from what `stocktake metrics` prints.

use std::fmt::Write as _;

use serde_json::Value;

use super::markdown::{cell, text};

/// The page of these metrics.
pub(super) fn page(metrics: &[Value]) -> String {
    let mut page = String::from(INTRODUCTION);
    for metric in metrics {
        let unit = match text(metric, "unit") {
            "s" => "seconds",
            "By" => "bytes",
            other => other,
        };
        let labels = metric["labels"].as_array().into_iter().flatten().filter_map(Value::as_str);
        // As a scrape spells them.
        let labels: Vec<_> = labels.map(|label| format!("`{}`", label.replace('.', "_"))).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {unit} | {} | {} |",
            text(metric, "name"),
            text(metric, "type"),
            labels.join(", "),
            cell(text(metric, "meaning")),
        );
    }
    page + STATUS
}

const INTRODUCTION: &str = "\
# Metrics

`stocktake run` serves these metrics at `/metrics` of `server.listen` and pushes them to \
`telemetry.otlp_endpoint`. `stocktake metrics` prints the list.

Counters start at zero with the process. Those of devices, events, batches and cycles grow at the end \
of each cycle by the numbers of its report; HTTP metrics grow with each response. `tenant` and `sink` \
are names of the configuration; `api` is `entra`, `managed-identity`, `defender`, `graph` or the type \
of a sink. Labels never contain names of devices or users.

HTTP requests follow \
[OpenTelemetry's conventions](https://opentelemetry.io/docs/specs/semconv/http/http-metrics/): a push \
names their metric `http.client.request.duration` and spells its labels with dots, as in \
`http.response.status_code`. Count requests by its `_count`, failures by the label `error_type`.

| metric | type | unit | labels | meaning |
|---|---|---|---|---|
";

/// What `/status` shows.
const STATUS: &str = "
## `/status`

The same server returns the current state of each tenant at `/status`, as JSON: `version`, \
`started_at` of the process, and `tenants` by name. Each has:

| key | meaning |
|---|---|
| `source` | the name of the source |
| `running` | whether a cycle is running |
| `current_cycle` | the running cycle: `cycle` and `kind` (null until they are decided), `started_at`, \
records `read` so far, events `settled` so far over all sinks; null between cycles |
| `next_cycle_at` | when the next cycle is due; null while one is running |
| `waiting_for` | the reason for the wait; null while a cycle is running: `interval` (the schedule), \
`retry` (a failure that may pass by itself), `operator` (a failure that you have to fix; Stocktake \
tries again less and less often, and at once when a file that the tenant names changes) |
| `sinks.NAME` | each sink of the tenant, including those that cannot be built |
| `sinks.NAME.last_complete_at` | when the sink last received everything; null: never |
| `sinks.NAME.configured_since` | when the configuration first named the sink for this tenant |
| `sinks.NAME.data_age_seconds` | the value of `stocktake_data_age_seconds` |
| `sinks.NAME.build_error` | the failure of a sink that cannot be built; the next cycle tries again; \
null otherwise |
| `last_cycle` | the report of the last cycle that has one, also from before a restart; \
`outcome.failure` and `sinks.NAME.failure` are failures, absent on success |
| `last_error` | `at` and the failure of a later attempt without a report: the tenant could not be built, \
or state could not be written; null otherwise |

A failure has these keys:

| key | meaning |
|---|---|
| `code` | the [error code](errors/README.md) |
| `recovery` | `retry` (may pass by itself), `operator` (you have to fix it) or `defect` (a fault of the \
remote or of this program) |
| `retry_at` | no attempt is made before this time; absent without one |
| `advice` | what you can do; absent without any |
| `message` | the error and its causes, on one line |
";
