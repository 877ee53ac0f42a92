//! Settings of sinks: from a table of the configuration to a checked value, with every fault at once.

pub mod duration;
mod schema;
mod secret;

use std::fmt;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use stocktake_connector_core::{Failure, SinkName};

pub use secret::{RedactedText, SecretSetting};

use crate::{BuiltSink, SinkContext};

/// What the author of a sink writes about its configuration.
///
/// # Shape
/// Derive the supertraits, with `#[serde(deny_unknown_fields)]`; the comments of the fields become the
/// settings table of the book. Durations are written with [`duration`], secrets as [`RedactedText`]
/// next to a `…_file`. One line, [`SinkRegistry::with`](crate::SinkRegistry::with), registers the type.
///
/// # Errors
/// [`SinkSettings::validate`] finds every fault that can be seen without touching anything outside;
/// [`SinkSettings::build`] fails where a file or a connection is not as the settings say.
pub trait SinkSettings:
    fmt::Debug + Clone + Send + Sync + Serialize + DeserializeOwned + JsonSchema + 'static
{
    /// The `type` of the sink in the configuration: `sekoia`.
    const TYPE: &'static str;

    /// The APIs that it calls, as metrics, spans and errors name them. Empty for a local sink.
    const APIS: &'static [&'static str] = &[];

    /// The page of the book, in Markdown. The table of settings is put in place of
    /// [`SETTINGS_MARK`](crate::SETTINGS_MARK).
    const DOCUMENTATION: &'static str;

    /// Keys that are gone, each with what to do instead.
    const REMOVED_KEYS: &'static [(&'static str, &'static str)] = &[];

    /// Finds what a type cannot: values that make no sense, alone or together.
    fn validate(&self, faults: &mut Faults) {
        let _ = faults;
    }

    /// Builds the sink.
    ///
    /// # Errors
    /// [`Failure`] whose message names the key.
    fn build(&self, name: &SinkName, context: &SinkContext) -> Result<BuiltSink, Failure>;
}

/// One thing that is wrong with the settings of a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFault {
    /// The key within the sink's table: `api_key`, `tls.client_key_file`.
    pub path: String,
    /// What is wrong with it. Never repeats a value that may be a secret.
    pub problem: SettingsProblem,
}

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsProblem {
    /// There is no such key.
    UnknownKey {
        /// Every key of the table.
        known: Vec<String>,
    },
    /// The value is not one of the choices.
    UnknownValue {
        /// The value, to find the nearest choice; it may be a secret in the wrong place.
        value: RedactedText,
        /// Every choice.
        known: Vec<String>,
    },
    /// The key is required.
    Missing,
    /// Neither the secret nor its file is set.
    SecretMissing,
    /// The secret is set, and empty.
    SecretEmpty,
    /// Another key that excludes this one is set, too.
    SetTwice {
        /// The other key.
        other: String,
    },
    /// Anything else, with what to do.
    Invalid(String),
}

impl fmt::Display for SettingsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.problem)
    }
}

impl fmt::Display for SettingsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { known } => {
                write!(f, "unknown key; known are {}", known.join(", "))
            }
            Self::UnknownValue { known, .. } => {
                write!(f, "unknown value; known are {}", known.join(", "))
            }
            Self::Missing => f.write_str("is missing"),
            Self::SecretMissing => f.write_str("is missing; set it, or its file"),
            Self::SecretEmpty => f.write_str("is empty"),
            Self::SetTwice { other } => {
                write!(f, "is set, and so is `{other}`; keep one of them")
            }
            Self::Invalid(problem) => f.write_str(problem),
        }
    }
}

/// Collects faults.
#[derive(Debug, Default)]
pub struct Faults(Vec<SettingsFault>);

impl Faults {
    /// Notes a fault of `path`.
    pub fn push(&mut self, path: impl Into<String>, problem: SettingsProblem) {
        self.0.push(SettingsFault { path: path.into(), problem });
    }

    /// Notes that the value of `path` cannot be used, and what to do.
    pub fn invalid(&mut self, path: impl Into<String>, problem: impl Into<String>) {
        self.push(path, SettingsProblem::Invalid(problem.into()));
    }

    /// Notes a value below `least`.
    pub fn at_least<N: PartialOrd + fmt::Display>(&mut self, path: &str, value: N, least: N) {
        if value < least {
            self.invalid(path, format!("must be at least {least}"));
        }
    }

    /// Notes a secret that is not set, empty, or set twice: as `path` and as `path_file`.
    pub fn one_secret(&mut self, path: &str, value: Option<&RedactedText>, file: Option<&Path>) {
        match (value, file) {
            (None, None) => self.push(path, SettingsProblem::SecretMissing),
            (Some(value), None) if value.is_blank() => {
                self.push(path, SettingsProblem::SecretEmpty);
            }
            (Some(_), Some(_)) => {
                self.push(path, SettingsProblem::SetTwice { other: format!("{path}_file") });
            }
            _ => {}
        }
    }
}

impl IntoIterator for Faults {
    type Item = SettingsFault;
    type IntoIter = std::vec::IntoIter<SettingsFault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Reads and validates settings.
///
/// Environment variables hold strings only: where the schema asks for a number, a boolean or a list
/// (separated by commas), a string that can be read as one is taken.
pub(crate) fn read<S: SinkSettings>(table: Map<String, Value>) -> Result<S, Vec<SettingsFault>> {
    let mut value = Value::Object(table);
    let found = check::<S>(&mut value, S::REMOVED_KEYS);
    if !found.is_empty() {
        return Err(found);
    }
    let settings: S = from_checked(value)?;
    let mut faults = Faults::default();
    settings.validate(&mut faults);
    if faults.0.is_empty() { Ok(settings) } else { Err(faults.0) }
}

/// Every fault of `value` by the JSON Schema of `T`. What a string, an empty table or a key without a
/// value stands for is put in its place. `removed` are keys that are gone, each with what to do instead.
pub fn check<T: JsonSchema>(value: &mut Value, removed: &[(&str, &str)]) -> Vec<SettingsFault> {
    let mut faults = Faults::default();
    schema::check(&schema::of::<T>(), value, removed, &mut faults);
    faults.0
}

/// Deserializes what [`check`] found no fault in.
///
/// # Errors
/// What a type refuses that its schema allows, such as a text that is not a duration.
pub fn from_checked<T: DeserializeOwned>(value: Value) -> Result<T, Vec<SettingsFault>> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let problem = SettingsProblem::Invalid(error.into_inner().to_string());
        vec![SettingsFault { path, problem }]
    })
}

pub use schema::key;
pub(crate) use schema::of as schema_of;
