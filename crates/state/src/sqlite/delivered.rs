//! Delivered sets.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Rows, Transaction};
use stocktake_connector_core::{Acknowledged, DeviceUid, Fingerprint, Inventory, Known, Scope};

use super::dead_letters;
use super::error::{self, RawError, fingerprint, millis, time};

/// What is known of each device, in the order of `uids`.
pub(super) fn known(
    on: &Transaction<'_>,
    scope: &Scope,
    uids: &[DeviceUid],
) -> Result<Vec<Known>, RawError> {
    let mut found = vec![Known::default(); uids.len()];
    // Asked in the order of the key, neighbours share a page.
    let mut asked: Vec<_> = uids.iter().zip(&mut found).collect();
    asked.sort_unstable_by_key(|(uid, _)| *uid);
    if let Some(id) = scope_id(on, scope)? {
        let mut find = on.prepare_cached(
            "SELECT fingerprint, acknowledged_at_ms FROM delivered WHERE scope = ?1 AND uid = ?2",
        )?;
        find.raw_bind_parameter(1, id)?;
        for (uid, known) in &mut asked {
            find.raw_bind_parameter(2, uid.as_str())?;
            let mut rows = find.raw_query();
            if let Some(row) = rows.next()? {
                known.acknowledged = Some(acknowledged(row)?);
            }
        }
    }
    dead_letters::note_refused(on, scope, &mut asked)?;
    drop(asked);
    Ok(found)
}

fn acknowledged(row: &Row<'_>) -> Result<Acknowledged, RawError> {
    Ok(Acknowledged { fingerprint: fingerprint(row.get_ref(0)?)?, at: time(row.get(1)?)? })
}

/// Notes what a sink acknowledged. `devices` are in ascending order.
pub(super) fn acknowledge(
    on: &Transaction<'_>,
    scope: &Scope,
    at: DateTime<Utc>,
    devices: &[(DeviceUid, Fingerprint)],
) -> Result<(), RawError> {
    if devices.is_empty() {
        return Ok(());
    }
    let mut note = on.prepare_cached(
        "INSERT INTO delivered (scope, uid, fingerprint, acknowledged_at_ms)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (scope, uid) DO UPDATE SET
            fingerprint = excluded.fingerprint,
            acknowledged_at_ms = excluded.acknowledged_at_ms",
    )?;
    note.raw_bind_parameter(1, scope_id_or_new(on, scope)?)?;
    note.raw_bind_parameter(4, millis(at))?;
    for (uid, fingerprint) in devices {
        note.raw_bind_parameter(2, uid.as_str())?;
        note.raw_bind_parameter(3, fingerprint.as_bytes().as_slice())?;
        note.raw_execute()?;
    }
    Ok(())
}

/// Takes devices whose removal a sink acknowledged out of its delivered set.
pub(super) fn remove(
    on: &Transaction<'_>,
    scope: &Scope,
    devices: &[DeviceUid],
) -> Result<(), RawError> {
    if devices.is_empty() {
        return Ok(());
    }
    let Some(id) = scope_id(on, scope)? else { return Ok(()) };
    let mut remove = on.prepare_cached("DELETE FROM delivered WHERE scope = ?1 AND uid = ?2")?;
    for uid in devices {
        remove.execute((id, uid.as_str()))?;
    }
    Ok(())
}

/// Whether a delivered set has a device.
pub(super) fn any(on: &Transaction<'_>, scope: &Scope) -> Result<bool, RawError> {
    let Some(id) = scope_id(on, scope)? else { return Ok(false) };
    Ok(on
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM delivered WHERE scope = ?1)")?
        .query_row([id], |row| row.get(0))?)
}

