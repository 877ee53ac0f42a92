//! The page of every key of the configuration, from its JSON Schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::markdown::cell;

/// The page of a configuration with this schema.
pub(super) fn page(schema: &Value) -> String {
    let schema = Schema { root: schema };
    let mut page = String::from(
        "# Configuration\n\n\
         A file (`stocktake.toml`, or what `--config` or `STOCKTAKE_CONFIG` names; TOML or YAML) and the \
         environment set the same keys. A flag wins over the environment, the environment over the \
         file, the file over the default. `NAME` stands for a name of your choice. Durations are \
         written as `500ms`, `25s`, `5m`, `3h` or `7days`. Unknown keys are errors that name the file, \
         the line and the nearest known key. No error repeats a value: a secret may be in the place of \
         anything.\n\n\
         `stocktake config show` prints what takes effect, without secrets, and with `--origin` what \
         set each key; `stocktake config init` writes a commented file; the same in a form for editors \
         is the [JSON Schema](configuration.schema.json).\n\n\
         ## Files\n\n\
         The ending of the name says whether a file is TOML (`.toml`) or YAML (`.yaml`, `.yml`); one \
         without such an ending may hold either. It is UTF-8 and is read once, so it may be a pipe: \
         `stocktake --config <(sops decrypt stocktake.toml) sync`. In YAML, a table or a key with \
         nothing behind it sets nothing, and `yes`, `no`, `on` and `off` need no quotes.\n\n\
         `run` reads the file again for a tenant that waits for an operator, such as one whose id is \
         wrong: when the file changes, the tenant, its credential, the settings of its sinks and `http` \
         are taken from it, and the tenant is tried at once. A file that cannot be used changes \
         nothing, and its faults are logged. Everything else takes a restart: tenants that work, other \
         settings, tenants and sinks that are added or removed.\n\n\
         ## Variables\n\n\
         `STOCKTAKE_` and the names of the key, with two underscores between them: \
         `STOCKTAKE_COLLECTION__INTERVAL` sets `collection.interval`. Names of tenants, credentials and \
         sinks are compared without case, and what is not an ASCII letter or digit is an underscore: \
         `STOCKTAKE_TENANTS__CONTOSO_EU__APP_SECRET` is for the tenant `Contoso EU`, or `contoso-eu`, of \
         the file. When it is for two of them, it is an error. A name that the file does not have makes \
         a new table, in small letters. The items of a list are separated by commas. An empty variable \
         is not set.\n\n\
         A variable that starts with `STOCKTAKE_` and has no two underscores sets nothing and is \
         reported as a warning; Kubernetes makes such variables for a service that is called \
         `stocktake`. `STOCKTAKE_CONFIG` names the file. `STOCKTAKE_DEFAULTS` names another one whose \
         keys count less than those of the file; the image uses it.\n",
    );
    schema.section(&mut page, &[], schema.root);
    page.push_str(OPENTELEMETRY);
    page
}

/// The settings of the table at `path`, which `node` of `schema` describes, below a heading of the second
/// level.
pub(super) fn settings(schema: &Value, path: &[&str], node: &Value) -> String {
    let mut text = String::new();
    Schema { root: schema }.table(&mut text, path, node, None);
    text.replace("\n## ", "\n### ")
}

/// The variables that the exporters read in addition to the configuration.
const OPENTELEMETRY: &str = "
## Variables of OpenTelemetry

Where metrics or traces are pushed, these count too. An endpoint or a switch that cannot be used is \
reported as a warning. A variable that is not here has no effect; \
instead of `OTEL_TRACES_SAMPLER` there is `telemetry.trace_sample_ratio`, instead of \
`OTEL_METRIC_EXPORT_INTERVAL` there is `telemetry.otlp_interval`.

| variable | what it sets |
|---|---|
| `OTEL_SDK_DISABLED` | `true` pushes nothing, whatever the keys say |
| `OTEL_METRICS_EXPORTER`, `OTEL_TRACES_EXPORTER` | `otlp` (default) pushes the signal; a list without it, such as `none`, does not |
| `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` | `telemetry.otlp_endpoint`, `telemetry.otlp_metrics_endpoint`, `telemetry.otlp_traces_endpoint`, where these are not set |
| `OTEL_EXPORTER_OTLP_HEADERS`, or the same with `METRICS_` or `TRACES_` before `HEADERS` | Headers of each push; those of `telemetry.otlp_headers_file` win. Plain http beyond loopback is refused at the start. For a token, prefer the file. |
| `OTEL_EXPORTER_OTLP_COMPRESSION`, or with `METRICS_` or `TRACES_` | `gzip` or `none` (default); anything else is refused at the start |
| `OTEL_EXPORTER_OTLP_PROTOCOL`, or with `METRICS_` or `TRACES_` | `http/protobuf` is the only one; anything else is refused at the start |
| `OTEL_EXPORTER_OTLP_TIMEOUT`, or with `METRICS_` or `TRACES_` | Milliseconds for a push with its further tries (10000); each try ends after ten seconds |
| `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` | `cumulative` (default), `delta` or `lowmemory`, for the push alone |
| `OTEL_SERVICE_NAME` | `service.name`; `stocktake` by default |
| `OTEL_RESOURCE_ATTRIBUTES` | Further attributes as `key=value,key=value`, with `%2C` for a comma, `%3D` for an equals sign and so on; also in place of `service.version` and of `service.instance.id`, which is the name of the pod or host by default |
| `OTEL_BSP_MAX_QUEUE_SIZE`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, `OTEL_BSP_SCHEDULE_DELAY` | Spans that wait to be pushed, at most (2048; more are dropped, and the log reports how many); spans in one push (512); milliseconds between two pushes of spans (5000) |
| `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` | Attributes of a span, at most (128) |
";

