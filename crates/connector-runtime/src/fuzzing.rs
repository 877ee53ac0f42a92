//! The private parsers of untrusted bytes, for `fuzz/`. Not part of the public API.

use chrono::{DateTime, Utc};
use stocktake_connector_core::{Inventory, Mapper as _, SourceName, TenantName};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_ocsf_model::Version;
use stocktake_sinks::{OcsfForm, SinkRegistry, VOLATILE};

use crate::commands::map::{self, Managed};
use crate::config;

/// A configuration in TOML.
///
/// # Errors
/// Its faults, as the program prints them.
pub fn toml_configuration(text: &str) -> Result<(), String> {
    config::check_text(text, &SinkRegistry::builtin()).map_err(|faults| faults.to_string())
}

/// A configuration in YAML.
///
/// # Errors
/// Its faults, as the program prints them.
pub fn yaml_configuration(text: &str) -> Result<(), String> {
    config::check_yaml(text, &SinkRegistry::builtin()).map_err(|faults| faults.to_string())
}

/// What `stocktake map` makes of an input: strict OCSF events.
pub fn map_input(machines: &[u8], managed_devices: Option<&[u8]>) -> Vec<Vec<u8>> {
    let Ok(machines) = map::records::<Machine>(machines) else { return Vec::new() };
    let managed = managed_devices
        .and_then(|devices| map::records::<ManagedDevice>(devices).ok())
        .map(Managed::new);
    let (Ok(tenant), Ok(source)) = (TenantName::new("fuzz"), SourceName::new("fuzz")) else {
        return Vec::new();
    };
    let inventory = Inventory { tenant, source };
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let mapper = DefenderMapper::new(MapperOptions::default());
    let form = OcsfForm::new(Version::default(), mapper.fingerprint(), VOLATILE);
    let event = |machine: &Machine| {
        let mut line = Vec::new();
        map::encode(machine, managed.as_ref(), &mapper, &form, &inventory, now, &mut line).ok()?;
        Some(line)
    };
    machines.records.iter().filter_map(event).collect()
}
