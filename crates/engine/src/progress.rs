//! Progress of a cycle: counters that a progress bar reads while the cycle runs.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use stocktake_connector_core::{CycleId, CycleKind};

/// Counters of one running cycle. Reading them does not slow the cycle down.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
    settled: AtomicU64,
    /// Empty before the cycle starts.
    started: OnceLock<(CycleId, CycleKind)>,
    done: AtomicBool,
}

impl Progress {
    pub(crate) fn start(&self, cycle: CycleId, kind: CycleKind) {
        // A `Progress` belongs to one cycle, so this is set once.
        let _ = self.started.set((cycle, kind));
    }

    pub(crate) fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
    }

    pub(crate) fn add_read(&self, records: u64) {
        self.read.fetch_add(records, Ordering::Relaxed);
    }

    pub(crate) fn add_settled(&self, events: u64) {
        self.settled.fetch_add(events, Ordering::Relaxed);
    }

    /// Records read so far.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Events settled so far (acknowledged, unchanged or dead-lettered), over all sinks.
    pub fn settled(&self) -> u64 {
        self.settled.load(Ordering::Relaxed)
    }

    /// The id of the cycle; `None` before it starts.
    pub fn cycle(&self) -> Option<CycleId> {
        self.started.get().map(|(cycle, _)| *cycle)
    }

    /// The kind of the cycle; `None` before it starts.
    pub fn kind(&self) -> Option<CycleKind> {
        self.started.get().map(|(_, kind)| *kind)
    }

    /// Whether the cycle has ended.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }
}
