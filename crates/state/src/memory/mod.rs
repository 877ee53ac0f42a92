//! The store in memory.

mod kept;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Acknowledged, Checkpoint, ClaimId, Clock, CycleClose, CycleId, CycleStore, DeadLetter,
    DeadLetterFilter, DeadLetterId, Delivery, DeviceUid, Fence, Inventory, InventoryFacts, Known,
    Lease, LeaseStore, NewDeadLetter, Purge, Purged, Refusals, ReportPage, Retention, Scope,
    SinkDestination, StateError, StateQueries, SystemClock, TenantName, WorkerName,
};

use self::kept::{Kept, behind, is_refusal, names, refused_key};
use crate::lease::expiry;
use crate::report::REPORTS_KEPT;

/// Keeps state for as long as the process lives.
///
/// After a restart every device is sent once more, and nothing else is different: the source can
/// always be read again.
pub struct MemoryStore {
    kept: Mutex<Kept>,
    clock: Arc<dyn Clock>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store with the clock that leases go by.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { kept: Mutex::default(), clock }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No method panics half-way through a change, so what a poisoned lock holds is complete.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`MemoryStore::kept`], for a write under a lease.
    fn kept_under(&self, fence: &Fence) -> Result<MutexGuard<'_, Kept>, StateError> {
        let mut kept = self.kept();
        kept.lease(fence)?;
        Ok(kept)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl CycleStore for MemoryStore {
    async fn known(&self, scope: &Scope, uids: &[DeviceUid]) -> Result<Vec<Known>, StateError> {
        let kept = self.kept();
        let delivered = kept.scopes.get(scope).map(|kept| &kept.delivered);
        let refused = kept.refused.get(scope);
        Ok(uids
            .iter()
            .map(|uid| Known {
                acknowledged: delivered.and_then(|devices| devices.get(uid)).copied(),
                refused: refused.and_then(|devices| devices.get(uid)).copied(),
            })
            .collect())
    }

    async fn has_delivered(&self, scope: &Scope) -> Result<bool, StateError> {
        Ok(self.kept().scopes.get(scope).is_some_and(|kept| !kept.delivered.is_empty()))
    }

    async fn checkpoint(&self, scope: &Scope) -> Result<Option<Checkpoint>, StateError> {
        Ok(self.kept().scopes.get(scope).and_then(|kept| kept.checkpoint.clone()))
    }

    async fn facts(&self, inventory: &Inventory) -> Result<InventoryFacts, StateError> {
        Ok(self.kept().inventories.get(inventory).map(|kept| kept.facts).unwrap_or_default())
    }

    async fn devices(
        &self,
        inventory: &Inventory,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let kept = self.kept();
        // The first `limit` of all are among the first `limit` of each.
        let devices: BTreeSet<_> =
            kept.delivered_sets(inventory, after).flat_map(|set| set.take(limit)).collect();
        Ok(devices.into_iter().take(limit).cloned().collect())
    }

    async fn device_count(&self, inventory: &Inventory) -> Result<u64, StateError> {
        let kept = self.kept();
        let devices: BTreeSet<_> = kept.delivered_sets(inventory, None).flatten().collect();
        Ok(devices.len() as u64)
    }

    async fn removed(
        &self,
        inventory: &Inventory,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let kept = self.kept();
        let Some(kept) = kept.inventories.get(inventory) else { return Ok(Vec::new()) };
        Ok(kept.removed.range(behind(after)).map(|(uid, _)| uid).take(limit).cloned().collect())
    }

    async fn commit(&self, fence: &Fence, delivery: Delivery) -> Result<(), StateError> {
        delivery.check_fence(fence)?;
        let mut kept = self.kept_under(fence)?;
        let Delivery { cycle, scope, at, acknowledged, removed, refused } = delivery;
        if !acknowledged.is_empty() {
            kept.end_letters(&scope, acknowledged.iter().map(|(uid, _)| uid), |letter| {
                letter.sink.as_ref().is_none_or(|sink| *sink == scope.sink)
            });
            let devices = &mut kept.scopes.entry(scope.clone()).or_default().delivered;
            for (uid, fingerprint) in acknowledged {
                devices.insert(uid, Acknowledged { fingerprint, at });
            }
        }
        if !removed.is_empty() {
            kept.end_letters(&scope, removed.iter(), |l| l.sink.as_ref() == Some(&scope.sink));
            if let Some(kept) = kept.scopes.get_mut(&scope) {
                for uid in &removed {
                    kept.delivered.remove(uid);
                }
            }
        }
        kept.keep_letters(cycle, at, refused);
        Ok(())
    }

    async fn keep_dead_letters(
        &self,
        fence: &Fence,
        cycle: CycleId,
        at: DateTime<Utc>,
        letters: Vec<NewDeadLetter>,
    ) -> Result<(), StateError> {
        NewDeadLetter::check_fence(&letters, fence)?;
        self.kept_under(fence)?.keep_letters(cycle, at, letters);
        Ok(())
    }

    async fn close_cycle(&self, fence: &Fence, close: CycleClose) -> Result<(), StateError> {
        let CycleClose { report, checkpoints, facts, removed, returned } = close;
        fence.check_covers(&report.tenant)?;
        let mut kept = self.kept_under(fence)?;
        let inventory = Inventory { tenant: report.tenant.clone(), source: report.source.clone() };
        for (sink, checkpoint) in checkpoints {
            kept.scopes.entry(inventory.at(&sink)).or_default().checkpoint = Some(checkpoint);
        }
        let kept = kept.inventories.entry(inventory).or_default();
        kept.facts = facts.unwrap_or(kept.facts);
        for uid in removed {
            kept.removed.entry(uid).or_insert(report.finished_at);
        }
        for uid in &returned {
            kept.removed.remove(uid);
        }
        kept.reports.retain(|_, kept| kept.cycle != report.cycle);
        let number = kept.reports.last_key_value().map_or(1, |(number, _)| number + 1);
        kept.reports.insert(number, report);
        if kept.reports.len() > REPORTS_KEPT {
            kept.reports.pop_first();
        }
        Ok(())
    }

    async fn note_destination(
        &self,
        fence: &Fence,
        scope: &Scope,
        destination: &SinkDestination,
        at: DateTime<Utc>,
    ) -> Result<Option<SinkDestination>, StateError> {
        fence.check_covers(&scope.inventory.tenant)?;
        Ok(self.kept_under(fence)?.note_destination(scope, destination, at))
    }

    async fn purge_removed(
        &self,
        fence: &Fence,
        inventory: &Inventory,
        retention: Retention,
    ) -> Result<u64, StateError> {
        fence.check_covers(&inventory.tenant)?;
        Ok(self.kept_under(fence)?.purge_removed(inventory, retention))
    }

    async fn dead_lettered(
        &self,
        inventory: &Inventory,
        before: DateTime<Utc>,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let kept = self.kept();
        let devices = kept.dead_lettered(inventory, before).into_iter();
        let behind = devices.filter(|uid| after.is_none_or(|after| *uid > after));
        Ok(behind.take(limit).cloned().collect())
    }

    async fn purge_dead_letters(
        &self,
        fence: &Fence,
        inventory: &Inventory,
        before: DateTime<Utc>,
        devices: Vec<DeviceUid>,
    ) -> Result<u64, StateError> {
        fence.check_covers(&inventory.tenant)?;
        let devices = devices.into_iter().collect();
        Ok(self.kept_under(fence)?.purge_dead_letters(inventory, before, &devices))
    }
}

