//! The store in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Acknowledged, Checkpoint, ClaimId, Clock, CycleClose, CycleId, CycleReport, CycleStore,
    DeadLetter, DeadLetterFilter, DeadLetterId, Delivery, DeviceUid, Fence, Fingerprint, Inventory,
    InventoryFacts, Known, Lease, LeaseStore, NewDeadLetter, Purge, Purged, Refusals, ReportPage,
    Scope, Stage, StateError, StateQueries, SystemClock, TenantName, WorkerName,
};

use crate::lease::expiry;
use crate::{REPORTS_KEPT, dead_letter};

/// Keeps state for as long as the process lives.
///
/// After a restart every device is sent once more, and nothing else is different: the source can
/// always be read again.
pub struct MemoryStore {
    kept: Mutex<Kept>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct Kept {
    scopes: BTreeMap<Scope, KeptScope>,
    inventories: BTreeMap<Inventory, KeptInventory>,
    letters: BTreeMap<DeadLetterId, DeadLetter>,
    /// The letters by [`dead_letter::identity`].
    identities: BTreeMap<Fingerprint, DeadLetterId>,
    /// What the sink of a scope refused, by device: the letters of stage `deliver`, found by key.
    refused: BTreeMap<Scope, BTreeMap<DeviceUid, Fingerprint>>,
    last_letter: i64,
    leases: BTreeMap<TenantName, Lease>,
}

#[derive(Debug, Default)]
struct KeptScope {
    configured_since: Option<DateTime<Utc>>,
    checkpoint: Option<Checkpoint>,
    delivered: BTreeMap<DeviceUid, Acknowledged>,
}

#[derive(Debug, Default)]
struct KeptInventory {
    facts: InventoryFacts,
    /// Since when each device is marked removed.
    removed: BTreeMap<DeviceUid, DateTime<Utc>>,
    /// By number, so that a page can be named.
    reports: BTreeMap<u64, CycleReport>,
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

impl Kept {
    /// The present lease of the fence's tenant, if the fence is its claim.
    fn lease(&mut self, fence: &Fence) -> Result<&mut Lease, StateError> {
        self.leases
            .get_mut(&fence.tenant)
            .filter(|lease| lease.claim == fence.claim)
            .ok_or_else(|| StateError::LeaseLost { tenant: fence.tenant.clone() })
    }

    fn keep_letters(&mut self, cycle: CycleId, at: DateTime<Utc>, letters: Vec<NewDeadLetter>) {
        let mut anonymous = BTreeSet::new();
        for letter in letters {
            if letter.uid.is_none() {
                anonymous.insert(letter.inventory.clone());
            }
            self.keep_letter(cycle, at, letter);
        }
        for inventory in anonymous {
            self.bound_anonymous_letters(&inventory);
        }
    }

    fn keep_letter(&mut self, cycle: CycleId, at: DateTime<Utc>, new: NewDeadLetter) {
        let identity = dead_letter::identity(&new);
        let NewDeadLetter { inventory, sink, stage, uid, fingerprint, reason, payload } = new;
        let id = *self.identities.entry(identity).or_insert_with(|| {
            self.last_letter += 1;
            DeadLetterId(self.last_letter)
        });
        let letter = self.letters.entry(id).or_insert_with(|| DeadLetter {
            id,
            inventory,
            sink,
            stage,
            uid,
            fingerprint: None,
            reason: String::new(),
            payload: String::new(),
            first_at: at,
            last_at: at,
            times: 1,
            cycle,
        });
        letter.times += u64::from(letter.cycle != cycle);
        letter.fingerprint = fingerprint;
        letter.reason = dead_letter::kept_reason(reason);
        letter.payload = dead_letter::kept_payload(payload);
        letter.last_at = at;
        letter.cycle = cycle;
        if let Some((scope, uid)) = refused_key(letter) {
            let refused = self.refused.entry(scope).or_default();
            match fingerprint {
                Some(fingerprint) => refused.insert(uid, fingerprint),
                None => refused.remove(&uid),
            };
        }
    }

