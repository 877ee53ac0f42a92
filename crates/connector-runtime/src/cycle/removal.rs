//! Devices that a complete full listing no longer returns, and removed devices that are back.
//!
//! Absence from a listing is no proof: records shift between pages while it is read. So each missing
//! device is looked up by id, and only the source's own "unknown" marks it removed. Many at once are
//! more likely a fault of the source, or of our filter, than a clear-out: then none is marked.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::{
    CycleKind, DeviceUid, Enricher, Mapper, Presence, RemovalAccount, Source, StateError,
    StateStore, TenantId,
};

use super::Collector;
use super::join::{Failure, Joined};

/// Devices read from state at once.
const STATE_PAGE: usize = 1_000;

/// What was found out about missing devices.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) account: RemovalAccount,
    pub(super) removed: Vec<DeviceUid>,
    pub(super) returned: Vec<DeviceUid>,
}

/// Looks for devices that are gone (full cycles only) and for removed ones that are back.
pub(super) async fn settle<S: Source, E: Enricher, M: Mapper>(
    collector: &Collector<S, E, M>,
    kind: CycleKind,
    joined: &Joined,
) -> Result<Settled, Failure> {
    let mut settled = Settled::default();
    let Collector { store, tenant, options, .. } = collector;

    let mut removed = Walk::new(store, tenant, Marked::Removed);
    while let Some(uids) = removed.next().await? {
        settled.returned.extend(uids.into_iter().filter(|uid| joined.is_there(uid)));
    }
    settled.account.returned = settled.returned.len() as u64;
    if kind != CycleKind::Full || !joined.listing_complete {
        return Ok(settled);
    }

    let mut missing = Vec::new();
    let mut known = Walk::new(store, tenant, Marked::Present);
    while let Some(uids) = known.next().await? {
        for uid in uids {
            if joined.is_there(&uid) {
                continue;
            }
            settled.account.missing += 1;
            if missing.len() < options.removal_look_ups {
                missing.push(uid);
            }
        }
    }
    let devices = store.device_count(tenant).await?;
    // Counts of devices are far below 2^52, where `f64` is exact.
    #[allow(clippy::cast_precision_loss)]
    let tolerated = devices as f64 * options.removal_guard;
    #[allow(clippy::cast_precision_loss)]
    if settled.account.missing as f64 > tolerated {
        settled.account.guard_tripped = true;
        tracing::warn!(
            connector.tenant.id = %tenant, missing = settled.account.missing, devices,
            "too many devices vanished at once; none is marked removed"
        );
        return Ok(settled);
    }
    for uid in missing {
        settled.account.looked_up += 1;
        if collector.source.look_up(&uid).await? == Presence::Absent {
            settled.removed.push(uid);
        }
    }
    settled.account.removed = settled.removed.len() as u64;
    Ok(settled)
}

/// Forgets the devices that were marked removed too long ago, so that state does not grow with every
/// device that there ever was.
pub(super) async fn forget<S: Source, E: Enricher, M: Mapper>(
    collector: &Collector<S, E, M>,
    now: DateTime<Utc>,
) -> Result<(), StateError> {
    let Collector { store, tenant, options, .. } = collector;
    let age = TimeDelta::from_std(options.forget_removed_after).ok();
    // An age beyond all calendars keeps every mark.
    let Some(before) = age.and_then(|age| now.checked_sub_signed(age)) else { return Ok(()) };
    let forgotten = store.forget_removed(tenant, before).await?;
    if forgotten > 0 {
        tracing::info!(
            connector.tenant.id = %tenant, forgotten,
            "devices that were removed long ago are forgotten"
        );
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Marked {
    Present,
    Removed,
}

/// Reads a tenant's devices from state, a page at a time.
struct Walk<'a> {
    store: &'a Arc<dyn StateStore>,
    tenant: &'a TenantId,
    marked: Marked,
    after: Option<DeviceUid>,
    ended: bool,
}

impl<'a> Walk<'a> {
    fn new(store: &'a Arc<dyn StateStore>, tenant: &'a TenantId, marked: Marked) -> Self {
        Self { store, tenant, marked, after: None, ended: false }
    }

    async fn next(&mut self) -> Result<Option<Vec<DeviceUid>>, StateError> {
        if self.ended {
            return Ok(None);
        }
        let after = self.after.as_ref();
        let uids = match self.marked {
            Marked::Present => self.store.devices(self.tenant, after, STATE_PAGE).await?,
            Marked::Removed => self.store.removed(self.tenant, after, STATE_PAGE).await?,
        };
        self.ended = uids.len() < STATE_PAGE;
        self.after = uids.last().cloned();
        Ok(Some(uids))
    }
}
