//! State: what each sink has acknowledged, and how far each tenant was read.
//!
//! Nothing here is needed to find a device again, only to know what need not be sent again. State
//! that is lost costs one complete delivery and no device.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{BoxError, CycleId, CycleReport, DeviceUid, Fingerprint, SinkName, TenantName};

/// A delivered set belongs to one tenant at one sink.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// Whose devices.
    pub tenant: TenantName,
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
    /// Whose device.
    pub tenant: TenantName,
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

/// A dead letter as it is kept. The same one met again is counted, not kept twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its name.
    pub id: DeadLetterId,
    /// Whose device.
    pub tenant: TenantName,
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

/// Which dead letters to list. `None` takes all.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    /// Of this tenant.
    pub tenant: Option<TenantName>,
    /// At this sink.
    pub sink: Option<SinkName>,
    /// At most so many, newest first; `None` takes all.
    pub limit: Option<usize>,
}

/// Which refusals to forget: events that a sink refused for good, and whose dead letters stand.
/// `None` takes all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Of this tenant.
    pub tenant: Option<TenantName>,
    /// Of this sink.
    pub sink: Option<SinkName>,
    /// Of this dead letter.
    pub letter: Option<DeadLetterId>,
}

/// What one batch changes in state. Accepted whole or not at all.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The cycle it belongs to.
    pub cycle: CycleId,
    /// Whose devices, at which sink.
    pub scope: Scope,
    /// When the sink answered.
    pub at: DateTime<Utc>,
    /// Devices and content that the sink acknowledged. Their dead letters end.
    pub acknowledged: Vec<(DeviceUid, Fingerprint)>,
    /// What the sink will never take.
    pub refused: Vec<NewDeadLetter>,
}

/// How far a tenant was delivered to a sink. Never moves back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The highest `firstSeen` processed.
    pub first_seen: Option<DateTime<Utc>>,
    /// The highest `lastSeen` processed; the next incremental cycle starts from it.
    pub last_seen: Option<DateTime<Utc>>,
    /// When the last complete cycle started.
    pub completed_at: DateTime<Utc>,
}

/// What state knows of a tenant besides its delivered sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantFacts {
    /// When the last complete full cycle started.
    pub full_completed_at: Option<DateTime<Utc>>,
    /// How many enrichment records the tenant had when they were last read completely.
    pub enrichment_records: Option<u64>,
}

/// What the end of a cycle changes in state. Accepted whole or not at all.
#[derive(Debug, Clone)]
pub struct CycleClose {
    /// The accounts, kept for `state show`.
    pub report: CycleReport,
    /// Checkpoints of the sinks that were delivered completely. A store keeps the later of the old
    /// and the new value of each field.
    pub checkpoints: BTreeMap<SinkName, Checkpoint>,
    /// New facts; `None` leaves the old ones.
    pub facts: Option<TenantFacts>,
    /// Devices that the source no longer knows. They are marked as of the report's end; a mark that is
    /// there keeps its time.
    pub removed: Vec<DeviceUid>,
    /// Devices that were marked removed and are back.
    pub returned: Vec<DeviceUid>,
}

/// What to forget of a tenant or a sink that is not collected any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forgetting {
    /// Everything of a tenant.
    Tenant(TenantName),
    /// What was delivered to a sink, of every tenant: delivered sets, checkpoints and dead letters.
    Sink(SinkName),
    /// The same of one tenant.
    Scope(Scope),
}

/// How much was forgotten, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// Delivered sets, each with its checkpoint.
    pub scopes: u64,
    /// Devices in them.
    pub delivered: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Marks of removed devices.
    pub removed: u64,
    /// Cycle reports.
    pub cycle_reports: u64,
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