    /// Removes at most `limit` letters, and returns how many.
    fn remove_letters(&mut self, goes: impl Fn(&DeadLetter) -> bool, limit: usize) -> u64 {
        let gone: BTreeSet<DeadLetterId> = self
            .letters
            .values()
            .filter(|letter| goes(letter))
            .map(|letter| letter.id)
            .take(limit)
            .collect();
        for letter in gone.iter().filter_map(|id| self.letters.remove(id)) {
            if let Some((scope, uid)) = refused_key(&letter)
                && let Some(refused) = self.refused.get_mut(&scope)
            {
                refused.remove(&uid);
            }
        }
        if !gone.is_empty() {
            self.identities.retain(|_, id| !gone.contains(id));
        }
        gone.len() as u64
    }

    fn end_letters<'a>(
        &mut self,
        scope: &Scope,
        devices: impl Iterator<Item = &'a DeviceUid>,
        ends: impl Fn(&DeadLetter) -> bool,
    ) {
        if self.letters.is_empty() {
            return;
        }
        let devices: BTreeSet<_> = devices.collect();
        let goes = |letter: &DeadLetter| {
            letter.inventory == scope.inventory
                && letter.uid.as_ref().is_some_and(|uid| devices.contains(uid))
                && ends(letter)
        };
        self.remove_letters(goes, usize::MAX);
    }

    fn bound_anonymous_letters(&mut self, inventory: &Inventory) {
        let mut anonymous: Vec<_> = self
            .letters
            .values()
            .filter(|letter| letter.uid.is_none() && letter.inventory == *inventory)
            .map(|letter| (letter.last_at, letter.id))
            .collect();
        anonymous.sort_unstable();
        anonymous.truncate(anonymous.len().saturating_sub(dead_letter::ANONYMOUS_KEPT));
        if !anonymous.is_empty() {
            let surplus: BTreeSet<_> = anonymous.into_iter().map(|(_, id)| id).collect();
            self.remove_letters(|letter| surplus.contains(&letter.id), usize::MAX);
        }
    }

    fn scopes_of(&self, inventory: &Inventory) -> impl Iterator<Item = &KeptScope> {
        self.scopes.iter().filter(|(scope, _)| scope.inventory == *inventory).map(|(_, kept)| kept)
    }

    /// The delivered sets of an inventory, each in ascending order, without removed devices.
    fn delivered_sets(
        &self,
        inventory: &Inventory,
        after: Option<&DeviceUid>,
    ) -> impl Iterator<Item = impl Iterator<Item = &DeviceUid>> {
        let removed = self.inventories.get(inventory).map(|kept| &kept.removed);
        self.scopes_of(inventory).map(move |scope| {
            scope
                .delivered
                .range(behind(after))
                .map(|(uid, _)| uid)
                .filter(move |uid| removed.is_none_or(|removed| !removed.contains_key(*uid)))
        })
    }

    fn purge_count(&self, what: &Purge) -> Purged {
        let scopes = || self.scopes.iter().filter(|(scope, _)| names_scope(what, scope));
        let inventories = || self.inventories.iter().filter(|(i, _)| names_whole(what, i));
        Purged {
            scopes: scopes().count() as u64,
            delivered: scopes().map(|(_, kept)| kept.delivered.len() as u64).sum(),
            dead_letters: self.letters.values().filter(|l| names_letter(what, l)).count() as u64,
            removed: inventories().map(|(_, kept)| kept.removed.len() as u64).sum(),
            cycle_reports: inventories().map(|(_, kept)| kept.reports.len() as u64).sum(),
        }
    }

    fn purge(&mut self, what: &Purge, limit: usize) -> Purged {
        let mut left = limit.max(1);
        let mut purged = Purged::default();
        for (_, kept) in self.scopes.iter_mut().filter(|(scope, _)| names_scope(what, scope)) {
            purged.delivered += shrink(&mut kept.delivered, &mut left);
        }
        self.scopes.retain(|scope, kept| {
            let goes = left > 0 && names_scope(what, scope) && kept.delivered.is_empty();
            if goes {
                left -= 1;
                purged.scopes += 1;
            }
            !goes
        });
        purged.dead_letters = self.remove_letters(|letter| names_letter(what, letter), left);
        left = left.saturating_sub(purged.dead_letters as usize);
        for (_, kept) in self.inventories.iter_mut().filter(|(i, _)| names_whole(what, i)) {
            purged.removed += shrink(&mut kept.removed, &mut left);
            purged.cycle_reports += shrink(&mut kept.reports, &mut left);
        }
        self.inventories.retain(|inventory, kept| {
            !(names_whole(what, inventory) && kept.removed.is_empty() && kept.reports.is_empty())
        });
        purged
    }

