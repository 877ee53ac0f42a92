//! The cycle report: the accounts of a cycle, which must balance.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    CycleId, EnrichmentAccount, FailureRecord, SinkDestination, SinkName, SourceName, TenantName,
    UnreadableValues,
};

/// Which machines a cycle reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleKind {
    /// Every machine.
    Full,
    /// Those seen since the checkpoint.
    Incremental,
}

impl CycleKind {
    /// The kind in one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Incremental => "incremental",
        }
    }
}

/// How a cycle ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum CycleOutcome {
    /// Everything was read, and every sink has everything.
    Complete,
    /// Stopped by a signal; what was mapped is delivered.
    Interrupted,
    /// Something failed. What was delivered is kept; no checkpoint moved for what failed.
    Failed {
        /// Why; the first cause when there are several.
        failure: FailureRecord,
    },
}

impl CycleOutcome {
    /// The word for a failed cycle.
    pub const FAILED: &'static str = "failed";

    /// The outcome in one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Interrupted => "interrupted",
            Self::Failed { .. } => Self::FAILED,
        }
    }
}

/// The account of one sink in one cycle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkAccount {
    /// Records that the cycle read for this sink, malformed ones included.
    pub read: u64,
    /// Records that came again in the same listing.
    pub duplicates: u64,
    /// Devices that the sink has as they are, or keeps as it has them.
    pub unchanged: u64,
    /// Of these, devices that changed but may lack an enrichment that is there all the same: see
    /// [`Doubt`](crate::Doubt).
    pub held: u64,
    /// Events that the sink acknowledged.
    pub acknowledged: u64,
    /// Records and events that can never be delivered as they are.
    pub dead_lettered: u64,
    /// Events that the sink did not take because it or the cycle failed; the next cycle sends them.
    pub undelivered: u64,
    /// Batches that were acknowledged.
    pub batches: u64,
    /// Bytes of the acknowledged events.
    pub bytes: u64,
    /// Removals that the sink acknowledged. They are not among the records read.
    pub removals: u64,
    /// Where the sink delivered before, if that was elsewhere: it starts afresh in this cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<SinkDestination>,
    /// Why the sink did not take everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureRecord>,
}

/// An account whose sides differ: a defect of this program, never of its input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "accounts of sink {sink} do not balance: read {read} but {counted} accounted for \
     (duplicates + unchanged + acknowledged + dead-lettered + undelivered)"
)]
pub struct Imbalance {
    /// Whose account.
    pub sink: SinkName,
    /// Records read.
    pub read: u64,
    /// The sum of the other side.
    pub counted: u64,
}

impl SinkAccount {
    /// The right-hand side of the equation.
    fn counted(&self) -> u64 {
        self.duplicates + self.unchanged + self.acknowledged + self.dead_lettered + self.undelivered
    }

    /// Whether the sink has everything that the cycle read, or holds a dead letter for it.
    pub fn is_complete(&self) -> bool {
        self.undelivered == 0 && self.failure.is_none()
    }
}

/// Calls made to outside APIs in one cycle, retries included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// For tokens.
    pub token: u64,
    /// To the source.
    pub source: u64,
    /// To the enricher.
    pub enricher: u64,
    /// Attempts beyond the first of each call.
    pub retries: u64,
    /// Answers that asked to slow down.
    pub throttled: u64,
}

/// What happened to devices that the source no longer returns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalAccount {
    /// Devices in state that a complete full listing did not return.
    pub missing: u64,
    /// Of these, looked up by id.
    pub looked_up: u64,
    /// Of these, unknown to the source and marked removed.
    pub removed: u64,
    /// Devices that were marked removed and are back.
    pub returned: u64,
    /// Whether too many were missing at once, so that none was looked up or marked.
    pub guard_tripped: bool,
}

/// What the process used, as the operating system counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessFigures {
    /// CPU seconds, user and system, since the process started.
    pub cpu_seconds: f64,
    /// Greatest resident memory so far, in bytes.
    pub peak_memory_bytes: u64,
}

/// The accounts of a cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CycleReport {
    /// Which cycle.
    pub cycle: CycleId,
    /// Whose devices.
    pub tenant: TenantName,
    /// Which source they come from.
    pub source: SourceName,
    /// Which machines it read.
    pub kind: CycleKind,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How it ended.
    pub outcome: CycleOutcome,
    /// Whether the listing was read to its end.
    pub listing_complete: bool,
    /// Records read, malformed ones included.
    pub read: u64,
    /// Records that came again in the same listing.
    pub duplicates: u64,
    /// Devices that are there but that the configuration leaves out; they are not among the read ones.
    pub excluded: u64,
    /// Devices that became events.
    pub mapped: u64,
    /// Values of records and of their enrichments that could not be read, by field. Their devices are
    /// among the mapped ones; only these fields are missing from their events.
    #[serde(default)]
    pub unreadable: UnreadableValues,
    /// The join.
    pub enrichment: EnrichmentAccount,
    /// One account per sink.
    pub sinks: BTreeMap<SinkName, SinkAccount>,
    /// Devices that are gone.
    pub removal: RemovalAccount,
    /// Calls to outside APIs.
    pub calls: Calls,
    /// What the process used; `None` where the system does not tell.
    pub process: Option<ProcessFigures>,
}

impl CycleReport {
    /// A full cycle that began and ended at `at`, complete, and found nothing to read.
    pub fn empty(tenant: TenantName, source: SourceName, at: DateTime<Utc>) -> Self {
        Self {
            cycle: CycleId::random(),
            tenant,
            source,
            kind: CycleKind::Full,
            started_at: at,
            finished_at: at,
            outcome: CycleOutcome::Complete,
            listing_complete: true,
            read: 0,
            duplicates: 0,
            excluded: 0,
            mapped: 0,
            unreadable: UnreadableValues::default(),
            enrichment: EnrichmentAccount::default(),
            sinks: BTreeMap::new(),
            removal: RemovalAccount::default(),
            calls: Calls::default(),
            process: None,
        }
    }

    /// Checks the equation of every sink: `read = duplicates + unchanged + acknowledged +
    /// dead_lettered + undelivered`.
    ///
    /// # Errors
    /// The first sink whose sides differ.
    pub fn check_balance(&self) -> Result<(), Imbalance> {
        for (sink, account) in &self.sinks {
            let counted = account.counted();
            if account.read != counted || account.read != self.read {
                return Err(Imbalance { sink: sink.clone(), read: self.read, counted });
            }
        }
        Ok(())
    }

    /// Dead letters over all sinks: the greatest of any one sink, as one record may be a dead letter
    /// for each. Enrichment records that do not say whose they are count too.
    pub fn dead_lettered(&self) -> u64 {
        let records = self.sinks.values().map(|account| account.dead_lettered).max().unwrap_or(0);
        records + self.enrichment.unidentified
    }
}
