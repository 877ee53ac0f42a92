//! The store in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Acknowledged, Checkpoint, CycleClose, CycleId, CycleReport, DeadLetter, DeadLetterFilter,
    DeadLetterId, Delivery, DeviceUid, Fingerprint, Forgetting, Forgotten, Known, NewDeadLetter,
    Refusals, Scope, SinkName, Stage, StateError, StateStore, TenantFacts, TenantName,
};

use crate::{REPORTS_KEPT, dead_letter};

/// Keeps state for as long as the process lives.
///
/// After a restart every device is sent once more, and nothing else is different: the source can
/// always be read again.
#[derive(Debug, Default)]
pub struct MemoryStore {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    delivered: BTreeMap<Scope, BTreeMap<DeviceUid, Acknowledged>>,
    checkpoints: BTreeMap<Scope, Checkpoint>,
    wanted_since: BTreeMap<Scope, DateTime<Utc>>,
    facts: BTreeMap<TenantName, TenantFacts>,
    /// Since when each device is marked removed.
    removed: BTreeMap<TenantName, BTreeMap<DeviceUid, DateTime<Utc>>>,
    reports: BTreeMap<TenantName, Vec<CycleReport>>,
    letters: BTreeMap<Fingerprint, DeadLetter>,
    /// What the sink of a scope refused, by device: the letters of stage `deliver`, found by key.
    refused: BTreeMap<Scope, BTreeMap<DeviceUid, Fingerprint>>,
    last_letter: i64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No method panics half-way through a change, so what a poisoned lock holds is whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep_letter(&mut self, cycle: CycleId, at: DateTime<Utc>, new: NewDeadLetter) {
        let identity = dead_letter::identity(&new);
        let NewDeadLetter { tenant, sink, stage, uid, fingerprint, reason, payload } = new;
        if let (Some(sink), Some(uid), Stage::Deliver) = (&sink, &uid, stage) {
            let scope = Scope { tenant: tenant.clone(), sink: sink.clone() };
            let refused = self.refused.entry(scope).or_default();
            match fingerprint {
                Some(fingerprint) => refused.insert(uid.clone(), fingerprint),
                None => refused.remove(uid),
            };
        }
        let reason = dead_letter::kept_reason(reason);
        let payload = dead_letter::kept_payload(payload);
        if let Some(letter) = self.letters.get_mut(&identity) {
            letter.times += u64::from(letter.cycle != cycle);
            letter.fingerprint = fingerprint;
            letter.reason = reason;
            letter.payload = payload;
            letter.last_at = at;
            letter.cycle = cycle;
            return;
        }
        self.last_letter += 1;
        let id = DeadLetterId(self.last_letter);
        self.letters.insert(
            identity,
            DeadLetter {
                id,
                tenant,
                sink,
                stage,
                uid,
                fingerprint,
                reason,
                payload,
                first_at: at,
                last_at: at,
                times: 1,
                cycle,
            },
        );
    }

    /// Ends the letters of delivered devices: those of this sink, and those of no sink.
    fn end_letters(&mut self, scope: &Scope, devices: &[(DeviceUid, Fingerprint)]) {
        if self.letters.is_empty() {
            return;
        }
        let devices: BTreeSet<_> = devices.iter().map(|(uid, _)| uid).collect();
        self.letters.retain(|_, letter| {
            letter.tenant != scope.tenant
                || letter.sink.as_ref().is_some_and(|sink| *sink != scope.sink)
                || letter.uid.as_ref().is_none_or(|uid| !devices.contains(uid))
        });
        if let Some(refused) = self.refused.get_mut(scope) {
            refused.retain(|uid, _| !devices.contains(uid));
        }
    }

    fn bound_anonymous_letters(&mut self, tenant: &TenantName) {
        let mut anonymous: Vec<_> = self
            .letters
            .iter()
            .filter(|(_, letter)| letter.uid.is_none() && letter.tenant == *tenant)
            .map(|(identity, letter)| (letter.last_at, letter.id, *identity))
            .collect();
        anonymous.sort_unstable();
        let surplus = anonymous.len().saturating_sub(dead_letter::ANONYMOUS_KEPT);
        for (_, _, identity) in anonymous.into_iter().take(surplus) {
            self.letters.remove(&identity);
        }
    }

