//! `stocktake config`: shows, checks, describes and writes the configuration.

use std::path::{Path, PathBuf};

use serde_json::Value;
use stocktake_connector_core::{ErrorCode, TokenScope, chain};
use stocktake_http_stack::ShownPath;
use stocktake_sinks::settings::key;

use crate::command_error::{CommandError, ExitStatus};
use crate::config::{self, Config, ConfigError, ConfigFault, Loaded, TEMPLATE};
use crate::context::Context;
use crate::output::Format;
use crate::wiring;

/// Shows, describes or writes the configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print the configuration as it takes effect, without secrets
    Show {
        /// Print each key with what set it: a line of a file, a variable, a flag, or the default
        #[arg(long)]
        origin: bool,
    },
    /// Check the configuration without a network; `stocktake check` uses it
    Check {
        /// Fail only for what keeps `run` from starting: a tenant or sink whose files are missing is
        /// reported, because `run` starts without it and tries again
        #[arg(long)]
        lenient: bool,
    },
    /// Print the JSON Schema of the configuration
    Schema,
    /// Write a commented configuration file to start from
    Init {
        /// Where to write it; an existing file is not replaced
        #[arg(default_value = "stocktake.toml")]
        path: PathBuf,
    },
}

impl ConfigCommand {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        match self.verb {
            Verb::Show { origin: false } => show(context)?,
            Verb::Show { origin: true } => show_origins(context)?,
            Verb::Check { lenient } => check(lenient, context).await?,
            Verb::Schema => context.output.json(&config::schema(&context.flags.sinks))?,
            Verb::Init { path } => init(&path, context)?,
        }
        Ok(ExitStatus::Success)
    }
}

/// Finds what is wrong with the configuration and with the files that it names.
async fn check(lenient: bool, context: &Context) -> Result<(), CommandError> {
    let Loaded { config, overridden, .. } = context.loaded()?;
    for config::Overridden { key, of, by } in &overridden {
        context.output.note(format_args!("`{key}`: {by} counts, {of} does not"));
    }
    let sink_context = wiring::sink_context(&config, None)?;
    let transport = &sink_context.http.transport;
    let mut faults = Vec::new();
    let tenants = wiring::choose(&config, &[])?;
    for (name, tenant) in &tenants {
        match wiring::access(name, tenant, &config, transport) {
            Ok(access) => {
                if let Err(error) = access.tokens.try_credential().await {
                    let key = match &tenant.credential {
                        Some(credential) => format!("credentials.{credential}"),
                        None => format!("tenants.{name}"),
                    };
                    faults.push(ConfigFault::new(key, chain(&error)));
                }
            }
            Err(error) => collect(error, &mut faults)?,
        }
    }
    let counts = (tenants.len() as u64, config.sinks.len() as u64);
    for (name, sink) in wiring::sinks(&config, &sink_context) {
        match sink {
            Ok(sink) => {
                if let Some(remote) = &sink.remote
                    && let Err(error) = remote.credential.token(&TokenScope::new(name)).await
                {
                    faults.push(ConfigFault::new(format!("sinks.{name}"), chain(&error)));
                }
            }
            Err(error) => collect(error, &mut faults)?,
        }
    }
    // Several tenants may name one credential.
    faults.dedup();
    let left_out = faults.len();
    if !faults.is_empty() {
        let error = CommandError::from(ConfigError(faults));
        if !lenient {
            return Err(error);
        }
        context.output.error(&error);
    }
    let (tenants, sinks) = counts;
    match context.output.format() {
        Format::Json => context
            .output
            .json(&serde_json::json!({ "tenants": tenants, "sinks": sinks, "faults": left_out })),
        Format::Text => {
            let counted = crate::output::counted;
            let verdict = match left_out {
                0 => "nothing is wrong with their configuration",
                _ => {
                    "`run` starts without the parts that are reported, and uses them once they are fixed"
                }
            };
            context.output.text(format_args!(
                "{} and {}; {verdict}",
                counted(tenants, "tenant", "tenants"),
                counted(sinks, "sink", "sinks"),
            ))
        }
    }
}

/// Keeps the faults of one part, so that those of the others are reported too.
fn collect(error: CommandError, faults: &mut Vec<ConfigFault>) -> Result<(), CommandError> {
    match error {
        CommandError::Config(ConfigError(found)) => faults.extend(found),
        // A sink reports its own settings so, with the key in the message.
        CommandError::Failed { code: Some(ErrorCode::Configuration), message, .. } => {
            faults.push(ConfigFault::new("", message));
        }
        other => return Err(other),
    }
    Ok(())
}

fn show(context: &Context) -> Result<(), CommandError> {
    let shown = shown(&context.config()?)?;
    match context.output.format() {
        Format::Json => context.output.json(&shown),
        Format::Text => {
            let text = toml::to_string_pretty(&shown).map_err(|error| unwritable(&error))?;
            context.output.text(text.trim_end())
        }
    }
}

/// Prints each value with what set it.
fn show_origins(context: &Context) -> Result<(), CommandError> {
    let loaded = context.loaded()?;
    let mut lines = Vec::new();
    flatten("", &shown(&loaded.config)?, &mut lines);
    let origin = |key: &str| {
        loaded.origins.get(key).map_or_else(|| "default".to_owned(), ToString::to_string)
    };
    match context.output.format() {
        Format::Json => {
            let keys = lines.into_iter().map(|(key, value)| {
                let origin = origin(&key);
                (key, serde_json::json!({ "value": value, "origin": origin }))
            });
            context.output.json(&keys.collect::<serde_json::Map<_, _>>())
        }
        Format::Text => lines.into_iter().try_for_each(|(key, value)| {
            let value = toml::Value::try_from(&value).map_err(|error| unwritable(&error))?;
            context.output.text(format_args!("{key} = {value}  # {}", origin(&key)))
        }),
    }
}

fn unwritable(error: &dyn std::error::Error) -> CommandError {
    CommandError::failed(format!("cannot write TOML: {error}"))
}

/// The configuration without secrets: neither those that it holds nor those that stand where a file
/// should be named.
fn shown(config: &Config) -> Result<Value, CommandError> {
    let mut shown = serde_json::to_value(config).map_err(|error| {
        CommandError::failed(format!("cannot write the configuration: {error}"))
    })?;
    hide_secrets(&mut shown);
    Ok(shown)
}

fn hide_secrets(value: &mut Value) {
    let Value::Object(table) = value else { return };
    for (name, value) in table {
        match value {
            Value::String(path) if name.ends_with("_file") => {
                let path_shown = ShownPath(Path::new(path));
                if !path_shown.is_shown() {
                    *value = path_shown.to_string().into();
                }
            }
            other => hide_secrets(other),
        }
    }
}

/// The values of all tables, each under its whole key.
fn flatten(path: &str, value: &Value, lines: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(table) => {
            for (name, value) in table {
                flatten(&key(path, name), value, lines);
            }
        }
        value => lines.push((path.to_owned(), value.clone())),
    }
}

fn init(path: &Path, context: &Context) -> Result<(), CommandError> {
    // The user may write a secret into it.
    super::init::write_private(path, TEMPLATE)?;
    context.output.note(format_args!(
        "wrote {}; fill in the tenant and the sink, then run `stocktake check`",
        path.display()
    ));
    Ok(())
}