#[async_trait]
impl StateQueries for MemoryStore {
    async fn note_configured(&self, scope: &Scope, at: DateTime<Utc>) -> Result<(), StateError> {
        let mut kept = self.kept();
        let since = &mut kept.scopes.entry(scope.clone()).or_default().configured_since;
        *since = Some(since.map_or(at, |since| since.min(at)));
        Ok(())
    }

    async fn configured_since(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StateError> {
        Ok(self.kept().scopes.get(scope).and_then(|kept| kept.configured_since))
    }

    async fn destination(&self, scope: &Scope) -> Result<Option<SinkDestination>, StateError> {
        Ok(self.kept().scopes.get(scope).and_then(|kept| kept.destination.clone()))
    }

    async fn check_writable(&self) -> Result<(), StateError> {
        Ok(())
    }

    async fn scopes(&self) -> Result<Vec<Scope>, StateError> {
        Ok(self.kept().scopes.keys().cloned().collect())
    }

    async fn delivered_count(&self, scope: &Scope) -> Result<u64, StateError> {
        Ok(self.kept().scopes.get(scope).map_or(0, |kept| kept.delivered.len() as u64))
    }

    async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StateError> {
        let DeadLetterFilter { tenant, source, sink, before } = filter;
        let older = before.map_or(Bound::Unbounded, Bound::Excluded);
        let kept = self.kept();
        let letters = kept.letters.range((Bound::Unbounded, older)).rev().map(|(_, letter)| letter);
        Ok(letters
            .filter(|letter| names(tenant.as_ref(), &letter.inventory.tenant))
            .filter(|letter| names(source.as_ref(), &letter.inventory.source))
            .filter(|letter| sink.is_none() || *sink == letter.sink)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<DeadLetter>, StateError> {
        Ok(self.kept().letters.get(&id).cloned())
    }

    async fn refusal_count(&self, which: &Refusals) -> Result<u64, StateError> {
        let kept = self.kept();
        Ok(kept.letters.values().filter(|letter| is_refusal(letter, which)).count() as u64)
    }

    async fn purge_refusals(&self, which: &Refusals) -> Result<u64, StateError> {
        let mut kept = self.kept();
        let Kept { letters, refused, .. } = &mut *kept;
        let mut purged = 0;
        for letter in letters.values_mut().filter(|letter| is_refusal(letter, which)) {
            letter.fingerprint = None;
            if let Some((scope, uid)) = refused_key(letter) {
                refused.entry(scope).or_default().remove(&uid);
            }
            purged += 1;
        }
        Ok(purged)
    }

    async fn purge_count(&self, what: &Purge) -> Result<Purged, StateError> {
        Ok(self.kept().purge_count(what))
    }

    async fn purge(&self, what: &Purge, limit: usize) -> Result<Purged, StateError> {
        Ok(self.kept().purge(what, limit))
    }

    async fn reports(
        &self,
        inventory: &Inventory,
        from: Option<u64>,
        limit: usize,
    ) -> Result<ReportPage, StateError> {
        let kept = self.kept();
        let Some(kept) = kept.inventories.get(inventory) else { return Ok(ReportPage::default()) };
        let mut reports = kept.reports.range(..=from.unwrap_or(u64::MAX)).rev();
        let page = reports.by_ref().take(limit).map(|(_, report)| report.clone()).collect();
        Ok(ReportPage { reports: page, next: reports.next().map(|(number, _)| *number) })
    }
}

#[async_trait]
impl LeaseStore for MemoryStore {
    async fn claim(
        &self,
        tenant: &TenantName,
        worker: &WorkerName,
        length: Duration,
    ) -> Result<Option<Lease>, StateError> {
        let mut kept = self.kept();
        let now = self.clock.now();
        let holds = |lease: &Lease| lease.expires_at > now && lease.claimed_at <= now;
        if kept.leases.get(tenant).is_some_and(holds) {
            return Ok(None);
        }
        let lease = Lease {
            tenant: tenant.clone(),
            worker: worker.clone(),
            claim: ClaimId::random(),
            claimed_at: now,
            expires_at: expiry(now, length),
        };
        kept.leases.insert(tenant.clone(), lease.clone());
        Ok(Some(lease))
    }

    async fn renew(&self, fence: &Fence, length: Duration) -> Result<DateTime<Utc>, StateError> {
        let mut kept = self.kept();
        let lease = kept.lease(fence)?;
        lease.expires_at = expiry(self.clock.now(), length);
        Ok(lease.expires_at)
    }

    async fn release(&self, fence: &Fence) -> Result<(), StateError> {
        let mut kept = self.kept();
        if kept.lease(fence).is_ok() {
            kept.leases.remove(&fence.tenant);
        }
        Ok(())
    }

    async fn leases(&self) -> Result<Vec<Lease>, StateError> {
        Ok(self.kept().leases.values().cloned().collect())
    }
}