    fn keep_letters(&mut self, cycle: CycleId, at: DateTime<Utc>, letters: Vec<NewDeadLetter>) {
        let tenants: BTreeSet<_> = letters
            .iter()
            .filter(|letter| letter.uid.is_none())
            .map(|letter| letter.tenant.clone())
            .collect();
        for letter in letters {
            self.keep_letter(cycle, at, letter);
        }
        for tenant in tenants {
            self.bound_anonymous_letters(&tenant);
        }
    }

    fn scopes(&self) -> BTreeSet<&Scope> {
        let delivered = self.delivered.keys().chain(self.checkpoints.keys());
        delivered.chain(self.wanted_since.keys()).collect()
    }

    fn forgettable(&self, what: &Forgetting) -> Forgotten {
        let delivered = self.delivered.iter().filter(|(scope, _)| goes(what, scope));
        let (removed, cycle_reports) = match what {
            Forgetting::Tenant(tenant) => (
                self.removed.get(tenant).map_or(0, BTreeMap::len),
                self.reports.get(tenant).map_or(0, Vec::len),
            ),
            Forgetting::Sink(_) | Forgetting::Scope(_) => (0, 0),
        };
        Forgotten {
            scopes: self.scopes().into_iter().filter(|scope| goes(what, scope)).count() as u64,
            delivered: delivered.map(|(_, devices)| devices.len() as u64).sum(),
            dead_letters: self.letters.values().filter(|l| letter_goes(what, l)).count() as u64,
            removed: removed as u64,
            cycle_reports: cycle_reports as u64,
        }
    }

    fn forget(&mut self, what: &Forgetting) {
        self.delivered.retain(|scope, _| !goes(what, scope));
        self.checkpoints.retain(|scope, _| !goes(what, scope));
        self.wanted_since.retain(|scope, _| !goes(what, scope));
        self.refused.retain(|scope, _| !goes(what, scope));
        self.letters.retain(|_, letter| !letter_goes(what, letter));
        if let Forgetting::Tenant(tenant) = what {
            self.facts.remove(tenant);
            self.removed.remove(tenant);
            self.reports.remove(tenant);
        }
    }

    fn forget_removed(&mut self, tenant: &TenantName, before: DateTime<Utc>) -> u64 {
        let Some(marked) = self.removed.get_mut(tenant) else { return 0 };
        let old: BTreeSet<DeviceUid> =
            marked.iter().filter(|(_, at)| **at < before).map(|(uid, _)| uid.clone()).collect();
        marked.retain(|uid, _| !old.contains(uid));
        for (_, devices) in self.delivered.iter_mut().filter(|(scope, _)| scope.tenant == *tenant) {
            devices.retain(|uid, _| !old.contains(uid));
        }
        for (_, devices) in self.refused.iter_mut().filter(|(scope, _)| scope.tenant == *tenant) {
            devices.retain(|uid, _| !old.contains(uid));
        }
        self.letters.retain(|_, letter| {
            letter.tenant != *tenant || letter.uid.as_ref().is_none_or(|uid| !old.contains(uid))
        });
        old.len() as u64
    }

    /// The delivered sets of a tenant, each in ascending order, without removed devices.
    fn delivered_sets<'a>(
        &'a self,
        tenant: &'a TenantName,
        after: Option<&'a DeviceUid>,
    ) -> impl Iterator<Item = impl Iterator<Item = &'a DeviceUid>> {
        let removed = self.removed.get(tenant);
        self.delivered.iter().filter(move |(scope, _)| scope.tenant == *tenant).map(
            move |(_, devices)| {
                devices
                    .range(behind(after))
                    .map(|(uid, _)| uid)
                    .filter(move |uid| removed.is_none_or(|removed| !removed.contains_key(*uid)))
            },
        )
    }
}

/// Whether a tenant at a sink is among what is to be forgotten.
fn goes(what: &Forgetting, scope: &Scope) -> bool {
    match what {
        Forgetting::Tenant(tenant) => scope.tenant == *tenant,
        Forgetting::Sink(sink) => scope.sink == *sink,
        Forgetting::Scope(one) => scope == one,
    }
}

