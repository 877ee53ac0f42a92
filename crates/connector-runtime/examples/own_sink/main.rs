//! The `stocktake` program with one more type of sink: this folder, and the one line that registers it.

mod config;
mod sink;

use std::process::ExitCode;

use stocktake_sinks::SinkRegistry;

use self::config::WebhookSettings;

fn main() -> ExitCode {
    stocktake_connector_runtime::main_with(SinkRegistry::builtin().with::<WebhookSettings>())
}
