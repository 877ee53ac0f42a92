//! The files that a configuration names: secrets, certificates, authorities.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;
use stocktake_connector_core::SinkName;

use crate::config::{Config, TenantConfig};

/// How every key ends that names a file.
const FILE_KEY: &str = "_file";

/// Every file that the tenant, its credential, its sinks or the shared HTTP settings name.
pub(super) fn named_files(
    tenant: &TenantConfig,
    sinks: &[SinkName],
    config: &Config,
) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(tenant, &mut files);
    collect(&config.http, &mut files);
    if let Some(credential) =
        tenant.credential.as_ref().and_then(|name| config.credentials.get(name))
    {
        collect(credential, &mut files);
    }
    for sink in sinks.iter().filter_map(|name| config.sinks.get(name.as_str())) {
        collect(sink, &mut files);
    }
    files
}

fn collect(settings: &impl Serialize, files: &mut Vec<PathBuf>) {
    // Settings come from a file, so they can be written; if not, they name no file.
    walk(&serde_json::to_value(settings).unwrap_or_default(), files);
}

fn walk(settings: &Value, files: &mut Vec<PathBuf>) {
    match settings {
        Value::Object(table) => {
            for (key, value) in table {
                match value {
                    Value::String(path) if key.ends_with(FILE_KEY) => files.push(path.into()),
                    other => walk(other, files),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, files)),
        _ => {}
    }
}