    fn purge_removed(&mut self, inventory: &Inventory, before: DateTime<Utc>) -> u64 {
        let Some(kept) = self.inventories.get_mut(inventory) else { return 0 };
        let (old, rest): (BTreeMap<_, _>, _) =
            std::mem::take(&mut kept.removed).into_iter().partition(|(_, at)| *at < before);
        kept.removed = rest;
        for (_, kept) in self.scopes.iter_mut().filter(|(scope, _)| scope.inventory == *inventory) {
            kept.delivered.retain(|uid, _| !old.contains_key(uid));
        }
        let goes = |letter: &DeadLetter| {
            letter.inventory == *inventory
                && letter.uid.as_ref().is_some_and(|u| old.contains_key(u))
        };
        self.remove_letters(goes, usize::MAX);
        old.len() as u64
    }
}

/// Removes entries while there are some `left` to remove, and returns how many.
fn shrink<K: Ord, V>(map: &mut BTreeMap<K, V>, left: &mut usize) -> u64 {
    let mut removed = 0;
    while *left > 0 && map.pop_first().is_some() {
        *left -= 1;
        removed += 1;
    }
    removed
}

/// Whether a value is the one that a filter names; `None` names all.
fn names<T: PartialEq>(name: Option<&T>, value: &T) -> bool {
    name.is_none_or(|name| name == value)
}

fn names_inventory(what: &Purge, inventory: &Inventory) -> bool {
    names(what.tenant.as_ref(), &inventory.tenant) && names(what.source.as_ref(), &inventory.source)
}

fn names_scope(what: &Purge, scope: &Scope) -> bool {
    names_inventory(what, &scope.inventory) && names(what.sink.as_ref(), &scope.sink)
}

/// Whether everything of an inventory goes, not only what is at one sink.
fn names_whole(what: &Purge, inventory: &Inventory) -> bool {
    what.sink.is_none() && names_inventory(what, inventory)
}

fn names_letter(what: &Purge, letter: &DeadLetter) -> bool {
    names_inventory(what, &letter.inventory) && (what.sink.is_none() || what.sink == letter.sink)
}

/// Where [`Kept::refused`] has the content of a letter.
fn refused_key(letter: &DeadLetter) -> Option<(Scope, DeviceUid)> {
    match (&letter.sink, &letter.uid, letter.stage) {
        (Some(sink), Some(uid), Stage::Deliver) => Some((letter.inventory.at(sink), uid.clone())),
        _ => None,
    }
}

/// Whether a letter is such a refusal.
fn is_refusal(letter: &DeadLetter, which: &Refusals) -> bool {
    refused_key(letter).is_some_and(|(scope, _)| {
        letter.fingerprint.is_some()
            && names(which.tenant.as_ref(), &scope.inventory.tenant)
            && names(which.sink.as_ref(), &scope.sink)
            && names(which.letter.as_ref(), &letter.id)
    })
}

fn behind(after: Option<&DeviceUid>) -> (Bound<DeviceUid>, Bound<DeviceUid>) {
    (after.cloned().map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
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

    async fn purge_removed(
        &self,
        fence: &Fence,
        inventory: &Inventory,
        before: DateTime<Utc>,
    ) -> Result<u64, StateError> {
        fence.check_covers(&inventory.tenant)?;
        Ok(self.kept_under(fence)?.purge_removed(inventory, before))
    }
}

#[async_trait]
impl StateQueries for MemoryStore {
    async fn note_configured(&self, scope: &Scope, at: DateTime<Utc>) -> Result<(), StateError> {
        self.kept().scopes.entry(scope.clone()).or_default().configured_since.get_or_insert(at);
        Ok(())
    }

    async fn configured_since(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StateError> {
        Ok(self.kept().scopes.get(scope).and_then(|kept| kept.configured_since))
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
        if kept.leases.get(tenant).is_some_and(|lease| lease.expires_at > now) {
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
