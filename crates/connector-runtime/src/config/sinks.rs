//! Sinks in the configuration: tables whose keys the registry of sinks knows.

use std::collections::BTreeMap;

use figment::Figment;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use stocktake_sinks::{ConfiguredSink, SettingsProblem, SinkRegistry};

use super::environment::PREFIX;
use super::{Config, ConfigFault, unknown};

/// One sink. Its `type` says which kind; the registry knows the other keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Map<String, Value>")]
pub(crate) enum SinkConfig {
    /// As it is in the file or the environment, before [`read_all`].
    Unread(Map<String, Value>),
    /// Valid.
    Read(ConfiguredSink),
}

impl SinkConfig {
    /// The settings; `None` before [`read_all`].
    pub(crate) fn settings(&self) -> Option<&ConfiguredSink> {
        match self {
            Self::Unread(_) => None,
            Self::Read(settings) => Some(settings),
        }
    }
}

impl From<Map<String, Value>> for SinkConfig {
    fn from(table: Map<String, Value>) -> Self {
        Self::Unread(table)
    }
}

impl Serialize for SinkConfig {
    /// A table that was not read may hold a secret under any key, so only its type is shown.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Read(settings) => settings.serialize(serializer),
            Self::Unread(table) => serializer.collect_map(table.get_key_value("type")),
        }
    }
}

/// A placeholder: [`schema`] replaces it by the types of the registry.
impl JsonSchema for SinkConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SinkConfig".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// The JSON Schema of the configuration with the sinks of `registry`.
pub(crate) fn schema(registry: &SinkRegistry) -> Value {
    let mut schema = Value::from(schemars::schema_for!(Config));
    if let Some(place) = schema.pointer_mut("/$defs/SinkConfig") {
        *place = registry.schema();
        if let Some(place) = place.as_object_mut() {
            let description = "One sink. Its `type` says which kind.";
            place.insert("description".to_owned(), description.into());
        }
    }
    schema
}

/// Reads and validates every sink. `figment` knows where a value comes from.
pub(super) fn read_all(
    sinks: &mut BTreeMap<String, SinkConfig>,
    registry: &SinkRegistry,
    figment: &Figment,
) -> Vec<ConfigFault> {
    let mut faults = Vec::new();
    for (name, sink) in sinks {
        let SinkConfig::Unread(table) = sink else { continue };
        match registry.read(table.clone()) {
            Ok(settings) => *sink = SinkConfig::Read(settings),
            Err(found) => faults.extend(found.into_iter().map(|fault| {
                let key = format!("sinks.{name}.{}", fault.path);
                let origin = origin(figment, &key);
                ConfigFault { problem: describe(&key, fault.problem), key, origin }
            })),
        }
    }
    faults
}

/// Where the value of `key` comes from; for a key that is missing, where its table does.
fn origin(figment: &Figment, key: &str) -> Option<String> {
    let mut key = key;
    loop {
        if let Some(metadata) = figment.find_metadata(key) {
            let path: Vec<_> = key.split('.').map(str::to_owned).collect();
            return Some(super::error::origin(metadata, &path));
        }
        (key, _) = key.rsplit_once('.')?;
    }
}

/// What is wrong with the value of `key`, and what to do.
pub(super) fn describe(key: &str, problem: SettingsProblem) -> String {
    let name = key.rsplit('.').next().unwrap_or(key);
    match problem {
        SettingsProblem::UnknownKey { known } => {
            unknown("key", name, &known.iter().map(String::as_str).collect::<Vec<_>>())
        }
        SettingsProblem::UnknownValue { value, known } => {
            unknown("value", &value, &known.iter().map(String::as_str).collect::<Vec<_>>())
        }
        SettingsProblem::Missing => "is missing; set it in the file or by the environment".into(),
        SettingsProblem::SecretMissing => {
            let variable = variable(key);
            format!("is missing; set `{name}_file`, or the environment variable {variable}")
        }
        SettingsProblem::SecretEmpty => {
            let variable = variable(key);
            format!("is empty; set {variable} or `{name}_file`")
        }
        other => other.to_string(),
    }
}

/// The environment variable that sets `key`.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}
