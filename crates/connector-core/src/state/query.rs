//! What an operator asks of state.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{DeadLetter, DeadLetterId, Inventory, Scope, StateError};
use crate::{CycleReport, SinkDestination, SinkName, SourceName, TenantName};

/// Which dead letters to list. `None` takes all.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    /// Of this tenant.
    pub tenant: Option<TenantName>,
    /// Of this source.
    pub source: Option<SourceName>,
    /// At this sink.
    pub sink: Option<SinkName>,
    /// Older than this one: the last one of the page before.
    pub before: Option<DeadLetterId>,
}

/// Which refusals to purge: events that a sink refused for good, and whose dead letters stand.
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

/// What to purge: a tenant, source or sink that is not collected any more. `None` takes all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purge {
    /// Of this tenant.
    pub tenant: Option<TenantName>,
    /// Of this source.
    pub source: Option<SourceName>,
    /// At this sink: delivered sets, checkpoints and dead letters. Without a sink, marks of removed
    /// devices, facts and cycle reports go too.
    pub sink: Option<SinkName>,
}

/// How much was purged, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
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

/// A page of cycle reports, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportPage {
    /// The reports.
    pub reports: Vec<CycleReport>,
    /// Where the next page starts, for the next call; `None` on the last page.
    pub next: Option<u64>,
}

/// What an operator asks of state. Nothing here is needed by a cycle.
///
/// # Shape
/// Lists are paged, so that no result grows with the number of devices.
///
/// # Errors
/// [`StateError`]; nothing was changed then.
#[async_trait]
pub trait StateQueries: fmt::Debug + Send + Sync {
    /// Notes that the configuration names a scope since `at`, unless an earlier time is noted. A later
    /// one was noted by a clock that ran ahead.
    async fn note_configured(&self, scope: &Scope, at: DateTime<Utc>) -> Result<(), StateError>;

    /// Since when the configuration names a scope; `None` where nobody noted it.
    async fn configured_since(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StateError>;

    /// Where the sink of a scope delivered last; `None` where nobody noted it.
    async fn destination(&self, scope: &Scope) -> Result<Option<SinkDestination>, StateError>;

    /// Writes something that changes nothing, to find out whether state can be written.
    async fn check_writable(&self) -> Result<(), StateError>;

    /// Every scope that is configured, or has a delivered set or a checkpoint, in ascending order.
    async fn scopes(&self) -> Result<Vec<Scope>, StateError>;

    /// Devices in a delivered set.
    async fn delivered_count(&self, scope: &Scope) -> Result<u64, StateError>;

    /// Dead letters, newest first (by id, descending), at most `limit`.
    async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StateError>;

    /// One dead letter.
    async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<DeadLetter>, StateError>;

    /// How many refusals [`StateQueries::purge_refusals`] would purge.
    async fn refusal_count(&self, which: &Refusals) -> Result<u64, StateError>;

    /// Purges what sinks refused, and returns how much: the next cycle that reads such a device sends
    /// it again. Its dead letter stays, without the content that was refused, until the sink
    /// acknowledges the device or refuses it once more.
    async fn purge_refusals(&self, which: &Refusals) -> Result<u64, StateError>;

    /// How much [`StateQueries::purge`] would purge in all.
    async fn purge_count(&self, what: &Purge) -> Result<Purged, StateError>;

    /// Purges at most about `limit` rows of what a tenant, source or sink left in state, and returns
    /// how much that was: nothing once all is gone, as if it had never been collected. The caller
    /// repeats the call until then, so that no transaction is long.
    async fn purge(&self, what: &Purge, limit: usize) -> Result<Purged, StateError>;

    /// Cycle reports of an inventory, newest first, at most `limit`, from where the page before ended.
    /// Stores keep at least the last 100.
    async fn reports(
        &self,
        inventory: &Inventory,
        from: Option<u64>,
        limit: usize,
    ) -> Result<ReportPage, StateError>;
}
