//! How far a cycle is: counters that a progress bar reads while the cycle runs.

use std::sync::atomic::{AtomicU64, Ordering};

use stocktake_connector_core::CycleKind;

/// Counters of one tenant's running cycle. Reading them costs the cycle nothing.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
    settled: AtomicU64,
    state: AtomicU64,
}

const WAITING: u64 = 0;
const FULL: u64 = 1;
const INCREMENTAL: u64 = 2;
const DONE: u64 = 3;

impl Progress {
    pub(super) fn start(&self, kind: CycleKind) {
        let state = match kind {
            CycleKind::Full => FULL,
            CycleKind::Incremental => INCREMENTAL,
        };
        self.state.store(state, Ordering::Relaxed);
    }

    pub(super) fn finish(&self) {
        self.state.store(DONE, Ordering::Relaxed);
    }

    pub(super) fn add_read(&self, records: u64) {
        self.read.fetch_add(records, Ordering::Relaxed);
    }

    pub(super) fn add_settled(&self, events: u64) {
        self.settled.fetch_add(events, Ordering::Relaxed);
    }

    /// Records read so far.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Events that are settled at a sink (acknowledged, unchanged or dead-lettered), over all sinks.
    pub fn settled(&self) -> u64 {
        self.settled.load(Ordering::Relaxed)
    }

    /// Which kind of cycle runs; `None` before it starts.
    pub fn kind(&self) -> Option<CycleKind> {
        match self.state.load(Ordering::Relaxed) {
            FULL => Some(CycleKind::Full),
            INCREMENTAL => Some(CycleKind::Incremental),
            _ => None,
        }
    }

    /// Whether the cycle has ended.
    pub fn is_done(&self) -> bool {
        self.state.load(Ordering::Relaxed) == DONE
    }

    /// Whether the cycle has yet to start.
    pub fn is_waiting(&self) -> bool {
        self.state.load(Ordering::Relaxed) == WAITING
    }
}
