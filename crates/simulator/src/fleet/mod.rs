//! Fleets: the machines and managed devices that the simulator shows.

mod example;
mod identifiers;
mod machine;
mod managed_device;
mod oddities;
mod platform;
mod snapshot;

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use identifiers::Guid;
pub(crate) use managed_device::{Depth, Selection};
pub use oddities::{ODDITIES, Oddity, Outcome, Place};
pub(crate) use snapshot::Snapshot;

/// What a fleet consists of.
#[derive(Debug, Clone, Copy)]
pub struct FleetOptions {
    /// Records in the machine listing, odd ones included. At most [`FleetOptions::GREATEST`].
    pub machines: usize,
    /// Records in the managed-device listing; cut to `machines`.
    pub managed_devices: usize,
    /// Two fleets of one seed are equal.
    pub seed: u64,
    /// Whether the records of [`ODDITIES`] are among the first ones. A fleet of 100 machines and 64
    /// managed devices has them all.
    pub odd_records: bool,
    /// The instant that the fleet's times are relative to.
    pub now: DateTime<Utc>,
}

impl FleetOptions {
    /// More machines than this are not simulated.
    pub const GREATEST: usize = 100_000_000;
}

/// What a client must find in a fleet, and what it must make of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// Records in the machine listing: `devices + duplicates + dead_letters`.
    pub machines: usize,
    /// Devices to be delivered, each once.
    pub devices: usize,
    /// Records that repeat a device of the same listing.
    pub duplicates: usize,
    /// Records that can never be delivered.
    pub dead_letters: usize,
    /// Records in the managed-device listing.
    pub managed_devices: usize,
    /// Devices to be delivered that have at least one managed device.
    pub enriched: usize,
}

/// A fleet that may change while it is served. Clones share one state.
#[derive(Debug, Clone)]
pub struct Fleet {
    state: Arc<RwLock<Arc<Snapshot>>>,
}

impl Fleet {
    /// A fleet; nothing is computed before it is asked for.
    pub fn new(options: FleetOptions) -> Self {
        Self { state: Arc::new(RwLock::new(Arc::new(Snapshot::new(options)))) }
    }

    /// Changes the content of `count` machines: risk and `lastSeen` move, and with them compliance
    /// and last sync of their managed devices. Returns the ids; fewer when the fleet is too small.
    /// The example and the odd records never change.
    pub fn change(&self, count: usize) -> Vec<String> {
        self.alter(|state| state.change(count))
    }

    /// Adds `count` machines at the end of the listing and returns their ids. Every second one has a
    /// managed device.
    pub fn add(&self, count: usize) -> Vec<String> {
        self.alter(|state| state.add(count))
    }

    /// Removes `count` machines and returns their ids. Their managed devices stay. The example and the
    /// odd records are never removed.
    pub fn remove(&self, count: usize) -> Vec<String> {
        self.alter(|state| state.remove(count))
    }

    /// What a client must find now. Takes time in proportion to the fleet.
    pub fn expectation(&self) -> Expectation {
        self.snapshot().expectation()
    }

    /// The ids of the devices to be delivered now, in the order of the listing.
    pub fn device_ids(&self) -> Vec<String> {
        let state = self.snapshot();
        state
            .machines_from(0)
            .filter(|index| state.machine_outcome(*index) == Outcome::Mapped)
            .map(|index| state.machine_id(index))
            .collect()
    }

    /// The machine listing as one response of the API without pages. With odd records it is not valid
    /// JSON as a whole, as the responses of the simulator then are.
    pub fn machines_json(&self) -> Vec<u8> {
        let state = self.snapshot();
        envelope(state.machines_from(0), |index, out| state.write_machine(index, out))
    }

    /// The machine listing with one record on each line.
    pub fn machines_ndjson(&self) -> Vec<u8> {
        let state = self.snapshot();
        lines(state.machines_from(0), |index, out| state.write_machine(index, out))
    }

    /// The managed-device listing as one response of the API without pages.
    pub fn managed_devices_json(&self) -> Vec<u8> {
        let state = self.snapshot();
        envelope(0..state.managed_devices(), |index, out| {
            state.managed_device(index).write(&Selection::default(), Depth::Listed, out);
        })
    }

    /// The managed-device listing with one record on each line.
    pub fn managed_devices_ndjson(&self) -> Vec<u8> {
        let state = self.snapshot();
        lines(0..state.managed_devices(), |index, out| {
            state.managed_device(index).write(&Selection::default(), Depth::Listed, out);
        })
    }

    /// The machine at a position of the listing, as its bytes in a response.
    pub fn machine_json(&self, position: usize) -> Option<Bytes> {
        let state = self.snapshot();
        let mut out = Vec::with_capacity(1_200);
        state.write_machine(state.machine_at(position)?, &mut out);
        Some(out.into())
    }

    /// The fleet as it is now; a response is written from one snapshot.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        // A panicking writer leaves the old snapshot or the new one, never a half.
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn alter(&self, change: impl FnOnce(&mut Snapshot) -> Vec<usize>) -> Vec<String> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let state = Arc::make_mut(&mut state);
        let indexes = change(state);
        indexes.into_iter().map(|index| state.machine_id(index)).collect()
    }
}

fn envelope(
    indexes: impl Iterator<Item = usize>,
    mut write: impl FnMut(usize, &mut Vec<u8>),
) -> Vec<u8> {
    let mut out = br#"{"value":["#.to_vec();
    for (place, index) in indexes.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(index, &mut out);
    }
    out.extend_from_slice(b"]}");
    out
}

fn lines(
    indexes: impl Iterator<Item = usize>,
    mut write: impl FnMut(usize, &mut Vec<u8>),
) -> Vec<u8> {
    let mut out = Vec::new();
    for index in indexes {
        write(index, &mut out);
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests;
