//! State: what each sink has acknowledged, and how far each source was read.
//!
//! Nothing here is needed to find a device again, only to know what need not be sent again. State
//! that is lost costs one complete delivery and no device.
//!
//! Three traits for three users: [`CycleStore`] for a cycle, [`StateQueries`] for an operator,
//! [`LeaseStore`] for whoever decides which process runs a tenant's cycles. [`StateStore`] is all
//! three.

mod lease;
mod query;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::lease::{Fence, Lease, LeaseStore};
pub use self::query::{DeadLetterFilter, Purge, Purged, Refusals, ReportPage, StateQueries};
use crate::{
    BoxError, CycleId, CycleReport, DeviceUid, EnrichmentFacts, ErrorCode, Failure, Fingerprint,
    Recovery, SinkDestination, SinkName, SourceCursor, SourceName, TenantName,
};

/// The devices of one source of one tenant: what a cycle runs over.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Inventory {
    /// Whose devices.
    pub tenant: TenantName,
    /// Where they come from.
    pub source: SourceName,
}

impl Inventory {
    /// The same at a sink.
    pub fn at(&self, sink: &SinkName) -> Scope {
        Scope { inventory: self.clone(), sink: sink.clone() }
    }
}

/// A delivered set belongs to one source of one tenant at one sink.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scope {
    /// Which devices.
    #[serde(flatten)]
    pub inventory: Inventory,
    /// Which receiver.
    pub sink: SinkName,
}

/// What a sink acknowledged of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    /// Of which content.
    pub fingerprint: Fingerprint,
    /// When. Stores keep at least milliseconds.
    pub at: DateTime<Utc>,
}

/// What state knows of a device at a sink.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// The content that the sink last acknowledged.
    pub acknowledged: Option<Acknowledged>,
    /// The content that the sink refused for good: sending it again would be refused again.
    pub refused: Option<Fingerprint>,
}

/// Where a dead letter stood when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The record could not be understood.
    Read,
    /// The record could not be mapped.
    Map,
    /// The event could not be written, or the sink refused it.
    Deliver,
}

/// Names a dead letter for `dead-letters show`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeadLetterId(pub i64);

/// A dead letter about to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// Which devices it belongs to.
    pub inventory: Inventory,
    /// Which sink refused it; `None` when no sink can get it.
    pub sink: Option<SinkName>,
    /// Where it failed.
    pub stage: Stage,
    /// The device, where its id is known.
    pub uid: Option<DeviceUid>,
    /// The content that was refused, where there was an event.
    pub fingerprint: Option<Fingerprint>,
    /// Why.
    pub reason: String,
    /// The record or event. Stores keep at least its first 64 KiB.
    pub payload: String,
}

impl NewDeadLetter {
    /// Refuses letters of another tenant than the fence's.
    ///
    /// # Errors
    /// [`StateError::LeaseLost`].
    pub fn check_fence(letters: &[Self], fence: &Fence) -> Result<(), StateError> {
        letters.iter().try_for_each(|letter| fence.check_covers(&letter.inventory.tenant))
    }
}

/// A dead letter as it is kept. The same one met again is counted, not kept twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its name.
    pub id: DeadLetterId,
    /// Which devices it belongs to.
    #[serde(flatten)]
    pub inventory: Inventory,
    /// Which sink refused it; `None` when no sink can get it.
    pub sink: Option<SinkName>,
    /// Where it failed.
    pub stage: Stage,
    /// The device, where its id is known.
    pub uid: Option<DeviceUid>,
    /// The content that was refused, where there was an event.
    pub fingerprint: Option<Fingerprint>,
    /// Why, the last time.
    pub reason: String,
    /// The record or event.
    pub payload: String,
    /// When it was first met.
    pub first_at: DateTime<Utc>,
    /// When it was last met.
    pub last_at: DateTime<Utc>,
    /// In how many cycles it was met.
    pub times: u64,
    /// The last of these cycles.
    pub cycle: CycleId,
}

