//! `stocktake map`: files of records to events, without a network.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Clock, DeviceUid, Encoded, Enrichment, EventUid, Inventory, JoinRule, MalformedRecord, Mapper,
    SourceRecord, SystemClock, TenantName, UnreadableEnrichment, UnreadableValues, join_rules,
};
use stocktake_defender_api::Machine;
use stocktake_graph_api::{ManagedDevice, UnreadableDevices};
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_odata::{PageError, WirePage, WireRecord, parse_page};
use stocktake_sinks::EventForm;
use uuid::Uuid;

use super::form::FormArguments;
use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::counted;
use crate::wiring;

/// The tenant in the uids of events that belong to no configured tenant.
const NO_TENANT: &str = "map";

/// Largest accepted input, in bytes.
const LARGEST_INPUT: u64 = 4 * 1024 * 1024 * 1024;

/// Maps records to events, one per line.
#[derive(Debug, clap::Args)]
pub(crate) struct Map {
    /// Machines: a JSON list, a response of the API, one object, or one object per line; `-` is standard
    /// input
    #[arg(long, value_name = "FILE")]
    machines: PathBuf,
    /// Managed devices, in the same forms; without it, events contain nothing from Intune
    #[arg(long, value_name = "FILE")]
    managed_devices: Option<PathBuf>,
    #[command(flatten)]
    form: FormArguments,
}

impl Map {
    pub(crate) fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        context.log_by_flags("warn")?;
        let mapper = DefenderMapper::new(MapperOptions::default());
        let form = self.form.build(mapper.fingerprint())?;
        if self.machines == self.managed_devices.clone().unwrap_or_default() {
            return Err(CommandError::failed(
                "machines and managed devices cannot both come from the same place",
            ));
        }
        let machines: WirePage<Machine> = read(&self.machines)?;
        let mut faults = report(&machines.malformed, "machine", context);
        let mut unreadable = UnreadableValues::default();
        machines.records.iter().for_each(|machine| unreadable.add(&machine.unreadable));
        let managed = match &self.managed_devices {
            None => None,
            Some(path) => {
                let devices: WirePage<ManagedDevice> = read(path)?;
                faults += report(&devices.malformed, "managed device", context);
                devices.records.iter().for_each(|device| unreadable.add(&device.unreadable));
                Some(Managed::new(devices))
            }
        };
        note_unreadable(&unreadable, context);
        faults += write(&machines.records, managed.as_ref(), &mapper, &*form, context)?;
        Ok(if faults == 0 { ExitStatus::Success } else { ExitStatus::DeadLetters })
    }
}

/// Reports and counts the records that could not be read.
fn report(malformed: &[MalformedRecord], what: &str, context: &Context) -> u64 {
    for MalformedRecord { uid, reason, .. } in malformed {
        let uid = uid.as_ref().map_or("without a readable id", DeviceUid::as_str);
        context.output.note(format_args!("{what} {uid}: {reason}"));
    }
    malformed.len() as u64
}

/// Reports the values that events lack because they could not be read.
pub(crate) fn note_unreadable(unreadable: &UnreadableValues, context: &Context) {
    if !unreadable.is_empty() {
        context.output.note(format_args!(
            "{} could not be read; the events lack these fields: {unreadable}",
            counted(unreadable.count(), "value", "values")
        ));
    }
}

/// The records of Intune.
#[derive(Debug, Default)]
pub(crate) struct Managed {
    /// The record of each key that the join would choose.
    index: HashMap<Uuid, ManagedDevice>,
    unreadable: UnreadableDevices,
}

impl Managed {
    pub(crate) fn new(devices: WirePage<ManagedDevice>) -> Self {
        let mut managed = Self::default();
        for device in devices.records {
            if device.is_key_unreadable() {
                managed.unreadable.add_without_key(&device, None);
            }
            let Some(key) = device.azure_ad_device_id() else { continue };
            match managed.index.get(&key) {
                Some(kept) if kept.precedence(&device).is_ge() => {}
                _ => {
                    managed.index.insert(key, device);
                }
            }
        }
        devices.malformed.iter().for_each(|record| managed.unreadable.add(record, None));
        managed
    }
}

fn write(
    machines: &[Machine],
    managed: Option<&Managed>,
    mapper: &DefenderMapper,
    form: &EventForm,
    context: &Context,
) -> Result<u64, CommandError> {
    let tenant = TenantName::new(NO_TENANT).map_err(|error| CommandError::from_error(&error))?;
    let inventory = Inventory { tenant, source: wiring::source_name()? };
    let now = SystemClock.now();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    let mut faults = 0;
    for (machine, rule) in machines.iter().zip(join_rules(machines.iter())) {
        line.clear();
        match encode((machine, rule), managed, mapper, form, &inventory, now, &mut line) {
            Ok(()) => {
                line.push(b'\n');
                out.write_all(&line)?;
            }
            Err(reason) => {
                faults += 1;
                context.output.note(format_args!("machine {}: {reason}", machine.uid()));
            }
        }
    }
    out.flush()?;
    if faults > 0 {
        context.output.note(format_args!("{} not mapped", counted(faults, "machine", "machines")));
    }
    Ok(faults)
}

