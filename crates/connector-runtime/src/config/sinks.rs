//! Sinks in the configuration: tables whose keys the registry of sinks knows.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use stocktake_sinks::settings::key;
use stocktake_sinks::{ConfiguredSink, SettingsFault, SinkRegistry};

use super::Config;

/// One sink. Its `type` says which kind; the registry knows the other keys.
#[derive(Clone, Deserialize)]
#[serde(from = "Map<String, Value>")]
pub(crate) enum SinkConfig {
    /// As it is in the file or the environment: not read yet, or with a fault.
    Unread(Map<String, Value>),
    /// Valid.
    Read(ConfiguredSink),
}

impl SinkConfig {
    /// The settings; `None` for a table that was not read.
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

impl fmt::Debug for SinkConfig {
    // By hand, because a table that was not read may hold a secret under any key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(_) => f.write_str("Unread"),
            Self::Read(settings) => f.debug_tuple("Read").field(settings).finish(),
        }
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

/// Reads and validates every sink of `tables`. One with a fault stays unread.
pub(super) fn read_all(
    tables: Value,
    registry: &SinkRegistry,
) -> (BTreeMap<String, SinkConfig>, Vec<SettingsFault>) {
    let (mut sinks, mut faults) = (BTreeMap::new(), Vec::new());
    // Anything but tables is a fault that was found before.
    let Value::Object(tables) = tables else { return (sinks, faults) };
    for (name, table) in tables {
        let Value::Object(table) = table else { continue };
        let sink = match registry.read(table.clone()) {
            Ok(settings) => SinkConfig::Read(settings),
            Err(found) => {
                let sink = key("sinks", &name);
                faults.extend(found.into_iter().map(|fault| SettingsFault {
                    path: format!("{sink}.{}", fault.path),
                    problem: fault.problem,
                }));
                SinkConfig::Unread(table)
            }
        };
        sinks.insert(name, sink);
    }
    (sinks, faults)
}
