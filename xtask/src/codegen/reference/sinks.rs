//! The pages of sinks: what stands next to their code, with the table of their settings.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::configuration;

/// Stands in a page where the table of settings goes; `SETTINGS_MARK` of the crate of sinks.
const SETTINGS_MARK: &str = "<!-- settings -->";

/// A page for each type of sink in the schema of the configuration, with its path.
pub(super) fn pages(root: &Path, schema: &Value) -> anyhow::Result<Vec<(String, String)>> {
    let types = schema.pointer("/$defs/SinkConfig/oneOf").and_then(Value::as_array);
    let types = types.context("the schema has no sinks")?;
    types.iter().map(|sink| page(root, schema, sink)).collect()
}

fn page(root: &Path, schema: &Value, sink: &Value) -> anyhow::Result<(String, String)> {
    let name = sink.pointer("/properties/type/const").and_then(Value::as_str);
    let name = name.context("a sink has no type")?;
    let source = root.join(format!("crates/sinks/src/{name}/docs.md"));
    let page = fs::read_to_string(&source).with_context(|| source.display().to_string())?;
    let settings = configuration::settings(schema, &["sinks", "NAME"], sink);
    Ok((format!("docs/sinks/{name}.md"), page.replace(SETTINGS_MARK, settings.trim())))
}
