//! The private parsers of untrusted bytes, for `fuzz/`. Not part of the public API.

use std::io::Cursor;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{Inventory, Mapper as _, SourceName, SourceRecord as _, TenantName};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_ocsf_model::Version;
use stocktake_sinks::{OcsfForm, SinkRegistry, VOLATILE};

use crate::commands::map::{self, Managed};
use crate::config;
use crate::record_file::{FileRecord, RecordFile, TextFile};

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
    let managed = managed_devices.and_then(|devices| {
        let mut devices = file::<ManagedDevice>(devices)?;
        Managed::read(&mut devices, |_| {}).ok()
    });
    let (Ok(tenant), Ok(source)) = (TenantName::new("fuzz"), SourceName::new("fuzz")) else {
        return Vec::new();
    };
    let inventory = Inventory { tenant, source };
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let mapper = DefenderMapper::new(MapperOptions::default());
    let form = OcsfForm::new(Version::default(), mapper.fingerprint(), VOLATILE);
    let event = |machine: &Machine| {
        let mut line = Vec::new();
        let joined = (machine, machine.join_rule());
        map::encode(joined, managed.as_ref(), &mapper, &form, &inventory, now, &mut line).ok()?;
        Some(line)
    };
    let mut events = Vec::new();
    let Some(mut machines) = file::<Machine>(machines) else { return events };
    while let Ok(Some(page)) = machines.next_page() {
        events.extend(page.records.iter().filter_map(event));
    }
    events
}

fn file<R: FileRecord>(bytes: &[u8]) -> Option<RecordFile<R>> {
    let text = TextFile::new(Box::new(Cursor::new(bytes.to_vec())), "fuzz".to_owned()).ok()?;
    Some(RecordFile::new(text))
}