/// Keeps delivered sets, checkpoints, dead letters and cycle reports.
///
/// # Shape
/// Every method that changes something is one transaction: after a crash it happened whole or not.
///
/// # Errors
/// [`StateError`]; nothing was changed then.
///
/// # Cancellation
/// A dropped future may or may not have taken effect, but never in part.
#[async_trait]
pub trait StateStore: fmt::Debug + Send + Sync {
    /// What is known of each of `uids`, in their order.
    async fn known(&self, scope: &Scope, uids: &[DeviceUid]) -> Result<Vec<Known>, StateError>;

    /// Notes what a sink answered to one batch.
    async fn commit(&self, delivery: Delivery) -> Result<(), StateError>;

    /// Notes records that no sink can get. The same one met again is counted.
    async fn keep_dead_letters(
        &self,
        cycle: CycleId,
        at: DateTime<Utc>,
        letters: Vec<NewDeadLetter>,
    ) -> Result<(), StateError>;

    /// Notes the end of a cycle.
    async fn close_cycle(&self, close: CycleClose) -> Result<(), StateError>;

    /// Notes that a scope is wanted, which is that the configuration names it, since `at`. What was
    /// noted before stays.
    async fn want(&self, scope: &Scope, at: DateTime<Utc>) -> Result<(), StateError>;

    /// Since when a scope is wanted; `None` where nobody noted it.
    async fn wanted_since(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StateError>;

    /// Writes something that changes nothing, to tell whether state can be written.
    async fn check_writable(&self) -> Result<(), StateError>;

    /// The checkpoint of a scope, if a cycle was ever complete for it.
    async fn checkpoint(&self, scope: &Scope) -> Result<Option<Checkpoint>, StateError>;

    /// What is known of a tenant.
    async fn facts(&self, tenant: &TenantName) -> Result<TenantFacts, StateError>;

    /// Every device that any sink acknowledged and that is not marked removed, in ascending order,
    /// at most `limit` of them, starting behind `after`. Each device once.
    async fn devices(
        &self,
        tenant: &TenantName,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError>;

    /// How many devices [`StateStore::devices`] has for a tenant.
    async fn device_count(&self, tenant: &TenantName) -> Result<u64, StateError>;

    /// The devices that are marked removed, in ascending order, at most `limit`, behind `after`.
    async fn removed(
        &self,
        tenant: &TenantName,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError>;

    /// Devices in a delivered set.
    async fn delivered_count(&self, scope: &Scope) -> Result<u64, StateError>;

    /// Every scope that is wanted, or has a delivered set or a checkpoint.
    async fn scopes(&self) -> Result<Vec<Scope>, StateError>;

    /// Dead letters, newest first.
    async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<DeadLetter>, StateError>;

    /// One dead letter.
    async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<DeadLetter>, StateError>;

    /// How many refusals [`StateStore::forget_refusals`] would forget.
    async fn refusal_count(&self, which: &Refusals) -> Result<u64, StateError>;

    /// Forgets what sinks refused, and answers how much: the next cycle that reads such a device sends
    /// it again. Its dead letter stays, without the content that was refused, until the sink
    /// acknowledges the device or refuses it once more.
    async fn forget_refusals(&self, which: &Refusals) -> Result<u64, StateError>;

    /// How much [`StateStore::forget`] would forget.
    async fn forgettable(&self, what: &Forgetting) -> Result<Forgotten, StateError>;

    /// Forgets a tenant or a sink, as if it had never been collected or fed, and answers how much that
    /// was.
    async fn forget(&self, what: &Forgetting) -> Result<Forgotten, StateError>;

    /// Forgets the devices of a tenant that were marked removed before a time, at every sink, with
    /// their dead letters, and answers how many marks that were. One that comes back is a new device.
    async fn forget_removed(
        &self,
        tenant: &TenantName,
        before: DateTime<Utc>,
    ) -> Result<u64, StateError>;

    /// The last `limit` cycle reports of a tenant, newest first. Stores keep at least 100.
    async fn reports(
        &self,
        tenant: &TenantName,
        limit: usize,
    ) -> Result<Vec<CycleReport>, StateError>;
}
