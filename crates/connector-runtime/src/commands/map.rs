//! `stocktake map`: files of records to events, without a network.

mod managed;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Clock, DeviceUid, Encoded, EventUid, Inventory, JoinRule, MalformedRecord, Mapper,
    SourceRecord, SystemClock, TenantName, UnreadableValues, join_rules,
};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_odata::WirePage;
use stocktake_sinks::EventForm;
use stocktake_telemetry::Escaped;

use super::form::FormArguments;
use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::{Output, count, counted};
use crate::record_file::{FileRecord, Gap, RecordFile};
use crate::wiring;

pub(crate) use self::managed::{Managed, enrichment};

/// The tenant in the uids of events that belong to no configured tenant.
const NO_TENANT: &str = "map";

/// Records of one kind that are reported one by one; of the others there is a count.
const MOST_REPORTED: u64 = 20;

/// Maps records to events, one per line.
#[derive(Debug, clap::Args)]
pub(crate) struct Map {
    /// Machines: a JSON list, responses of the API, one object, or one object per line; `-` is
    /// standard input
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
        let output = &context.output;
        let inputs = Inputs::open(&self.machines, self.managed_devices.as_deref(), output)?;
        let tenant =
            TenantName::new(NO_TENANT).map_err(|error| CommandError::from_error(&error))?;
        let inventory = Inventory { tenant, source: wiring::source_name()? };
        let now = SystemClock.now();
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut line = Vec::new();
        inputs.each_page(output, |machines, managed, faults| {
            for (machine, rule) in machines.iter().zip(join_rules(machines.iter())) {
                line.clear();
                match encode((machine, rule), managed, &mapper, &*form, &inventory, now, &mut line)
                {
                    Ok(()) if output.is_closed() => {}
                    Ok(()) => {
                        line.push(b'\n');
                        output.written(out.write_all(&line))?;
                    }
                    Err(reason) => faults.add(Machine::ONE, machine.uid(), &reason),
                }
            }
            if output.is_closed() { Ok(()) } else { output.written(out.flush()) }
        })
    }
}

/// The machines of a file, and the managed devices of another one.
pub(super) struct Inputs {
    machines: RecordFile<Machine>,
    managed: Option<Managed>,
    /// Records that could not be used so far.
    unusable: u64,
    /// Whether a file shows that it is not whole.
    is_incomplete: bool,
    /// Values that could not be read.
    unreadable: UnreadableValues,
}

impl Inputs {
    /// Opens both files and reads the managed devices.
    ///
    /// # Errors
    /// When one of them cannot be read or is something else.
    pub(super) fn open(
        machines: &Path,
        managed_devices: Option<&Path>,
        output: &Output,
    ) -> Result<Self, CommandError> {
        if Some(machines) == managed_devices {
            return Err(CommandError::failed(
                "machines and managed devices cannot both come from the same place",
            ));
        }
        // Before the managed devices are read: a mistake in the other name shows at once.
        let machines = RecordFile::open(machines)?;
        let (unusable, is_incomplete, unreadable) = Default::default();
        let mut inputs = Self { machines, managed: None, unusable, is_incomplete, unreadable };
        if let Some(path) = managed_devices {
            let mut devices = RecordFile::open(path)?;
            let mut faults = Faults::new(output);
            let managed = Managed::read(&mut devices, |malformed| {
                faults.report::<ManagedDevice>(malformed);
            })?;
            inputs.unusable = faults.end();
            if let Some(Gap::Incomplete(why)) = managed.gap() {
                inputs.is_incomplete = true;
                output.warning(format_args!(
                    "{why}; nothing is said of `is_managed` of machines that are not in it"
                ));
            }
            inputs.unreadable.merge(managed.unreadable_values());
            inputs.managed = Some(managed);
        }
        Ok(inputs)
    }

    /// Calls `each` with the machines, some at a time, until the end of the file, or until an endless
    /// input has nobody left to read what becomes of it.
    pub(super) fn each_page(
        mut self,
        output: &Output,
        mut each: impl FnMut(&[Machine], Option<&Managed>, &mut Faults<'_>) -> Result<(), CommandError>,
    ) -> Result<ExitStatus, CommandError> {
        let mut faults = Faults::new(output);
        while let Some(WirePage { records, malformed, .. }) = self.machines.next_page()? {
            faults.report::<Machine>(&malformed);
            records.iter().for_each(|machine| self.unreadable.add(&machine.unreadable));
            each(&records, self.managed.as_ref(), &mut faults)?;
            if output.is_closed() && !self.machines.is_finite() {
                break;
            }
        }
        if !self.unreadable.is_empty() {
            output.warning(format_args!(
                "{} could not be read; the events lack these fields: {}",
                counted(self.unreadable.count(), "value", "values"),
                self.unreadable
            ));
        }
        let unmapped = faults.end();
        if unmapped > 0 {
            output.note(format_args!("{} not mapped", counted(unmapped, "machine", "machines")));
        }
        match self.machines.gap() {
            Some(Gap::Incomplete(why)) => {
                self.is_incomplete = true;
                output.warning(format_args!(
                    "{why}; there are no events of the machines that are missing"
                ));
            }
            Some(Gap::NoList(what)) if self.machines.is_empty() => output.note(what),
            Some(Gap::NoList(_)) | None => {}
        }
        if let Some(managed) = &self.managed {
            managed.report_unsaid(output);
        }
        let is_whole = self.unusable + unmapped == 0 && !self.is_incomplete;
        Ok(if is_whole { ExitStatus::Success } else { ExitStatus::DeadLetters })
    }
}

/// Reports records that could not be used, and counts them.
#[derive(Debug)]
pub(super) struct Faults<'a> {
    output: &'a Output,
    count: u64,
}

impl<'a> Faults<'a> {
    fn new(output: &'a Output) -> Self {
        Self { output, count: 0 }
    }

    fn report<R: FileRecord>(&mut self, malformed: &[MalformedRecord]) {
        for MalformedRecord { uid, reason, .. } in malformed {
            let uid = uid.as_ref().map_or("without a readable id", DeviceUid::as_str);
            self.add(R::ONE, uid, reason);
        }
    }

    /// Adds a record that could not be used.
    pub(super) fn add(&mut self, what: &str, uid: &str, reason: &str) {
        self.count += 1;
        if self.count <= MOST_REPORTED {
            self.output.warning(format_args!("{what} {}: {}", Escaped(uid), Escaped(reason)));
        }
    }

    /// How many there are.
    fn end(self) -> u64 {
        if self.count > MOST_REPORTED {
            let more = count(self.count - MOST_REPORTED);
            self.output.warning(format_args!("and {more} more records that cannot be used"));
        }
        self.count
    }
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
