//! The managed devices of a file, joined to machines.

use std::cell::Cell;
use std::collections::HashMap;

use stocktake_connector_core::{
    Enrichment, JoinRule, MalformedRecord, SourceRecord, UnreadableEnrichment, UnreadableValues,
};
use stocktake_defender_api::Machine;
use stocktake_graph_api::{ManagedDevice, UnreadableDevices};
use stocktake_odata::WirePage;
use uuid::Uuid;

use crate::command_error::CommandError;
use crate::output::{Output, counted};
use crate::record_file::{Gap, RecordFile};

/// Managed devices that are kept for the join, at most: about a gigabyte.
const MOST_DEVICES: usize = 1_000_000;

/// The records of Intune.
#[derive(Debug, Default)]
pub(crate) struct Managed {
    /// The record of each key that the join would choose.
    index: HashMap<Uuid, ManagedDevice>,
    unreadable: UnreadableDevices,
    /// Values of the other records that could not be read.
    unreadable_values: UnreadableValues,
    /// Why a machine without a match may have a managed device all the same.
    gap: Option<Gap>,
    /// Machines of which nothing was said because of that.
    unsaid: Cell<u64>,
}

impl Managed {
    /// Reads a file to its end; `report` gets the records that cannot be used.
    ///
    /// # Errors
    /// When the file cannot be read, or is something else.
    pub(crate) fn read(
        devices: &mut RecordFile<ManagedDevice>,
        mut report: impl FnMut(&[MalformedRecord]),
    ) -> Result<Self, CommandError> {
        let mut managed = Self::default();
        while let Some(WirePage { records, malformed, .. }) = devices.next_page()? {
            records.into_iter().for_each(|device| managed.add(device));
            malformed.iter().for_each(|record| managed.unreadable.add(record, None));
            report(&malformed);
            if managed.index.len() > MOST_DEVICES {
                return Err(CommandError::failed(format!(
                    "more than {MOST_DEVICES} managed devices (bound `MOST_DEVICES`); split the \
                     files by tenant"
                )));
            }
        }
        managed.gap = devices.gap();
        Ok(managed)
    }

    fn add(&mut self, device: ManagedDevice) {
        self.unreadable_values.add(&device.unreadable);
        if device.is_key_unreadable() {
            self.unreadable.add_without_key(&device, None);
        }
        let Some(key) = device.azure_ad_device_id() else { return };
        match self.index.get(&key) {
            Some(kept) if kept.precedence(&device).is_ge() => {}
            _ => {
                self.index.insert(key, device);
            }
        }
    }

    /// Values that could not be read.
    pub(super) fn unreadable_values(&self) -> &UnreadableValues {
        &self.unreadable_values
    }

    /// Why the file may not have every managed device.
    pub(super) fn gap(&self) -> Option<&Gap> {
        self.gap.as_ref()
    }

    /// Reports the machines of which nothing is said, where no warning did.
    pub(super) fn report_unsaid(&self, output: &Output) {
        if let (Some(Gap::NoList(what)), unsaid @ 1..) = (&self.gap, self.unsaid.get()) {
            output.note(format_args!(
                "nothing is said of `is_managed` of {} without a match, because {what}",
                counted(unsaid, "machine", "machines")
            ));
        }
    }
}

/// What the managed devices have for a machine; without any, Intune counts as not consulted.
///
/// # Errors
/// When the record of the machine cannot be read.
pub(crate) fn enrichment(
    (machine, rule): (&Machine, JoinRule),
    managed: Option<&Managed>,
) -> Result<Enrichment<ManagedDevice>, UnreadableEnrichment> {
    let Some(managed) = managed else { return Ok(Enrichment::Unavailable) };
    rule.enrich(machine.join_key(), |key| {
        if let Some(device) = key.and_then(|key| managed.index.get(&key)) {
            return Ok(Enrichment::Matched(device.clone()));
        }
        match managed.unreadable.without_match(key, machine.name())? {
            Enrichment::NoMatch if managed.gap.is_some() => {
                managed.unsaid.set(managed.unsaid.get() + 1);
                Ok(Enrichment::Uncertain)
            }
            known => Ok(known),
        }
    })
}
