//! The example pair: what every fleet begins with.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::identifiers::Guid;

static EXAMPLE: LazyLock<Example> = LazyLock::new(Example::read);

struct Example {
    machine_line: String,
    machine_id: String,
    last_seen: Option<DateTime<Utc>>,
    managed_device: Map<String, Value>,
    managed_device_id: Guid,
    directory_id: Guid,
}

impl Example {
    fn read() -> Self {
        let machine = fields(include_str!("example_machine.json"));
        let managed_device = fields(include_str!("example_managed_device.json"));
        Self {
            machine_id: text(&machine, "id").to_owned(),
            last_seen: text(&machine, "lastSeen").parse().ok(),
            managed_device_id: guid(&managed_device, "id"),
            directory_id: guid(&managed_device, "azureADDeviceId"),
            managed_device,
            machine_line: Value::Object(machine).to_string(),
        }
    }
}

/// The machine, on one line.
pub(crate) fn machine() -> &'static str {
    &EXAMPLE.machine_line
}

pub(crate) fn machine_id() -> &'static str {
    &EXAMPLE.machine_id
}

pub(crate) fn last_seen() -> Option<DateTime<Utc>> {
    EXAMPLE.last_seen
}

/// A field of the managed device, as JSON.
pub(crate) fn managed_device_field(name: &str) -> Option<String> {
    EXAMPLE.managed_device.get(name).map(Value::to_string)
}

pub(crate) fn managed_device_id() -> Guid {
    EXAMPLE.managed_device_id
}

pub(crate) fn directory_id() -> Guid {
    EXAMPLE.directory_id
}

fn fields(document: &str) -> Map<String, Value> {
    serde_json::from_str(document).unwrap_or_default()
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn guid(fields: &Map<String, Value>, name: &str) -> Guid {
    Guid::parse(text(fields, name)).unwrap_or(Guid::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pair_is_complete_and_joined_by_the_directory_id() {
        let machine: Value = serde_json::from_str(machine()).unwrap();
        assert_eq!(machine["aadDeviceId"], directory_id().to_string());
        assert_eq!(machine["id"], machine_id());
        assert!(last_seen().is_some());
        assert_ne!(managed_device_id(), Guid::ZERO);
    }
}
