//! How an inventory is collected.

use std::time::Duration;

use crate::policy::Emit;

/// How an inventory is collected.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which events are sent. Default: [`Emit::Changed`].
    pub emit: Emit,
    /// Sends an unchanged event again after this long. Default: `None`, never.
    pub refresh_after: Option<Duration>,
    /// How long after the last complete full cycle the next one is due. Default: a day.
    pub full_every: Duration,
    /// The share of devices (0 to 1) that may disappear at once and still be marked removed, and the
    /// share of enrichment records that may. In a small inventory one device may, but not all of them,
    /// unless the share is 0 or 1. Default: 0.2.
    pub removal_guard: f64,
    /// In how many cycles in a row an enrichment that answered before has to be refused, or its list to
    /// be too short, until it counts as absent. Default: 3.
    pub refusals: u32,
    /// For how long, in addition. Default: a day.
    pub refused_after: Duration,
    /// At most this many devices are looked up by id in one cycle; the rest wait for the next one.
    /// Default: 500.
    pub removal_look_ups: usize,
    /// How long after it was marked removed a device is purged from state. One that comes back later
    /// is new. Default: 90 days.
    pub purge_removed_after: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Options {
    fn default() -> Self {
        Self {
            emit: Emit::default(),
            refresh_after: None,
            full_every: DAY,
            removal_guard: 0.2,
            refusals: 3,
            refused_after: DAY,
            removal_look_ups: 500,
            purge_removed_after: 90 * DAY,
        }
    }
}