/// What one batch changes in state. Accepted whole or not at all.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The cycle it belongs to.
    pub cycle: CycleId,
    /// Which devices, at which sink.
    pub scope: Scope,
    /// When the sink acknowledged them.
    pub at: DateTime<Utc>,
    /// Devices and content that the sink acknowledged. Their dead letters end.
    pub acknowledged: Vec<(DeviceUid, Fingerprint)>,
    /// Devices whose removal the sink acknowledged. They leave the delivered set, and their dead
    /// letters at this sink end.
    pub removed: Vec<DeviceUid>,
    /// What the sink will never take.
    pub refused: Vec<NewDeadLetter>,
}

impl Delivery {
    /// Refuses a delivery for another tenant than the fence's.
    ///
    /// # Errors
    /// [`StateError::LeaseLost`].
    pub fn check_fence(&self, fence: &Fence) -> Result<(), StateError> {
        fence.check_covers(&self.scope.inventory.tenant)?;
        NewDeadLetter::check_fence(&self.refused, fence)
    }
}

/// How far a source was delivered to a sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Where the next incremental cycle starts; `None` when the source cannot resume.
    pub cursor: Option<SourceCursor>,
    /// The newest time of a record that was delivered, for its age.
    pub newest_record_at: Option<DateTime<Utc>>,
    /// When the last complete cycle started.
    pub completed_at: DateTime<Utc>,
}

/// What state knows of an inventory besides its delivered sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryFacts {
    /// When the last complete full cycle started.
    pub full_completed_at: Option<DateTime<Utc>>,
    /// How many enrichment records there were when they were last read completely.
    pub enrichment_records: Option<u64>,
    /// What else is known of the enrichment.
    pub enrichment: EnrichmentFacts,
}

/// What of state is too old to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The present time. A later one in state was noted by a clock that ran ahead; it counts as this one.
    pub now: DateTime<Utc>,
    /// What is from before this time goes.
    pub before: DateTime<Utc>,
}

/// What the end of a cycle changes in state. Accepted whole or not at all.
#[derive(Debug, Clone)]
pub struct CycleClose {
    /// The accounts, kept for `state show`.
    pub report: CycleReport,
    /// Checkpoints of the sinks that were delivered completely. Each replaces the one before.
    pub checkpoints: BTreeMap<SinkName, Checkpoint>,
    /// New facts; `None` leaves the old ones.
    pub facts: Option<InventoryFacts>,
    /// Devices that the source no longer knows. They are marked as of the report's end; a mark that is
    /// there keeps its time.
    pub removed: Vec<DeviceUid>,
    /// Devices that were marked removed and are back.
    pub returned: Vec<DeviceUid>,
}

/// Why state could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The store was written by a newer version; nothing was changed.
    #[error(
        "state at {place} has schema version {found}, but this program knows only up to {known}"
    )]
    NewerSchema {
        /// Where the store is.
        place: String,
        /// The version in the store.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// The fence of a write is not the tenant's present claim; nothing was changed.
    #[error("another worker holds tenant {tenant}")]
    LeaseLost {
        /// Whose lease.
        tenant: TenantName,
    },
    /// Another process uses the store.
    #[error("state at {place} is in use by another process")]
    InUse {
        /// Where the store is.
        place: String,
    },
    /// The store holds something that this program did not write.
    #[error("state at {place} is damaged: {problem}")]
    Damaged {
        /// Where the store is.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// The store failed.
    #[error("state at {place}: {operation}: {source}")]
    Store {
        /// Where the store is.
        place: String,
        /// What was being done.
        operation: &'static str,
        /// The store's word.
        source: BoxError,
    },
}

impl StateError {
    /// What the error is looked up by.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NewerSchema { .. } => ErrorCode::StateNewer,
            Self::LeaseLost { .. } => ErrorCode::LeaseLost,
            Self::InUse { .. } => ErrorCode::StateInUse,
            Self::Damaged { .. } => ErrorCode::StateDamaged,
            Self::Store { .. } => ErrorCode::StateFailed,
        }
    }

    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self {
            // The other worker does the work; a full or busy disk may have room later.
            Self::LeaseLost { .. } | Self::Store { .. } => Recovery::Retry,
            // Another program, another process or a damaged file has to go first.
            Self::NewerSchema { .. } | Self::InUse { .. } | Self::Damaged { .. } => {
                Recovery::Operator
            }
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let mut failure = Self::new(error.code(), error.recovery(), error.to_string());
        // The message quotes the store's own error already; it stays reachable for a debugger.
        failure.source = Some(error.into());
        failure
    }
}