/// A JSON Schema whose references lead to its own definitions.
struct Schema<'a> {
    root: &'a Value,
}

impl<'a> Schema<'a> {
    /// The node of a property, with its reference followed and without its "or null".
    fn resolve(&self, node: &'a Value) -> &'a Value {
        if let Some(path) = node.get("$ref").and_then(Value::as_str) {
            let pointer = path.trim_start_matches('#');
            return self.root.pointer(pointer).map_or(node, |target| self.resolve(target));
        }
        let alternatives = node.get("anyOf").and_then(Value::as_array);
        alternatives
            .and_then(|all| all.iter().find(|one| one.get("type") != Some(&Value::from("null"))))
            .map_or(node, |one| self.resolve(one))
    }

    /// Writes the section of `path`: its own keys as one table, then each table below.
    fn section(&self, page: &mut String, path: &[&str], node: &'a Value) {
        if let Some(values) = node.get("additionalProperties").filter(|values| values.is_object()) {
            let named: Vec<_> = path.iter().copied().chain(["NAME"]).collect();
            self.section(page, &named, self.resolve(values));
            return;
        }
        let kinds = node.get("oneOf").and_then(Value::as_array);
        for kind in kinds.into_iter().flatten() {
            let name = kind.pointer("/properties/type/const").and_then(Value::as_str);
            self.table(page, path, kind, name);
        }
        if kinds.is_none() {
            self.table(page, path, node, None);
        }
    }

    fn table(&self, page: &mut String, path: &[&str], node: &'a Value, kind: Option<&str>) {
        let nothing = Map::new();
        let properties = node.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
        let required: Vec<_> =
            node.get("required").and_then(Value::as_array).into_iter().flatten().collect();
        let (tables, keys): (Vec<_>, Vec<_>) =
            properties.iter().partition(|(_, property)| is_table(self.resolve(property)));
        if !path.is_empty() {
            let of_kind = kind.map(|kind| format!(", type `{kind}`")).unwrap_or_default();
            // Writing to a string cannot fail, here and below.
            let _ = write!(page, "\n## `[{}]`{of_kind}\n\n{}\n", path.join("."), description(node));
        }
        if !keys.is_empty() {
            page.push_str(
                "\n| key | type | default | meaning | variable |\n|---|---|---|---|---|\n",
            );
        }
        for (key, property) in keys {
            let is_required = required.iter().any(|name| *name == key);
            let default = match property.get("default").filter(|value| !value.is_null()) {
                Some(value) => format!("`{value}`"),
                None if is_required => "required".to_owned(),
                None => "not set".to_owned(),
            };
            let meaning = match description(property) {
                "" if key == "type" => "Which kind of table this is.",
                meaning => meaning,
            };
            let variable: Vec<_> = path.iter().chain([&key.as_str()]).copied().collect();
            let _ = writeln!(
                page,
                "| `{key}` | {} | {} | {} | `STOCKTAKE_{}` |",
                self.kind_of(property),
                cell(&default),
                cell(meaning),
                variable.join("__").to_uppercase(),
            );
        }
        for (key, property) in tables {
            let below: Vec<_> = path.iter().copied().chain([key.as_str()]).collect();
            self.section(page, &below, self.resolve(property));
        }
    }

    /// The type of a key in words, or its choices.
    fn kind_of(&self, property: &'a Value) -> String {
        let node = self.resolve(property);
        let choices: Vec<_> = node
            .get("oneOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|choice| Some(format!("`{}`", choice.get("const")?.as_str()?)))
            .collect();
        if !choices.is_empty() {
            return choices.join(", ");
        }
        if let Some(only) = node.get("const").and_then(Value::as_str) {
            return format!("`{only}`");
        }
        let name = match node.get("type") {
            Some(Value::Array(names)) => names.first().and_then(Value::as_str),
            other => other.and_then(Value::as_str),
        };
        match name {
            Some("array") => "list of texts".to_owned(),
            Some("string") => "text".to_owned(),
            Some("integer") => "whole number".to_owned(),
            other => other.unwrap_or("any").to_owned(),
        }
    }
}

/// Whether a node is a table, or several tables by name or by type.
fn is_table(node: &Value) -> bool {
    let is_kinds = node
        .get("oneOf")
        .and_then(Value::as_array)
        .is_some_and(|kinds| kinds.iter().all(|kind| kind.get("properties").is_some()));
    node.get("properties").is_some() || node.get("additionalProperties").is_some() || is_kinds
}

fn description(node: &Value) -> &str {
    node.get("description").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_key_is_listed_however_deep() {
        let string = json!({ "type": "string" });
        let tls = json!({ "properties": { "extra_ca_file": string } });
        let sink = |name: &str| {
            json!({
                "description": "A sink.", "required": ["type"],
                "properties": { "type": { "const": name }, "tls": { "$ref": "#/$defs/Tls" } },
            })
        };
        let schema = json!({
            "$defs": { "Tls": tls },
            "properties": {
                "interval": { "type": "string", "default": "3h", "description": "Time | cycles." },
                "sinks": { "additionalProperties": { "oneOf": [sink("file"), sink("sekoia")] } },
            },
        });
        let page = page(&schema);
        for text in [
            "| `interval` | text | `\"3h\"` | Time \\| cycles. | `STOCKTAKE_INTERVAL` |",
            "## `[sinks.NAME]`, type `sekoia`\n\nA sink.",
            "| `type` | `file` | required | Which kind of table this is. | `STOCKTAKE_SINKS__NAME__TYPE` |",
            "`STOCKTAKE_SINKS__NAME__TLS__EXTRA_CA_FILE`",
        ] {
            assert!(page.contains(text), "{text} is missing in {page}");
        }
    }
}
