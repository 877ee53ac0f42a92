//! The types of sinks that a configuration can name.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};
use stocktake_connector_core::{Failure, SinkName};

use crate::settings::{self, SettingsFault, SettingsProblem};
use crate::{BuiltSink, SinkContext, SinkSettings};

/// Stands in a documentation page where the table of settings goes.
pub const SETTINGS_MARK: &str = "<!-- settings -->";

/// The key that names the type.
const TYPE: &str = "type";

impl SinkRegistry {
    /// The sinks of this crate. A new one is its folder and one line here.
    pub fn builtin() -> Self {
        let registry = Self::default();
        #[cfg(feature = "file")]
        let registry = registry.with::<crate::file::FileSettings>();
        #[cfg(feature = "sekoia")]
        let registry = registry.with::<crate::sekoia::SekoiaSettings>();
        #[cfg(feature = "stdout")]
        let registry = registry.with::<crate::stdout::StdoutSettings>();
        registry
    }
}

/// The types of sinks that a configuration can name.
#[derive(Debug, Clone, Default)]
pub struct SinkRegistry {
    types: Vec<SinkType>,
}

impl SinkRegistry {
    /// The same registry with one more type. One of the same name is replaced.
    #[must_use]
    pub fn with<S: SinkSettings>(mut self) -> Self {
        self.types.retain(|known| known.name != S::TYPE);
        self.types.push(SinkType::new::<S>());
        self
    }

    /// Every type, in the order of registration.
    pub fn types(&self) -> &[SinkType] {
        &self.types
    }

    /// The APIs that sinks of any type call, each once.
    pub fn apis(&self) -> Vec<&'static str> {
        let mut apis: Vec<_> = self.types.iter().flat_map(SinkType::apis).copied().collect();
        apis.sort_unstable();
        apis.dedup();
        apis
    }

    /// Reads and validates the table of one sink, its `type` included.
    ///
    /// # Errors
    /// Every fault of the table.
    pub fn read(
        &self,
        mut table: Map<String, Value>,
    ) -> Result<ConfiguredSink, Vec<SettingsFault>> {
        let fault = |problem| vec![SettingsFault { path: TYPE.to_owned(), problem }];
        let name = match table.remove(TYPE) {
            Some(Value::String(name)) => name,
            Some(_) => {
                return Err(fault(SettingsProblem::Invalid("is not a string".into())));
            }
            None => return Err(fault(SettingsProblem::Missing)),
        };
        match self.types.iter().find(|known| known.name == name) {
            Some(known) => (known.read)(table),
            None => {
                let known = self.types.iter().map(|known| known.name.to_owned()).collect();
                Err(fault(SettingsProblem::UnknownValue { value: name.into(), known }))
            }
        }
    }

    /// The JSON Schema of the table of one sink, without references.
    pub fn schema(&self) -> Value {
        json!({ "oneOf": self.types.iter().map(SinkType::schema).collect::<Vec<_>>() })
    }
}

/// A type of sink.
#[derive(Clone)]
pub struct SinkType {
    name: &'static str,
    apis: &'static [&'static str],
    documentation: &'static str,
    schema: fn() -> Value,
    read: fn(Map<String, Value>) -> Result<ConfiguredSink, Vec<SettingsFault>>,
}

impl SinkType {
    fn new<S: SinkSettings>() -> Self {
        Self {
            name: S::TYPE,
            apis: S::APIS,
            documentation: S::DOCUMENTATION,
            schema: settings::schema_of::<S>,
            read: |table| Ok(ConfiguredSink(Arc::new(settings::read::<S>(table)?))),
        }
    }

    /// Its name, the value of `type`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The APIs that it calls, as metrics, spans and errors name them.
    pub fn apis(&self) -> &'static [&'static str] {
        self.apis
    }

    /// Its page of the book, in Markdown, with [`SETTINGS_MARK`] in place of the table of settings.
    pub fn documentation(&self) -> &'static str {
        self.documentation
    }

    /// The JSON Schema of its table, `type` included, without references.
    pub fn schema(&self) -> Value {
        let mut schema = (self.schema)();
        let of_type = json!({
            "const": self.name,
            "description": "Which kind of sink this is.",
            "type": "string",
        });
        if let Some(table) = schema.as_object_mut() {
            let entry = table.entry("properties").or_insert_with(|| json!({}));
            if let Some(properties) = entry.as_object_mut() {
                properties.insert(TYPE.to_owned(), of_type);
            }
            let entry = table.entry("required").or_insert_with(|| json!([]));
            if let Some(required) = entry.as_array_mut() {
                required.insert(0, TYPE.into());
            }
        }
        schema
    }
}

impl fmt::Debug for SinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkType").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Settings of any type, valid and ready to build. Serialized as they are in the configuration, with
/// defaults filled in and secrets redacted.
#[derive(Debug, Clone)]
pub struct ConfiguredSink(Arc<dyn AnySettings>);

impl ConfiguredSink {
    /// The name of the type.
    pub fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    /// The APIs that the sink calls.
    pub fn apis(&self) -> &'static [&'static str] {
        self.0.apis()
    }

    /// Builds the sink under the name that it has in the configuration.
    ///
    /// # Errors
    /// When a file or a connection is not as the settings say. The message names the key.
    pub fn build(&self, name: &SinkName, context: &SinkContext) -> Result<BuiltSink, Failure> {
        self.0.build(name, context)
    }
}

impl Serialize for ConfiguredSink {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0.to_json().map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

/// [`SinkSettings`] behind a pointer.
trait AnySettings: fmt::Debug + Send + Sync {
    fn type_name(&self) -> &'static str;
    fn apis(&self) -> &'static [&'static str];
    fn to_json(&self) -> serde_json::Result<Value>;
    fn build(&self, name: &SinkName, context: &SinkContext) -> Result<BuiltSink, Failure>;
}

impl<S: SinkSettings> AnySettings for S {
    fn type_name(&self) -> &'static str {
        S::TYPE
    }

    fn apis(&self) -> &'static [&'static str] {
        S::APIS
    }

    fn to_json(&self) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(self)?;
        remove_nulls(&mut value);
        if let Value::Object(table) = &mut value {
            table.insert(TYPE.to_owned(), S::TYPE.into());
        }
        Ok(value)
    }

    fn build(&self, name: &SinkName, context: &SinkContext) -> Result<BuiltSink, Failure> {
        SinkSettings::build(self, name, context)
    }
}

/// Removes keys that are not set: TOML cannot express them.
fn remove_nulls(value: &mut Value) {
    if let Value::Object(table) = value {
        table.retain(|_, value| !value.is_null());
        table.values_mut().for_each(remove_nulls);
    }
}
