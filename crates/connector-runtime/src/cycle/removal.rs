//! Devices that a complete full listing no longer returns, and removed devices that are back.
//!
//! Absence from a listing is no proof: records shift between pages while it is read. So each missing
//! device is looked up by id, and only the source's own "unknown" marks it removed. Many at once are
//! more likely a fault of the source, or of our filter, than a clear-out: then none is marked.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use stocktake_connector_core::{
    CycleKind, DeviceUid, Enricher, Mapper, Presence, RemovalAccount, Source, StateError,
    StateStore, TenantName,
};

use super::join::{Failure, Joined};
use super::{Collector, Stop};

/// Devices read from state at once.
const STATE_PAGE: usize = 1_000;

/// What was found out about missing devices.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) account: RemovalAccount,
    pub(super) removed: Vec<DeviceUid>,
    pub(super) returned: Vec<DeviceUid>,
}

/// Looks for devices that are gone (full cycles only) and for removed ones that are back. A stop ends
/// the look-ups; what they found until then counts, and a later full cycle does the rest.
pub(super) async fn settle<S: Source, E: Enricher, M: Mapper>(
    collector: &Collector<S, E, M>,
    kind: CycleKind,
    joined: &Joined,
    stop: &Stop,
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
            connector.tenant.name = %tenant, missing = settled.account.missing, devices,
            "too many devices vanished at once; none is marked removed"
        );
        return Ok(settled);
    }
    for uid in missing {
        if stop.gently.is_cancelled() {
            break;
        }
        let presence = tokio::select! {
            biased;
            () = stop.now.cancelled() => break,
            presence = collector.source.look_up(&uid) => presence?,
        };
        settled.account.looked_up += 1;
        if presence == Presence::Absent {
            settled.removed.push(uid);
        }
    }
    settled.account.removed = settled.removed.len() as u64;
    Ok(settled)
}

/// Forgets the devices that were marked removed too long ago, so that state does not grow with every
/// device that there ever was. Where that fails, the cycle is no less complete, and the next full one
/// forgets them.
pub(super) async fn forget<S: Source, E: Enricher, M: Mapper>(
    collector: &Collector<S, E, M>,
    now: DateTime<Utc>,
) {
    let Collector { store, tenant, options, .. } = collector;
    let age = TimeDelta::from_std(options.forget_removed_after).ok();
    // An age beyond all calendars keeps every mark.
    let Some(before) = age.and_then(|age| now.checked_sub_signed(age)) else { return };
    match store.forget_removed(tenant, before).await {
        Ok(0) => {}
        Ok(forgotten) => tracing::info!(
            connector.tenant.name = %tenant, forgotten,
            "devices that were removed long ago are forgotten"
        ),
        Err(error) => tracing::warn!(
            connector.tenant.name = %tenant, error = &error as &dyn std::error::Error,
            "devices that were removed long ago are not forgotten yet"
        ),
    }
}

#[derive(Debug, Clone, Copy)]
enum Marked {
    Present,
    Removed,
}

/// Reads a tenant's devices from state, a page at a time.
struct Walk<'a> {
    store: &'a Arc<dyn StateStore>,
    tenant: &'a TenantName,
    marked: Marked,
    after: Option<DeviceUid>,
    ended: bool,
}

impl<'a> Walk<'a> {
    fn new(store: &'a Arc<dyn StateStore>, tenant: &'a TenantName, marked: Marked) -> Self {
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