/// What a cycle needs of state.
///
/// # Shape
/// Every method that changes something is one transaction: after a crash it happened whole or not.
/// Each takes the fence of the lease under which the cycle runs, and checks it in that transaction.
///
/// # Errors
/// [`StateError`]; nothing was changed then. [`StateError::LeaseLost`] when the fence is not the
/// tenant's present claim: the cycle must stop at once.
///
/// # Cancellation
/// A dropped future may or may not have taken effect, but never in part.
#[async_trait]
pub trait CycleStore: fmt::Debug + Send + Sync {
    /// What is known of each of `uids`, in their order.
    async fn known(&self, scope: &Scope, uids: &[DeviceUid]) -> Result<Vec<Known>, StateError>;

    /// Whether a sink ever acknowledged a device of the scope that is still in its delivered set.
    async fn has_delivered(&self, scope: &Scope) -> Result<bool, StateError>;

    /// The checkpoint of a scope, if a cycle was ever complete for it.
    async fn checkpoint(&self, scope: &Scope) -> Result<Option<Checkpoint>, StateError>;

    /// What is known of an inventory.
    async fn facts(&self, inventory: &Inventory) -> Result<InventoryFacts, StateError>;

    /// Every device that any sink acknowledged and that is not marked removed, in ascending order,
    /// at most `limit` of them, starting behind `after`. Each device once.
    async fn devices(
        &self,
        inventory: &Inventory,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError>;

    /// How many devices [`CycleStore::devices`] has for an inventory.
    async fn device_count(&self, inventory: &Inventory) -> Result<u64, StateError>;

    /// The devices that are marked removed, in ascending order, at most `limit`, behind `after`.
    async fn removed(
        &self,
        inventory: &Inventory,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError>;

    /// Notes what a sink acknowledged and refused of one batch.
    async fn commit(&self, fence: &Fence, delivery: Delivery) -> Result<(), StateError>;

    /// Keeps records that no sink can get. The same one met again is counted.
    async fn keep_dead_letters(
        &self,
        fence: &Fence,
        cycle: CycleId,
        at: DateTime<Utc>,
        letters: Vec<NewDeadLetter>,
    ) -> Result<(), StateError>;

    /// Notes the end of a cycle.
    async fn close_cycle(&self, fence: &Fence, close: CycleClose) -> Result<(), StateError>;

    /// Notes where the sink of a scope delivers. If another destination was noted, everything that is
    /// known of the scope is about that one: its delivered set, its checkpoint and its dead letters at
    /// this sink are deleted, it counts as configured since `at`, and the destination before is returned.
    async fn note_destination(
        &self,
        fence: &Fence,
        scope: &Scope,
        destination: &SinkDestination,
        at: DateTime<Utc>,
    ) -> Result<Option<SinkDestination>, StateError>;

    /// Purges the devices of an inventory that were marked removed too long ago, at every sink, with
    /// their dead letters, and returns how many marks that were. One that comes back is a new device.
    /// Marks and dead letters of the inventory whose times are later than the present get that time.
    async fn purge_removed(
        &self,
        fence: &Fence,
        inventory: &Inventory,
        retention: Retention,
    ) -> Result<u64, StateError>;

    /// The devices with a dead letter that was last met before a time, in ascending order, at most
    /// `limit`, behind `after`. Each device once.
    async fn dead_lettered(
        &self,
        inventory: &Inventory,
        before: DateTime<Utc>,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError>;

    /// Purges the dead letters of an inventory that were last met before a time: those of `devices`, and
    /// those that name no device. Returns how many.
    async fn purge_dead_letters(
        &self,
        fence: &Fence,
        inventory: &Inventory,
        before: DateTime<Utc>,
        devices: Vec<DeviceUid>,
    ) -> Result<u64, StateError>;
}

/// A complete store.
pub trait StateStore: CycleStore + StateQueries + LeaseStore {}

impl<T: CycleStore + StateQueries + LeaseStore> StateStore for T {}