/// Passes each device of an inventory once, in ascending order, without removed ones, until `take`
/// returns `false`. The delivered sets are sorted, so merging them needs no memory.
pub(super) fn each_device(
    on: &Transaction<'_>,
    inventory: &Inventory,
    after: Option<&DeviceUid>,
    mut take: impl FnMut(&str) -> Result<bool, RawError>,
) -> Result<(), RawError> {
    let (tenant, source) = (inventory.tenant.as_str(), inventory.source.as_str());
    let scopes: Vec<i64> = on
        .prepare_cached("SELECT id FROM scopes WHERE tenant = ?1 AND source = ?2")?
        .query_map((tenant, source), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut statements = scopes
        .iter()
        .map(|_| {
            // Every uid is greater than the empty text.
            on.prepare_cached(
                "SELECT uid FROM delivered WHERE scope = ?1 AND uid > ?2 AND NOT EXISTS
                    (SELECT 1 FROM removed
                     WHERE tenant = ?3 AND source = ?4 AND uid = delivered.uid)
                 ORDER BY uid",
            )
        })
        .collect::<Result<Vec<_>, _>>()?;
    let after = after.map_or("", DeviceUid::as_str);
    let mut sets = Vec::new();
    for (statement, scope) in statements.iter_mut().zip(scopes) {
        sets.push(Ascending::start(statement.query((scope, after, tenant, source))?)?);
    }
    let mut last = String::new();
    while let Some(lowest) =
        sets.iter_mut().filter(|set| !set.ended).min_by(|one, other| one.head.cmp(&other.head))
    {
        if lowest.head != last {
            if !take(&lowest.head)? {
                break;
            }
            last.clone_from(&lowest.head);
        }
        lowest.advance()?;
    }
    Ok(())
}

/// The uids of one delivered set that are still to come.
struct Ascending<'statement> {
    rows: Rows<'statement>,
    head: String,
    ended: bool,
}

impl<'statement> Ascending<'statement> {
    fn start(rows: Rows<'statement>) -> Result<Self, RawError> {
        let mut set = Self { rows, head: String::new(), ended: false };
        set.advance()?;
        Ok(set)
    }

    fn advance(&mut self) -> Result<(), RawError> {
        match self.rows.next()? {
            Some(row) => {
                let uid = row.get_ref(0)?.as_str();
                let uid = uid.map_err(|_| RawError::Damaged("a device uid is not text".into()))?;
                self.head.clear();
                self.head.push_str(uid);
            }
            None => self.ended = true,
        }
        Ok(())
    }
}

/// Devices in one delivered set.
pub(super) fn count(on: &Transaction<'_>, scope: &Scope) -> Result<u64, RawError> {
    let Some(id) = scope_id(on, scope)? else { return Ok(0) };
    let count: i64 = on
        .prepare_cached("SELECT count(*) FROM delivered WHERE scope = ?1")?
        .query_row([id], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Every scope, in ascending order.
pub(super) fn scopes(on: &Transaction<'_>) -> Result<Vec<Scope>, RawError> {
    let mut list =
        on.prepare_cached("SELECT tenant, source, sink FROM scopes ORDER BY tenant, source, sink")?;
    let mut rows = list.query([])?;
    let mut scopes = Vec::new();
    while let Some(row) = rows.next()? {
        scopes.push(error::scope(row)?);
    }
    Ok(scopes)
}

fn scope_id(on: &Transaction<'_>, scope: &Scope) -> Result<Option<i64>, RawError> {
    Ok(on
        .prepare_cached("SELECT id FROM scopes WHERE tenant = ?1 AND source = ?2 AND sink = ?3")?
        .query_row(key(scope), |row| row.get(0))
        .optional()?)
}

/// The values of the columns `tenant`, `source` and `sink`.
pub(super) fn key(scope: &Scope) -> (&str, &str, &str) {
    (scope.inventory.tenant.as_str(), scope.inventory.source.as_str(), scope.sink.as_str())
}

/// The id of a scope, which is made if it is missing.
pub(super) fn scope_id_or_new(on: &Transaction<'_>, scope: &Scope) -> Result<i64, RawError> {
    if let Some(id) = scope_id(on, scope)? {
        return Ok(id);
    }
    on.prepare_cached("INSERT INTO scopes (tenant, source, sink) VALUES (?1, ?2, ?3)")?
        .execute(key(scope))?;
    Ok(on.last_insert_rowid())
}