/// Whether a dead letter is. One without a sink belongs to its tenant.
fn letter_goes(what: &Forgetting, letter: &DeadLetter) -> bool {
    match what {
        Forgetting::Tenant(tenant) => letter.tenant == *tenant,
        Forgetting::Sink(sink) => letter.sink.as_ref() == Some(sink),
        Forgetting::Scope(Scope { tenant, sink }) => {
            letter.tenant == *tenant && letter.sink.as_ref() == Some(sink)
        }
    }
}

/// Whether something is what was asked for, or nothing particular was.
fn matches<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
    wanted.is_none() || wanted == found
}

/// Whether a letter is such a refusal.
fn is_refusal(letter: &DeadLetter, which: &Refusals) -> bool {
    letter.stage == Stage::Deliver
        && letter.sink.is_some()
        && letter.uid.is_some()
        && letter.fingerprint.is_some()
        && matches(which.tenant.as_ref(), Some(&letter.tenant))
        && matches(which.sink.as_ref(), letter.sink.as_ref())
        && matches(which.letter.as_ref(), Some(&letter.id))
}

fn behind(after: Option<&DeviceUid>) -> (Bound<DeviceUid>, Bound<DeviceUid>) {
    (after.cloned().map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

fn later(old: Checkpoint, new: Checkpoint) -> Checkpoint {
    Checkpoint {
        first_seen: old.first_seen.max(new.first_seen),
        last_seen: old.last_seen.max(new.last_seen),
        completed_at: old.completed_at.max(new.completed_at),
    }
}

#[async_trait]
impl StateStore for MemoryStore {
    async fn known(&self, scope: &Scope, uids: &[DeviceUid]) -> Result<Vec<Known>, StateError> {
        let kept = self.kept();
        let delivered = kept.delivered.get(scope);
        let refused = kept.refused.get(scope);
        Ok(uids
            .iter()
            .map(|uid| Known {
                acknowledged: delivered.and_then(|devices| devices.get(uid)).copied(),
                refused: refused.and_then(|devices| devices.get(uid)).copied(),
            })
            .collect())
    }

    async fn commit(&self, delivery: Delivery) -> Result<(), StateError> {
        let Delivery { cycle, scope, at, acknowledged, refused } = delivery;
        let mut kept = self.kept();
        if !acknowledged.is_empty() {
            kept.end_letters(&scope, &acknowledged);
            let devices = kept.delivered.entry(scope).or_default();
            for (uid, fingerprint) in acknowledged {
                devices.insert(uid, Acknowledged { fingerprint, at });
            }
        }
        kept.keep_letters(cycle, at, refused);
        Ok(())
    }

    async fn keep_dead_letters(
        &self,
        cycle: CycleId,
        at: DateTime<Utc>,
        letters: Vec<NewDeadLetter>,
    ) -> Result<(), StateError> {
        self.kept().keep_letters(cycle, at, letters);
        Ok(())
    }

    async fn close_cycle(&self, close: CycleClose) -> Result<(), StateError> {
        let CycleClose { report, checkpoints, facts, removed, returned } = close;
        let tenant = report.tenant.clone();
        let mut kept = self.kept();
        for (sink, new) in checkpoints {
            let scope = Scope { tenant: tenant.clone(), sink };
            kept.checkpoints.entry(scope).and_modify(|old| *old = later(*old, new)).or_insert(new);
        }
        if let Some(facts) = facts {
            kept.facts.insert(tenant.clone(), facts);
        }
        if !(removed.is_empty() && returned.is_empty()) {
            let marked = kept.removed.entry(tenant.clone()).or_default();
            for uid in removed {
                marked.entry(uid).or_insert(report.finished_at);
            }
            for uid in &returned {
                marked.remove(uid);
            }
        }
        let reports = kept.reports.entry(tenant).or_default();
        reports.retain(|kept| kept.cycle != report.cycle);
        reports.push(report);
        let surplus = reports.len().saturating_sub(REPORTS_KEPT);
        reports.drain(..surplus);
        Ok(())
    }

    async fn want(&self, scope: &Scope, at: DateTime<Utc>) -> Result<(), StateError> {
        self.kept().wanted_since.entry(scope.clone()).or_insert(at);
        Ok(())
    }

    async fn wanted_since(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StateError> {
        Ok(self.kept().wanted_since.get(scope).copied())
    }

    async fn check_writable(&self) -> Result<(), StateError> {
        Ok(())
    }

    async fn checkpoint(&self, scope: &Scope) -> Result<Option<Checkpoint>, StateError> {
        Ok(self.kept().checkpoints.get(scope).copied())
    }

    async fn facts(&self, tenant: &TenantName) -> Result<TenantFacts, StateError> {
        Ok(self.kept().facts.get(tenant).copied().unwrap_or_default())
    }

    async fn devices(
        &self,
        tenant: &TenantName,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let kept = self.kept();
        // The first `limit` of all are among the first `limit` of each.
        let devices: BTreeSet<_> =
            kept.delivered_sets(tenant, after).flat_map(|set| set.take(limit)).collect();
        Ok(devices.into_iter().take(limit).cloned().collect())
    }

    async fn device_count(&self, tenant: &TenantName) -> Result<u64, StateError> {
        let kept = self.kept();
        let devices: BTreeSet<_> = kept.delivered_sets(tenant, None).flatten().collect();
        Ok(devices.len() as u64)
    }

    async fn removed(
        &self,
        tenant: &TenantName,
        after: Option<&DeviceUid>,
        limit: usize,
    ) -> Result<Vec<DeviceUid>, StateError> {
        let kept = self.kept();
        let Some(removed) = kept.removed.get(tenant) else { return Ok(Vec::new()) };
        Ok(removed.range(behind(after)).map(|(uid, _)| uid).take(limit).cloned().collect())
    }

    async fn delivered_count(&self, scope: &Scope) -> Result<u64, StateError> {
        Ok(self.kept().delivered.get(scope).map_or(0, |devices| devices.len() as u64))
    }

    async fn scopes(&self) -> Result<Vec<Scope>, StateError> {
        Ok(self.kept().scopes().into_iter().cloned().collect())
    }

    async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<DeadLetter>, StateError> {
        let mut letters: Vec<DeadLetter> = self
            .kept()
            .letters
            .values()
            .filter(|letter| matches::<TenantName>(filter.tenant.as_ref(), Some(&letter.tenant)))
            .filter(|letter| matches::<SinkName>(filter.sink.as_ref(), letter.sink.as_ref()))
            .cloned()
            .collect();
        letters.sort_by_key(|letter| std::cmp::Reverse((letter.last_at, letter.id)));
        letters.truncate(filter.limit.unwrap_or(usize::MAX));
        Ok(letters)
    }

    async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<DeadLetter>, StateError> {
        Ok(self.kept().letters.values().find(|letter| letter.id == id).cloned())
    }

    async fn refusal_count(&self, which: &Refusals) -> Result<u64, StateError> {
        let kept = self.kept();
        Ok(kept.letters.values().filter(|letter| is_refusal(letter, which)).count() as u64)
    }

    async fn forget_refusals(&self, which: &Refusals) -> Result<u64, StateError> {
        let mut kept = self.kept();
        let Kept { letters, refused, .. } = &mut *kept;
        let mut forgotten = 0;
        for letter in letters.values_mut().filter(|letter| is_refusal(letter, which)) {
            letter.fingerprint = None;
            if let (Some(sink), Some(uid)) = (&letter.sink, &letter.uid) {
                let scope = Scope { tenant: letter.tenant.clone(), sink: sink.clone() };
                refused.entry(scope).or_default().remove(uid);
            }
            forgotten += 1;
        }
        Ok(forgotten)
    }

    async fn forgettable(&self, what: &Forgetting) -> Result<Forgotten, StateError> {
        Ok(self.kept().forgettable(what))
    }

    async fn forget(&self, what: &Forgetting) -> Result<Forgotten, StateError> {
        let mut kept = self.kept();
        let forgotten = kept.forgettable(what);
        kept.forget(what);
        Ok(forgotten)
    }

    async fn forget_removed(
        &self,
        tenant: &TenantName,
        before: DateTime<Utc>,
    ) -> Result<u64, StateError> {
        Ok(self.kept().forget_removed(tenant, before))
    }

    async fn reports(
        &self,
        tenant: &TenantName,
        limit: usize,
    ) -> Result<Vec<CycleReport>, StateError> {
        let kept = self.kept();
        let reports = kept.reports.get(tenant).map_or(&[][..], Vec::as_slice);
        Ok(reports.iter().rev().take(limit).cloned().collect())
    }
}
