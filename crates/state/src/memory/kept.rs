//! What the store in memory holds, and how it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    Acknowledged, Checkpoint, CycleId, CycleReport, DeadLetter, DeadLetterId, DeviceUid, Fence,
    Fingerprint, Inventory, InventoryFacts, Lease, NewDeadLetter, Purge, Purged, Refusals,
    Retention, Scope, SinkDestination, Stage, StateError, TenantName,
};

use crate::dead_letter;

#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) scopes: BTreeMap<Scope, KeptScope>,
    pub(super) inventories: BTreeMap<Inventory, KeptInventory>,
    pub(super) letters: BTreeMap<DeadLetterId, DeadLetter>,
    /// The letters by [`dead_letter::identity`].
    identities: BTreeMap<Fingerprint, DeadLetterId>,
    /// What the sink of a scope refused, by device: the letters of stage `deliver`, found by key.
    pub(super) refused: BTreeMap<Scope, BTreeMap<DeviceUid, Fingerprint>>,
    last_letter: i64,
    pub(super) leases: BTreeMap<TenantName, Lease>,
}

#[derive(Debug, Default)]
pub(super) struct KeptScope {
    pub(super) configured_since: Option<DateTime<Utc>>,
    pub(super) destination: Option<SinkDestination>,
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) delivered: BTreeMap<DeviceUid, Acknowledged>,
}

#[derive(Debug, Default)]
pub(super) struct KeptInventory {
    pub(super) facts: InventoryFacts,
    /// Since when each device is marked removed.
    pub(super) removed: BTreeMap<DeviceUid, DateTime<Utc>>,
    /// By number, so that a page can be named.
    pub(super) reports: BTreeMap<u64, CycleReport>,
}

impl Kept {
    /// The present lease of the fence's tenant, if the fence is its claim.
    pub(super) fn lease(&mut self, fence: &Fence) -> Result<&mut Lease, StateError> {
        self.leases
            .get_mut(&fence.tenant)
            .filter(|lease| lease.claim == fence.claim)
            .ok_or_else(|| StateError::LeaseLost { tenant: fence.tenant.clone() })
    }

    pub(super) fn keep_letters(
        &mut self,
        cycle: CycleId,
        at: DateTime<Utc>,
        letters: Vec<NewDeadLetter>,
    ) {
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

    pub(super) fn end_letters<'a>(
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
    pub(super) fn delivered_sets(
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

    pub(super) fn purge_count(&self, what: &Purge) -> Purged {
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

    pub(super) fn purge(&mut self, what: &Purge, limit: usize) -> Purged {
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

    /// Notes a destination. What is known of another one is removed, and that one returned.
    pub(super) fn note_destination(
        &mut self,
        scope: &Scope,
        new: &SinkDestination,
        at: DateTime<Utc>,
    ) -> Option<SinkDestination> {
        let kept = self.scopes.entry(scope.clone()).or_default();
        if kept.destination.as_ref() == Some(new) {
            return None;
        }
        let old = kept.destination.replace(new.clone())?;
        *kept = KeptScope {
            configured_since: Some(at),
            destination: kept.destination.take(),
            ..KeptScope::default()
        };
        let goes = |letter: &DeadLetter| {
            letter.inventory == scope.inventory && letter.sink.as_ref() == Some(&scope.sink)
        };
        self.remove_letters(goes, usize::MAX);
        Some(old)
    }

    /// Gives marks and letters of an inventory that a clock noted that ran ahead the present time.
    fn put_times_right(&mut self, inventory: &Inventory, now: DateTime<Utc>) {
        let marks = self.inventories.get_mut(inventory).into_iter();
        for at in marks.flat_map(|kept| kept.removed.values_mut()) {
            *at = now.min(*at);
        }
        for letter in self.letters.values_mut().filter(|l| l.inventory == *inventory) {
            letter.first_at = now.min(letter.first_at);
            letter.last_at = now.min(letter.last_at);
        }
    }

    /// The devices with letters that were last met before a time, in ascending order.
    pub(super) fn dead_lettered(
        &self,
        inventory: &Inventory,
        before: DateTime<Utc>,
    ) -> BTreeSet<&DeviceUid> {
        let old = self.letters.values().filter(|letter| is_old(letter, inventory, before));
        old.filter_map(|letter| letter.uid.as_ref()).collect()
    }

    pub(super) fn purge_dead_letters(
        &mut self,
        inventory: &Inventory,
        before: DateTime<Utc>,
        devices: &BTreeSet<DeviceUid>,
    ) -> u64 {
        let goes = |letter: &DeadLetter| {
            is_old(letter, inventory, before)
                && letter.uid.as_ref().is_none_or(|uid| devices.contains(uid))
        };
        self.remove_letters(goes, usize::MAX)
    }

    pub(super) fn purge_removed(
        &mut self,
        inventory: &Inventory,
        Retention { now, before }: Retention,
    ) -> u64 {
        self.put_times_right(inventory, now);
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
pub(super) fn names<T: PartialEq>(name: Option<&T>, value: &T) -> bool {
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

fn is_old(letter: &DeadLetter, inventory: &Inventory, before: DateTime<Utc>) -> bool {
    letter.inventory == *inventory && letter.last_at < before
}

/// Where [`Kept::refused`] has the content of a letter.
pub(super) fn refused_key(letter: &DeadLetter) -> Option<(Scope, DeviceUid)> {
    match (&letter.sink, &letter.uid, letter.stage) {
        (Some(sink), Some(uid), Stage::Deliver) => Some((letter.inventory.at(sink), uid.clone())),
        _ => None,
    }
}

/// Whether a letter is such a refusal.
pub(super) fn is_refusal(letter: &DeadLetter, which: &Refusals) -> bool {
    refused_key(letter).is_some_and(|(scope, _)| {
        letter.fingerprint.is_some()
            && names(which.tenant.as_ref(), &scope.inventory.tenant)
            && names(which.sink.as_ref(), &scope.sink)
            && names(which.letter.as_ref(), &letter.id)
    })
}

pub(super) fn behind(after: Option<&DeviceUid>) -> (Bound<DeviceUid>, Bound<DeviceUid>) {
    (after.cloned().map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}