/// What the managed devices have for a machine; without any, Intune counts as not consulted.
pub(crate) fn enrichment(
    (machine, rule): (&Machine, JoinRule),
    managed: Option<&Managed>,
) -> Result<Enrichment<ManagedDevice>, UnreadableEnrichment> {
    let Some(managed) = managed else { return Ok(Enrichment::Unavailable) };
    let look_up = |key: Option<Uuid>| match key.and_then(|key| managed.index.get(&key)) {
        Some(device) => Ok(Enrichment::Matched(device.clone())),
        None => managed.unreadable.without_match(key, machine.name()),
    };
    rule.enrich(machine.join_key(), look_up)
}

pub(crate) fn encode(
    (machine, rule): (&Machine, JoinRule),
    managed: Option<&Managed>,
    mapper: &DefenderMapper,
    form: &EventForm,
    inventory: &Inventory,
    now: DateTime<Utc>,
    line: &mut Vec<u8>,
) -> Result<(), String> {
    let enrichment = enrichment((machine, rule), managed).map_err(|error| error.to_string())?;
    let event = mapper.map(machine, &enrichment, now).map_err(|error| error.to_string())?;
    let uid = DeviceUid::new(machine.uid()).map_err(|error| error.to_string())?;
    let Encoded { fingerprint, uid_at, .. } =
        form.encode(&event, line).map_err(|error| error.to_string())?;
    if let Some(at) = uid_at {
        EventUid::derive(inventory, &uid, fingerprint, None).write_into(line, at);
    }
    Ok(())
}

/// Reads records in any of these shapes.
pub(crate) fn read<R: WireRecord>(path: &Path) -> Result<WirePage<R>, CommandError> {
    let cannot = |error: std::io::Error| {
        CommandError::failed(format!("cannot read {}: {error}", path.display()))
    };
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().take(LARGEST_INPUT).read_to_end(&mut bytes).map_err(cannot)?;
    } else {
        let file = std::fs::File::open(path).map_err(cannot)?;
        file.take(LARGEST_INPUT).read_to_end(&mut bytes).map_err(cannot)?;
    }
    if bytes.len() as u64 == LARGEST_INPUT {
        return Err(CommandError::failed(format!(
            "{} is larger than {LARGEST_INPUT} bytes; split it",
            path.display()
        )));
    }
    records(&bytes).map_err(|error| CommandError::failed(format!("{}: {error}", path.display())))
}

/// A list, a response of the API, one object, or one object per line.
pub(crate) fn records<R: WireRecord>(bytes: &[u8]) -> Result<WirePage<R>, PageError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii();
    if bytes.first() == Some(&b'[') {
        return parse_page(&envelope(&[bytes]));
    }
    if let Ok(page) = parse_page(bytes) {
        return Ok(page);
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        return parse_page(&envelope(&[b"[", bytes, b"]"]));
    }
    let mut page = WirePage { records: Vec::new(), malformed: Vec::new(), next_link: None };
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        // Each line alone: one that is broken must not swallow its neighbours.
        match parse_page(&envelope(&[b"[", line, b"]"])) {
            Ok(mut one) => {
                page.records.append(&mut one.records);
                page.malformed.append(&mut one.malformed);
            }
            Err(error) => page.malformed.push(MalformedRecord {
                uid: None,
                reason: error.to_string(),
                payload: String::from_utf8_lossy(line).into_owned(),
            }),
        }
    }
    Ok(page)
}

fn envelope(parts: &[&[u8]]) -> Vec<u8> {
    [b"{\"value\":", parts.concat().as_slice(), b"}"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> (Vec<String>, usize) {
        let page: WirePage<Machine> = records(text.as_bytes()).unwrap();
        (page.records.iter().map(|one| one.uid().to_owned()).collect(), page.malformed.len())
    }

    #[test]
    fn every_shape_in_which_a_person_has_records_is_read() {
        let both = (vec!["a".to_owned(), "b".to_owned()], 0);
        for text in [
            r#"[{"id":"a"},{"id":"b"}]"#,
            r#"{"@odata.context":"x","value":[{"id":"a"},{"id":"b"}]}"#,
            "{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n",
            "\u{feff}[{\"id\":\"a\"},\r\n{\"id\":\"b\"}]\r\n",
        ] {
            assert_eq!(ids(text), both, "{text}");
        }
        assert_eq!(ids("{\n  \"id\": \"a\"\n}"), (vec!["a".to_owned()], 0));
        assert_eq!(ids(""), (vec![], 0));
    }

    #[test]
    fn a_broken_line_costs_itself() {
        assert_eq!(
            ids("{\"id\":\"a\"}\n{\"id\":\n{\"id\":\"b\"}"),
            (vec!["a".into(), "b".into()], 1)
        );
    }
}
