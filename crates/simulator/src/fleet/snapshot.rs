//! A fleet at one instant: what is asked for, plus the few devices that changed.
//!
//! Machines and managed devices are numbered spaces. Added ones continue the numbers, removed ones
//! leave a gap that positions in a listing step over. Nothing else is kept, so a snapshot is as
//! large as the changes made to it.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::identifiers::{Guid, Kind, MachineId};
use super::machine::{self, Machine};
use super::managed_device::ManagedDevice;
use super::oddities::{self, Change, Outcome};
use super::{Expectation, FleetOptions, example};
use crate::random::draw;

/// What `azureADDeviceId` of a managed device names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// The machine with this index, whether Defender lists it or not.
    Machine(usize),
    /// A device that Defender never knew.
    Foreign,
    /// Nothing: the all-zero GUID.
    Zero,
}

/// How often and when a machine changed.
#[derive(Debug, Clone, Copy)]
struct Revision {
    number: u64,
    generation: u32,
}

/// A fleet at one instant.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    options: FleetOptions,
    /// For each added machine, the generation it came with.
    added: Vec<u32>,
    removed: BTreeSet<usize>,
    revisions: HashMap<usize, Revision>,
    /// Goes up with each change, so that later changes carry later times.
    generation: u32,
}

impl Snapshot {
    pub(crate) fn new(options: FleetOptions) -> Self {
        let machines = options.machines.min(FleetOptions::GREATEST);
        let managed_devices = options.managed_devices.min(machines);
        Self {
            options: FleetOptions { machines, managed_devices, ..options },
            added: Vec::new(),
            removed: BTreeSet::new(),
            revisions: HashMap::new(),
            generation: 0,
        }
    }

    pub(crate) fn options(&self) -> &FleetOptions {
        &self.options
    }

    // -- Machines ---------------------------------------------------------------------------------

    /// One past the greatest machine index.
    fn machines_end(&self) -> usize {
        self.options.machines + self.added.len()
    }

    /// Machines that the listing carries.
    pub(crate) fn machines(&self) -> usize {
        self.machines_end() - self.removed.len()
    }

    /// The index of the machine at a position of the listing.
    pub(crate) fn machine_at(&self, position: usize) -> Option<usize> {
        let mut index = position;
        for removed in &self.removed {
            if *removed > index {
                break;
            }
            index = index.checked_add(1)?;
        }
        (index < self.machines_end()).then_some(index)
    }

    /// The indexes of the listing from a position on.
    pub(crate) fn machines_from(&self, position: usize) -> impl Iterator<Item = usize> {
        let start = self.machine_at(position).unwrap_or(self.machines_end());
        (start..self.machines_end()).filter(|index| !self.removed.contains(index))
    }

    pub(crate) fn machine_id(&self, index: usize) -> String {
        if index == 0 { example::machine_id().to_owned() } else { self.drawn_id(index).to_string() }
    }

    /// The id drawn for an index; a duplicate carries its twin's.
    pub(crate) fn drawn_id(&self, index: usize) -> MachineId {
        let duplicate = self.machine_outcome(index) == Outcome::Duplicate;
        MachineId::new(self.options.seed, if duplicate { oddities::TWIN } else { index })
    }

    /// The machine with an id.
    pub(crate) fn find_machine(&self, id: &str) -> Option<usize> {
        let index = if id == example::machine_id() {
            0
        } else {
            MachineId::candidate(self.options.seed, id)?
        };
        let listed = index < self.machines_end() && !self.removed.contains(&index);
        let delivered = self.machine_outcome(index) == Outcome::Mapped;
        (listed && delivered && self.machine_id(index) == id).then_some(index)
    }

