//! Reading the configuration from its places.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stocktake_http_stack::proxy_variable_faults;
use stocktake_sinks::settings::{self, key};
use stocktake_sinks::{SettingsFault, SinkRegistry};

use super::environment::{CONFIG_VARIABLE, DEFAULTS_VARIABLE, Environment, NAMED, Variables};
use super::tree::{KeyOrigin, Node, Origins, Overridden, Places};
use super::{
    Config, ConfigError, ConfigFault, LogFormat, describe, file, sinks, telemetry, validate,
};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "stocktake.toml";

/// Variables without effect that a warning names; more are counted.
const MAX_NAMED: usize = 5;

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

/// A number for the content of each part of a configuration: of a table such as `http`, of an entry such
/// as `sinks.soc`.
pub(crate) type PartDigests = BTreeMap<String, u64>;

/// A configuration, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// What set each key.
    pub(crate) origins: Origins,
    /// Values that do not count, because another place sets the same key.
    pub(crate) overridden: Vec<Overridden>,
    /// What in the environment has no effect, and why.
    pub(crate) notes: Vec<String>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    pub(crate) parts: PartDigests,
}

/// Reads, merges and checks the configuration.
///
/// # Errors
/// [`ConfigError`] with every fault that can be found in one reading.
pub(crate) fn load(flags: &Flags, variables: &Variables) -> Result<Loaded, ConfigError> {
    let mut notes = Vec::new();
    let mut places = Places::default();
    places.add(telemetry::usual_endpoints(variables, &mut notes));
    if let Some(path) = variables.get(DEFAULTS_VARIABLE) {
        places.add(file::read(Path::new(path))?);
    }
    let named = variables.get(CONFIG_VARIABLE).map(PathBuf::from);
    let file = flags.config.clone().or(named).or_else(|| {
        let usual = PathBuf::from(DEFAULT_FILE);
        usual.exists().then_some(usual)
    });
    if let Some(path) = &file {
        places.add(file::read(path)?);
    }
    let below = places.merged()?;
    let environment = Environment::read(variables, &below);
    notes.extend(ignored(&environment.ignored));
    let overridden = below.overridden_by(&environment.tree);
    places.add(environment.tree);
    let mut given = Node::table(KeyOrigin::Program);
    let mut set = |path: [&str; 2], value: &str, flag| {
        given.set(&path.map(str::to_owned), Node::value(value, KeyOrigin::Flag(flag)));
    };
    if let Some(level) = &flags.log_level {
        set(["log", "level"], level, "--log-level");
    }
    if let Some(format) = flags.log_format {
        set(["log", "format"], format.name(), "--log-format");
    }
    places.add(given);
    let tree = places.merged()?;
    let mut config = match read(&tree, &flags.sinks, variables) {
        Ok(config) if environment.faults.is_empty() => config,
        read => {
            let mut faults = environment.faults;
            faults.extend(read.err().into_iter().flat_map(|ConfigError(found)| found));
            return Err(ConfigError(faults));
        }
    };
    config.telemetry.switch_off(variables, &mut notes);
    if config.http.proxy.is_none() {
        notes.extend(proxy_variable_faults(&|name| variables.get(name).map(str::to_owned)));
    }
    Ok(Loaded { config, origins: tree.origins(), overridden, notes, file, parts: parts(&tree) })
}

impl Loaded {
    /// How to read it again; `None` without a file, or when that is a pipe, which has its content once.
    pub(crate) fn rereading(&self, flags: &Flags) -> Option<Rereading> {
        let file = self.file.as_ref().filter(|file| file.is_file())?;
        let flags = Flags { config: Some(file.clone()), ..flags.clone() };
        Some(Rereading { flags, file: file.clone(), parts: self.parts.clone() })
    }
}

/// A configuration that can be read again.
#[derive(Debug, Clone)]
pub(crate) struct Rereading {
    pub(crate) flags: Flags,
    pub(crate) file: PathBuf,
    /// The parts as they were when it was last read.
    pub(crate) parts: PartDigests,
}

/// Reads and checks what was merged: the types of all values, then what they mean.
fn read(
    tree: &Node,
    registry: &SinkRegistry,
    variables: &Variables,
) -> Result<Config, ConfigError> {
    let mut value = tree.to_json();
    let mut faults = settings::check::<Config>(&mut value, &[]);
    let tables = value.as_object_mut().and_then(|tables| tables.remove("sinks"));
    let tables = tables.unwrap_or_default();
    let (sinks, of_sinks) = sinks::read_all(tables, registry);
    let is_typed = faults.is_empty();
    faults.extend(of_sinks);
    let config = match settings::from_checked::<Config>(value) {
        _ if !is_typed => None,
        Ok(config) => {
            let config = Config { sinks, ..config };
            faults.extend(validate::faults(&config, variables));
            Some(config)
        }
        Err(found) => {
            faults.extend(found);
            None
        }
    };
    match config {
        Some(config) if faults.is_empty() => Ok(config),
        _ => {
            let origins = tree.origins();
            let fault = |fault| described(fault, tree, &origins);
            Err(ConfigError(faults.into_iter().map(fault).collect()))
        }
    }
}

fn described(fault: SettingsFault, tree: &Node, origins: &Origins) -> ConfigFault {
    let SettingsFault { path, problem } = fault;
    let problem = describe::problem(&path, problem, tree);
    let origin = origins.nearest(&path).map(ToString::to_string);
    ConfigFault { key: path, problem, origin }
}

/// A warning that names variables which set nothing.
fn ignored(names: &[String]) -> Option<String> {
    let shown: Vec<_> =
        names.iter().take(MAX_NAMED).map(|name| name.escape_debug().to_string()).collect();
    let more = match names.len().saturating_sub(shown.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!shown.is_empty()).then(|| {
        format!(
            "{}{more}: not a setting; variables of settings have two underscores, as in \
             STOCKTAKE_LOG__LEVEL",
            shown.join(", ")
        )
    })
}

fn parts(tree: &Node) -> PartDigests {
    let mut parts = BTreeMap::new();
    for (table, node) in tree.entries() {
        if NAMED.contains(&table.as_str()) {
            parts.extend(node.entries().map(|(name, node)| (key(table, name), node.digest())));
        } else {
            parts.insert(table.clone(), node.digest());
        }
    }
    parts
}

/// Checks the text of a TOML file before it is written.
///
/// # Errors
/// As for [`load`].
pub(crate) fn check_text(text: &str, registry: &SinkRegistry) -> Result<(), ConfigError> {
    let tree = file::parse(text, Path::new(DEFAULT_FILE))?;
    read(&tree, registry, &Variables::default()).map(drop)
}

/// Reads a configuration that a command makes.
///
/// # Errors
/// As for [`load`].
pub(crate) fn from_value(value: &Value, registry: &SinkRegistry) -> Result<Config, ConfigError> {
    read(&Node::of_program(value), registry, &Variables::default())
}

/// Checks the text of a YAML file, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub(crate) fn check_yaml(text: &str, registry: &SinkRegistry) -> Result<(), ConfigError> {
    let tree = file::parse(text, Path::new("stocktake.yaml"))?;
    read(&tree, registry, &Variables::default()).map(drop)
}
