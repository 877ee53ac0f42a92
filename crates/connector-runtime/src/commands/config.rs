//! `stocktake config`: what can be set, what is set, and a file to start from.

use std::path::{Path, PathBuf};

use crate::cli::{CommandError, Context, Ending};
use crate::config::{Config, TEMPLATE};
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
    Show,
    /// Check the configuration without asking anybody; `stocktake check` asks
    Check,
    /// Print the JSON Schema of the configuration
    Schema,
    /// Write a commented configuration file to start from
    Init {
        /// Where to; an existing file is left alone
        #[arg(default_value = "stocktake.toml")]
        path: PathBuf,
    },
}

impl ConfigCommand {
    pub(crate) fn execute(self, context: &Context) -> Result<Ending, CommandError> {
        match self.verb {
            Verb::Show => show(context)?,
            Verb::Check => check(context)?,
            Verb::Schema => context.output.json(&schemars::schema_for!(Config))?,
            Verb::Init { path } => init(&path, context)?,
        }
        Ok(Ending::Fine)
    }
}

/// Finds what is wrong with the configuration, and with the files of certificates that it names.
fn check(context: &Context) -> Result<(), CommandError> {
    let config = context.config()?;
    let transport = wiring::transport(&config.http)?;
    let (tenants, sinks) = (wiring::choose(&config, &[])?, wiring::sinks(&config, &transport)?);
    for (name, tenant) in &tenants {
        wiring::access(name, tenant, &config, &transport)?;
    }
    let counted = crate::output::counted;
    context.output.text(format_args!(
        "{} and {}; nothing is wrong with their configuration",
        counted(tenants.len() as u64, "tenant", "tenants"),
        counted(sinks.len() as u64, "sink", "sinks"),
    ))
}

fn show(context: &Context) -> Result<(), CommandError> {
    let config = context.config()?;
    match context.output.format() {
        Format::Json => context.output.json(&config),
        Format::Text => {
            let text = toml::to_string_pretty(&config)
                .map_err(|error| CommandError::failed(format!("cannot write TOML: {error}")))?;
            context.output.text(text.trim_end())
        }
    }
}

fn init(path: &Path, context: &Context) -> Result<(), CommandError> {
    // A secret may be written into it.
    super::init::write_private(path, TEMPLATE)?;
    context.output.text(format_args!(
        "wrote {}; fill in the tenant and the sink, then run `stocktake check`",
        path.display()
    ))
}