    fn machine_change(&self, index: usize) -> &'static Change {
        if self.odd_machine(index) { oddities::of_machine(index) } else { &Change::NONE }
    }

    /// What a client does with the machine.
    pub(crate) fn machine_outcome(&self, index: usize) -> Outcome {
        if self.odd_machine(index) { oddities::outcome_of_machine(index) } else { Outcome::Mapped }
    }

    fn odd_machine(&self, index: usize) -> bool {
        self.options.odd_records && index < oddities::MACHINES_END
    }

    pub(crate) fn write_machine(&self, index: usize, out: &mut Vec<u8>) {
        if index == 0 {
            out.extend_from_slice(example::machine().as_bytes());
        } else {
            Machine::new(self, index).write(self.machine_change(index), out);
        }
    }

    /// The machine's record as no parser takes it.
    pub(crate) fn write_malformed_machine(&self, index: usize, out: &mut Vec<u8>) {
        Machine::new(self, index).write_malformed(out);
    }

    pub(crate) fn revision(&self, index: usize) -> u64 {
        self.revisions.get(&index).map_or(0, |revision| revision.number)
    }

    /// `lastSeen` as `$filter` compares it; `None` where the record has no such time.
    pub(crate) fn last_seen(&self, index: usize) -> Option<DateTime<Utc>> {
        if index == 0 {
            return example::last_seen();
        }
        match self.machine_change(index) {
            Change::Whole(_) => None,
            change => match change.field("lastSeen") {
                None => Some(self.regular_last_seen(index)),
                Some(value) => serde_json::from_slice(value?).ok(),
            },
        }
    }

    pub(crate) fn regular_last_seen(&self, index: usize) -> DateTime<Utc> {
        let now = self.options.now;
        let generation = self
            .revisions
            .get(&index)
            .map(|revision| revision.generation)
            .or_else(|| self.birth(index));
        if let Some(generation) = generation {
            return now + TimeDelta::seconds(generation.into());
        }
        let drawn = draw(self.options.seed, index as u64, 61);
        // A full report comes about daily; one device in twelve is away for weeks.
        let away =
            if drawn.is_multiple_of(12) { 7 * 86_400 + (drawn >> 8) % (50 * 86_400) } else { 0 };
        let ticks = away * 10_000_000 + (drawn >> 32) % (26 * 3_600 * 10_000_000);
        now - TimeDelta::nanoseconds((ticks * 100) as i64)
    }

    pub(crate) fn first_seen(&self, index: usize) -> DateTime<Utc> {
        if let Some(generation) = self.birth(index) {
            return self.options.now + TimeDelta::seconds(generation.into());
        }
        let drawn = draw(self.options.seed, index as u64, 62);
        let days = TimeDelta::days(65 + (drawn % 1_200) as i64);
        self.options.now
            - days
            - TimeDelta::nanoseconds(((drawn >> 16) % 864_000_000_000 * 100) as i64)
    }

    fn birth(&self, index: usize) -> Option<u32> {
        self.added.get(index.checked_sub(self.options.machines)?).copied()
    }

    /// `aadDeviceId`; a few machines are not joined to the directory.
    pub(crate) fn directory_id(&self, index: usize) -> Option<Guid> {
        if index == 0 {
            return Some(example::directory_id());
        }
        let joined = !draw(self.options.seed, index as u64, 63).is_multiple_of(25);
        joined.then(|| machine::directory_id(self.options.seed, index))
    }

    // -- Managed devices --------------------------------------------------------------------------

    /// Managed devices that the listing carries. Every second added machine brings one, unless the
    /// fleet began without any.
    pub(crate) fn managed_devices(&self) -> usize {
        match self.options.managed_devices {
            0 => 0,
            managed_devices => managed_devices + self.added.len().div_ceil(2),
        }
    }

    /// The machine that a managed device belongs to; they spread evenly over the machines.
    pub(crate) fn machine_of(&self, managed: usize) -> usize {
        let FleetOptions { machines, managed_devices, .. } = self.options;
        match managed.checked_sub(managed_devices) {
            Some(added) => machines + 2 * added,
            None => managed * machines / managed_devices.max(1),
        }
    }

    /// The managed device of a machine: the inverse of [`Snapshot::machine_of`].
    fn managed_of(&self, machine: usize) -> Option<usize> {
        let FleetOptions { machines, managed_devices, .. } = self.options;
        if let Some(added) = machine.checked_sub(machines) {
            let managed = managed_devices + added / 2;
            return (added % 2 == 0 && managed < self.managed_devices()).then_some(managed);
        }
        let managed = (machine * managed_devices).div_ceil(machines.max(1));
        (managed < managed_devices && self.machine_of(managed) == machine).then_some(managed)
    }

    /// What a managed device is joined to.
    pub(crate) fn join(&self, managed: usize) -> Join {
        if self.odd_managed_device(managed) {
            let zero = oddities::of_managed_device(managed).field("azureADDeviceId").is_some();
            return if zero { Join::Zero } else { Join::Machine(self.machine_of(managed)) };
        }
        match managed {
            managed if managed % 100 == 33 => Join::Zero,
            managed if managed % 50 == 49 => Join::Foreign,
            // An older enrolment of the device before it.
            managed if is_older_enrolment(managed) => Join::Machine(self.machine_of(managed - 1)),
            managed => Join::Machine(self.machine_of(managed)),
        }
    }

    fn odd_managed_device(&self, managed: usize) -> bool {
        self.options.odd_records && oddities::MANAGED_DEVICES.contains(&managed)
    }

    pub(crate) fn managed_device_change(&self, managed: usize) -> &'static Change {
        if self.odd_managed_device(managed) {
            oddities::of_managed_device(managed)
        } else {
            &Change::NONE
        }
    }

    pub(crate) fn managed_device(&self, managed: usize) -> ManagedDevice<'_> {
        ManagedDevice::new(self, managed)
    }

    /// The managed device with an id.
    pub(crate) fn find_managed_device(&self, id: &str) -> Option<usize> {
        let guid = Guid::parse(id)?;
        if guid == example::managed_device_id() && self.managed_devices() > 0 {
            return Some(0);
        }
        let managed = guid.index(self.options.seed, Kind::ManagedDevice)?;
        (managed > 0 && managed < self.managed_devices()).then_some(managed)
    }

    /// The managed devices whose `azureADDeviceId` is `id`.
    pub(crate) fn managed_devices_with(&self, id: Guid) -> Vec<usize> {
        if id == Guid::ZERO {
            return (0..self.managed_devices())
                .filter(|managed| self.join(*managed) == Join::Zero)
                .take(1_000)
                .collect();
        }
        if let Some(managed) = id.index(self.options.seed, Kind::Foreign) {
            let foreign = managed < self.managed_devices() && self.join(managed) == Join::Foreign;
            return if foreign { vec![managed] } else { Vec::new() };
        }
        let machine = if id == example::directory_id() {
            Some(0)
        } else {
            id.index(self.options.seed, Kind::Directory).filter(|index| *index > 0)
        };
        machine.map_or_else(Vec::new, |machine| self.managed_devices_of(machine))
    }

    /// The managed devices joined to a machine, by its directory id.
    fn managed_devices_of(&self, machine: usize) -> Vec<usize> {
        let Some(managed) = self.managed_of(machine) else { return Vec::new() };
        (managed..=managed + 1)
            .filter(|managed| *managed < self.managed_devices())
            .filter(|managed| self.join(*managed) == Join::Machine(machine))
            .collect()
    }

    // -- Changes ----------------------------------------------------------------------------------

    /// Changes the content of `count` machines and their managed devices.
    pub(crate) fn change(&mut self, count: usize) -> Vec<usize> {
        self.generation += 1;
        let chosen = self.choose(count, |_| true);
        for index in &chosen {
            let number = self.revision(*index) + 1;
            self.revisions.insert(*index, Revision { number, generation: self.generation });
        }
        chosen
    }

    /// Adds `count` machines, and a managed device for every second one.
    pub(crate) fn add(&mut self, count: usize) -> Vec<usize> {
        self.generation += 1;
        let start = self.machines_end();
        let count = count.min(FleetOptions::GREATEST.saturating_sub(start));
        self.added.extend(std::iter::repeat_n(self.generation, count));
        (start..start + count).collect()
    }

    /// Removes `count` machines; their managed devices stay. Machines that were changed or added go
    /// last, so that changes, additions and removals between two readings are distinguishable.
    pub(crate) fn remove(&mut self, count: usize) -> Vec<usize> {
        self.generation += 1;
        let first_added = self.machines_end() - self.added.len();
        let touched = |index: usize| index >= first_added || self.revisions.contains_key(&index);
        let mut chosen = self.choose(count, |index| !touched(index));
        chosen.extend(self.choose(count - chosen.len(), touched));
        self.removed.extend(&chosen);
        chosen
    }

    /// Up to `count` of the `eligible` machines, spread over the fleet, without the example and the
    /// odd ones.
    fn choose(&self, count: usize, eligible: impl Fn(usize) -> bool) -> Vec<usize> {
        /// A prime, so that the steps meet every index of a fleet whose size it does not divide.
        const STRIDE: usize = 7_919;

        let end = self.machines_end();
        let stride = if end.is_multiple_of(STRIDE) { 1 } else { STRIDE };
        let start = draw(self.options.seed, self.generation.into(), 64) as usize % end.max(1);
        let mut index = start;
        let mut chosen = Vec::with_capacity(count.min(end));
        for _ in 0..end {
            if chosen.len() == count {
                break;
            }
            let stays = index == 0 || self.odd_machine(index) || self.removed.contains(&index);
            if !stays && eligible(index) {
                chosen.push(index);
            }
            index = (index + stride) % end;
        }
        chosen
    }

    // -- Truth ------------------------------------------------------------------------------------

    pub(crate) fn expectation(&self) -> Expectation {
        let mut expected = Expectation {
            machines: self.machines(),
            managed_devices: self.managed_devices(),
            ..Expectation::default()
        };
        for index in self.machines_from(0) {
            match self.machine_outcome(index) {
                Outcome::DeadLetter => expected.dead_letters += 1,
                Outcome::Duplicate => expected.duplicates += 1,
                Outcome::Mapped | Outcome::Nothing => {
                    expected.devices += 1;
                    expected.enriched += usize::from(self.is_enriched(index));
                }
            }
        }
        expected
    }

    fn is_enriched(&self, machine: usize) -> bool {
        // An odd record may leave its directory id out, or its place to another record.
        let change = self.machine_change(machine);
        let joined = change.field("aadDeviceId").is_none()
            && change.field("mergedIntoMachineId").is_none()
            && self.directory_id(machine).is_some();
        joined && !self.managed_devices_of(machine).is_empty()
    }
}

/// Whether a managed device is an older enrolment of the device before it. Never the neighbour of one
/// without a join: those are even where these are odd.
pub(super) fn is_older_enrolment(managed: usize) -> bool {
    managed % 40 == 17
}
