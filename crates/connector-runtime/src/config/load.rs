//! Reading the configuration from its places.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Data, Format, Serialized, Toml};
use stocktake_sinks::SinkRegistry;

use super::environment::{CONFIG_VARIABLE, Environment};
use super::telemetry::ENDPOINT_VARIABLES;
use super::yaml::Yaml;
use super::{Config, ConfigError, ConfigFault, LogFormat, sinks, validate};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "stocktake.toml";

/// Flags that set a key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// The file to read.
    pub(crate) config: Option<PathBuf>,
    /// `log.level`.
    pub(crate) log_level: Option<String>,
    /// `log.format`.
    pub(crate) log_format: Option<LogFormat>,
    /// The types of sinks that `sinks` may name.
    pub(crate) sinks: SinkRegistry,
}

/// Reads, merges and checks the configuration.
///
/// # Errors
/// [`ConfigError`] with every fault that can be found in one reading.
pub(crate) fn load(
    flags: &Flags,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let variables: Vec<_> = variables.into_iter().collect();
    let named = flags.config.clone().or_else(|| {
        variables
            .iter()
            .find(|(name, _)| name == CONFIG_VARIABLE)
            .map(|(_, path)| PathBuf::from(path))
    });
    let mut figment = Figment::new();
    for (name, value) in &variables {
        let usual = ENDPOINT_VARIABLES.iter().find(|(variable, _)| variable == name);
        if let Some((_, key)) = usual.filter(|_| !value.trim().is_empty()) {
            figment = figment.merge(Serialized::default(&format!("telemetry.{key}"), value));
        }
    }
    match named {
        Some(path) => figment = merge_file(figment, &path)?,
        None if Path::new(DEFAULT_FILE).exists() => {
            figment = merge_file(figment, Path::new(DEFAULT_FILE))?;
        }
        None => {}
    }
    figment = figment.merge(Environment::from_variables(variables.iter().cloned()));
    if let Some(level) = &flags.log_level {
        figment = figment.merge(Serialized::default("log.level", level));
    }
    if let Some(format) = &flags.log_format {
        figment = figment.merge(Serialized::default("log.format", format));
    }
    read(&figment, &flags.sinks, &variables)
}

/// Reads and checks what was merged: every fault of the sinks' tables, then every other one.
fn read(
    figment: &Figment,
    registry: &SinkRegistry,
    variables: &[(String, String)],
) -> Result<Config, ConfigError> {
    let mut config: Config = figment.extract()?;
    let faults = sinks::read_all(&mut config.sinks, registry, figment);
    validate::validate(&config, variables, faults)?;
    Ok(config)
}

/// Checks the text of a TOML file before it is written.
///
/// # Errors
/// As for [`load`].
pub(crate) fn check_text(text: &str, registry: &SinkRegistry) -> Result<(), ConfigError> {
    read(&Figment::new().merge(Toml::string(text)), registry, &[]).map(drop)
}

/// Reads a configuration that a command makes.
///
/// # Errors
/// As for [`load`].
pub(crate) fn from_value(
    value: &serde_json::Value,
    registry: &SinkRegistry,
) -> Result<Config, ConfigError> {
    read(&Figment::new().merge(Serialized::defaults(value)), registry, &[])
}

/// Checks the text of a YAML file, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub(crate) fn check_yaml(text: &str, registry: &SinkRegistry) -> Result<(), ConfigError> {
    read(&Figment::new().merge(Data::<Yaml>::string(text)), registry, &[]).map(drop)
}

fn merge_file(figment: Figment, path: &Path) -> Result<Figment, ConfigError> {
    // figment takes an absent file for an empty one; a named file that is absent is a mistake.
    let text = std::fs::read_to_string(path).map_err(|error| {
        ConfigError(vec![ConfigFault {
            key: String::new(),
            problem: format!("cannot be read: {error}; `stocktake config init` writes one"),
            origin: Some(path.display().to_string()),
        }])
    })?;
    drop(text);
    let extension = path.extension().and_then(|extension| extension.to_str());
    Ok(match extension {
        Some("yaml" | "yml") => figment.merge(Data::<Yaml>::file_exact(path)),
        _ => figment.merge(Toml::file_exact(path)),
    })
}
