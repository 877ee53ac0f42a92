//! Devices that a complete full listing no longer returns, and removed devices that are back.
//!
//! Absence from a listing is not a proof: records shift between pages while it is read. So each
//! missing device is looked up by id, and it is marked removed only if the source does not know it.
//! Many missing devices at once are more likely a fault of the source or of a filter: then no device
//! is marked.

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::{
    CycleKind, CycleStore, DeviceUid, Enricher, Failure, Inventory, Mapper, Presence,
    RemovalAccount, Retention, Source, StateError,
};
use stocktake_telemetry::field;

use crate::collector::Collector;
use crate::fenced_store::FencedStore;
use crate::join::JoinOutcome;
use crate::policy::is_implausible_loss;
use crate::stop::Stop;

/// Devices read from state at once.
const STATE_PAGE: usize = 1_000;

/// The result of comparing state with a listing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reconciliation {
    pub(crate) account: RemovalAccount,
    /// Devices that the source does not know, and that are not marked yet.
    pub(crate) removed: Vec<DeviceUid>,
    /// Devices that are marked removed and are back, in ascending order.
    pub(crate) returned: Vec<DeviceUid>,
}

/// Looks for devices that are gone (full cycles only) and for removed ones that are back. A stop ends
/// the look-ups; their results so far count, and a later full cycle does the rest.
pub(crate) async fn reconcile<S: Source, E: Enricher, M: Mapper>(
    collector: &Collector<S, E, M>,
    kind: CycleKind,
    joined: &JoinOutcome,
    stop: &Stop,
) -> Result<Reconciliation, Failure> {
    let mut found = Reconciliation::default();
    let Collector { store, inventory, options, .. } = collector;

    let mut marked = DeviceWalk::new(store.as_ref(), inventory, Marked::Removed);
    while let Some(uids) = marked.next().await? {
        found.returned.extend(uids.into_iter().filter(|uid| joined.has_seen(uid)));
    }
    found.account.returned = found.returned.len() as u64;
    if kind != CycleKind::Full || !joined.listing_complete {
        return Ok(found);
    }

    let mut missing = Vec::new();
    let mut present = DeviceWalk::new(store.as_ref(), inventory, Marked::Present);
    while let Some(uids) = present.next().await? {
        for uid in uids {
            if joined.has_seen(&uid) {
                continue;
            }
            found.account.missing += 1;
            if missing.len() < options.removal_look_ups {
                missing.push(uid);
            }
        }
    }
    let devices = store.device_count(inventory).await?;
    if is_implausible_loss(found.account.missing, devices, options.removal_guard) {
        found.account.guard_tripped = true;
        tracing::warn!(
            { field::TENANT_NAME } = %inventory.tenant,
            { field::SOURCE } = %inventory.source,
            missing = found.account.missing,
            devices,
            "too many devices disappeared at once; no device is marked removed"
        );
        return Ok(found);
    }
    for uid in missing {
        if stop.graceful.is_cancelled() {
            break;
        }
        let presence = tokio::select! {
            biased;
            () = stop.immediate.cancelled() => break,
            presence = collector.source.look_up(&uid) => presence?,
        };
        found.account.looked_up += 1;
        if presence == Presence::Absent {
            found.removed.push(uid);
        }
    }
    found.account.removed = found.removed.len() as u64;
    Ok(found)
}

/// Purges what is too old of devices that are gone, so that state does not grow forever: those that
/// were marked removed, and the dead letters of those that no sink ever had. If that fails, the cycle
/// is still complete, and the next full one purges them.
///
/// The times are those at which the cycle started, and now.
pub(crate) async fn purge<S: Source, E: Enricher, M: Mapper>(
    collector: &Collector<S, E, M>,
    store: &FencedStore,
    joined: &JoinOutcome,
    (started_at, now): (DateTime<Utc>, DateTime<Utc>),
) {
    let Collector { inventory, options, .. } = collector;
    let age = TimeDelta::from_std(options.purge_removed_after).ok();
    // An age beyond the range of dates keeps everything.
    let Some(before) = age.and_then(|age| started_at.checked_sub_signed(age)) else { return };
    let purged = async {
        let devices = store.purge_removed(inventory, Retention { now, before }).await?;
        let letters = purge_dead_letters(store, inventory, joined, before).await?;
        Ok::<_, StateError>((devices, letters))
    };
    match purged.await {
        Ok((0, 0)) => {}
        Ok((devices, dead_letters)) => tracing::info!(
            { field::TENANT_NAME } = %inventory.tenant,
            { field::SOURCE } = %inventory.source,
            devices,
            dead_letters,
            "purged removed devices and their dead letters from state"
        ),
        Err(error) => tracing::warn!(
            { field::TENANT_NAME } = %inventory.tenant,
            { field::SOURCE } = %inventory.source,
            { field::ERROR } = &error as &dyn std::error::Error,
            "cannot purge removed devices from state; the next full cycle tries again"
        ),
    }
}

/// Purges the dead letters that no cycle met since a time and whose devices the listing did not return.
/// A refusal that stands is met once only, so its device counts.
async fn purge_dead_letters(
    store: &FencedStore,
    inventory: &Inventory,
    joined: &JoinOutcome,
    before: DateTime<Utc>,
) -> Result<u64, StateError> {
    let (mut purged, mut after) = (0, None);
    loop {
        let mut devices =
            store.read().dead_lettered(inventory, before, after.as_ref(), STATE_PAGE).await?;
        let is_last = devices.len() < STATE_PAGE;
        after = devices.last().cloned();
        devices.retain(|uid| !joined.has_seen(uid));
        purged += store.purge_dead_letters(inventory, before, devices).await?;
        if is_last {
            return Ok(purged);
        }
    }
}

/// Which devices of state to read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Marked {
    /// Those that are not marked removed.
    Present,
    /// Those that are.
    Removed,
}

/// Reads the devices of an inventory from state, a page at a time, in ascending order.
pub(crate) struct DeviceWalk<'a> {
    store: &'a dyn CycleStore,
    inventory: &'a Inventory,
    marked: Marked,
    after: Option<DeviceUid>,
    has_ended: bool,
}

impl<'a> DeviceWalk<'a> {
    pub(crate) fn new(store: &'a dyn CycleStore, inventory: &'a Inventory, marked: Marked) -> Self {
        Self { store, inventory, marked, after: None, has_ended: false }
    }

    /// The next page; `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<DeviceUid>>, StateError> {
        if self.has_ended {
            return Ok(None);
        }
        let after = self.after.as_ref();
        let uids = match self.marked {
            Marked::Present => self.store.devices(self.inventory, after, STATE_PAGE).await?,
            Marked::Removed => self.store.removed(self.inventory, after, STATE_PAGE).await?,
        };
        self.has_ended = uids.len() < STATE_PAGE;
        self.after = uids.last().cloned();
        Ok(Some(uids))
    }
}
