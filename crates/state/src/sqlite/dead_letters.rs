//! Dead letters.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, Transaction};
use stocktake_connector_core::{
    CycleId, DeadLetter, DeadLetterFilter, DeadLetterId, DeviceUid, Inventory, Known,
    NewDeadLetter, Refusals, Scope, SinkName, Stage,
};

use super::error::{
    RawError, at_most, device_uid, fingerprint, inventory, millis, name, time, uuid,
};
use super::filter::Filter;
use crate::dead_letter::{ANONYMOUS_KEPT, identity, kept_payload, kept_reason, stage_name};

/// Whether an inventory has dead letters that name a device. Most have none, and then neither a look-up
/// nor a commit should ask for each device.
fn any(on: &Transaction<'_>, inventory: &Inventory) -> Result<bool, RawError> {
    Ok(on
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM dead_letters
                WHERE tenant = ?1 AND source = ?2 AND uid IS NOT NULL)",
        )?
        .query_row((inventory.tenant.as_str(), inventory.source.as_str()), |row| row.get(0))?)
}

/// Notes which content the sink refused. `asked` is in ascending order.
pub(super) fn note_refused(
    on: &Transaction<'_>,
    scope: &Scope,
    asked: &mut [(&DeviceUid, &mut Known)],
) -> Result<(), RawError> {
    if !any(on, &scope.inventory)? {
        return Ok(());
    }
    let mut find = on.prepare_cached(
        "SELECT fingerprint FROM dead_letters INDEXED BY dead_letters_by_device
         WHERE tenant = ?1 AND source = ?2 AND uid = ?3 AND sink = ?4 AND stage = ?5
            AND fingerprint IS NOT NULL",
    )?;
    find.raw_bind_parameter(1, scope.inventory.tenant.as_str())?;
    find.raw_bind_parameter(2, scope.inventory.source.as_str())?;
    find.raw_bind_parameter(4, scope.sink.as_str())?;
    find.raw_bind_parameter(5, stage_name(Stage::Deliver))?;
    for (uid, known) in asked {
        find.raw_bind_parameter(3, uid.as_str())?;
        let mut rows = find.raw_query();
        if let Some(row) = rows.next()? {
            known.refused = Some(fingerprint(row.get_ref(0)?)?);
        }
    }
    Ok(())
}

/// Which letters of a device end.
#[derive(Clone, Copy)]
pub(super) enum Ended {
    /// Those of this sink, and those of no sink: it took the device.
    Acknowledged,
    /// Those of this sink: it took the removal of the device.
    Removed,
}

/// Ends letters of `devices`.
pub(super) fn end<'a>(
    on: &Transaction<'_>,
    scope: &Scope,
    which: Ended,
    devices: impl ExactSizeIterator<Item = &'a DeviceUid>,
) -> Result<(), RawError> {
    if devices.len() == 0 || !any(on, &scope.inventory)? {
        return Ok(());
    }
    let mut end = on.prepare_cached(
        "DELETE FROM dead_letters INDEXED BY dead_letters_by_device
         WHERE tenant = ?1 AND source = ?2 AND uid = ?3 AND (sink = ?4 OR (?5 AND sink IS NULL))",
    )?;
    end.raw_bind_parameter(1, scope.inventory.tenant.as_str())?;
    end.raw_bind_parameter(2, scope.inventory.source.as_str())?;
    end.raw_bind_parameter(4, scope.sink.as_str())?;
    end.raw_bind_parameter(5, matches!(which, Ended::Acknowledged))?;
    for uid in devices {
        end.raw_bind_parameter(3, uid.as_str())?;
        end.raw_execute()?;
    }
    Ok(())
}

/// Keeps letters; the same one met again is counted, once per cycle.
pub(super) fn keep(
    on: &Transaction<'_>,
    cycle: CycleId,
    at: DateTime<Utc>,
    letters: Vec<NewDeadLetter>,
) -> Result<(), RawError> {
    let mut anonymous = BTreeSet::new();
    let mut keep = on.prepare_cached(
        "INSERT INTO dead_letters (identity, tenant, source, sink, stage, uid, fingerprint, reason,
            payload, first_at_ms, last_at_ms, times, cycle)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 1, ?11)
         ON CONFLICT (identity) DO UPDATE SET
            times = times + (cycle <> excluded.cycle),
            fingerprint = excluded.fingerprint,
            reason = excluded.reason,
            payload = excluded.payload,
            last_at_ms = excluded.last_at_ms,
            cycle = excluded.cycle",
    )?;
    for letter in letters {
        let identity = identity(&letter);
        if letter.uid.is_none() {
            anonymous.insert(letter.inventory.clone());
        }
        keep.execute((
            identity.as_bytes().as_slice(),
            letter.inventory.tenant.as_str(),
            letter.inventory.source.as_str(),
            letter.sink.as_ref().map(|sink| sink.as_str()),
            stage_name(letter.stage),
            letter.uid.as_ref().map(DeviceUid::as_str),
            letter.fingerprint.as_ref().map(|content| content.as_bytes().as_slice()),
            kept_reason(letter.reason),
            kept_payload(letter.payload),
            millis(at),
            cycle.to_string(),
        ))?;
    }
    for inventory in anonymous {
        on.prepare_cached(
            "DELETE FROM dead_letters WHERE id IN
                (SELECT id FROM dead_letters WHERE tenant = ?1 AND source = ?2 AND uid IS NULL
                 ORDER BY last_at_ms DESC, id DESC LIMIT -1 OFFSET ?3)",
        )?
        .execute((
            inventory.tenant.as_str(),
            inventory.source.as_str(),
            at_most(ANONYMOUS_KEPT),
        ))?;
    }
    Ok(())
}

/// The devices with letters that were last met before a time, each once, in ascending order.
pub(super) fn devices(
    on: &Transaction<'_>,
    inventory: &Inventory,
    before: DateTime<Utc>,
    after: Option<&DeviceUid>,
    limit: usize,
) -> Result<Vec<DeviceUid>, RawError> {
    // Every uid is greater than the empty text.
    let mut list = on.prepare_cached(
        "SELECT DISTINCT uid FROM dead_letters INDEXED BY dead_letters_by_device
         WHERE tenant = ?1 AND source = ?2 AND uid > ?3 AND last_at_ms < ?4
         ORDER BY uid LIMIT ?5",
    )?;
    let mut rows = list.query((
        inventory.tenant.as_str(),
        inventory.source.as_str(),
        after.map_or("", DeviceUid::as_str),
        millis(before),
        at_most(limit),
    ))?;
    let mut devices = Vec::new();
    while let Some(row) = rows.next()? {
        devices.push(device_uid(&row.get::<_, String>(0)?)?);
    }
    Ok(devices)
}

/// Deletes the letters that were last met before a time: those of `devices`, and those of no device.
pub(super) fn purge_old(
    on: &Transaction<'_>,
    inventory: &Inventory,
    before: DateTime<Utc>,
    devices: &[DeviceUid],
) -> Result<u64, RawError> {
    let (tenant, source) = (inventory.tenant.as_str(), inventory.source.as_str());
    let mut purge = on.prepare_cached(
        "DELETE FROM dead_letters INDEXED BY dead_letters_by_device
         WHERE tenant = ?1 AND source = ?2 AND uid IS ?3 AND last_at_ms < ?4",
    )?;
    let mut purged = 0;
    for uid in devices.iter().map(|uid| Some(uid.as_str())).chain([None]) {
        purged += purge.execute((tenant, source, uid, millis(before)))? as u64;
    }
    Ok(purged)
}

pub(super) fn refusal_count(on: &Transaction<'_>, which: &Refusals) -> Result<u64, RawError> {
    refusals(which).count(on, "dead_letters")
}

/// Purges the content that was refused. The letter stays in the list until its device is acknowledged.
pub(super) fn purge_refusals(on: &Transaction<'_>, which: &Refusals) -> Result<u64, RawError> {
    let refusals = refusals(which);
    let sql = format!("UPDATE dead_letters SET fingerprint = NULL WHERE TRUE{}", refusals.sql);
    Ok(on.prepare(&sql)?.execute(refusals.values_and(&[]))? as u64)
}

/// The letters that are refusals: those that [`note_refused`] finds.
fn refusals(which: &Refusals) -> Filter {
    Filter::default()
        .with("tenant = ?", which.tenant.as_ref().map(|tenant| tenant.as_str().to_owned()))
        .with("sink = ?", which.sink.as_ref().map(|sink| sink.as_str().to_owned()))
        .with("id = ?", which.letter.map(|id| id.0))
        .with("stage = ?", Some(stage_name(Stage::Deliver).to_owned()))
        .and("sink IS NOT NULL")
        .and("uid IS NOT NULL")
        .and("fingerprint IS NOT NULL")
}

/// The columns that [`letter`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant, source, sink, stage, uid, fingerprint, reason, payload, \
             first_at_ms, last_at_ms, times, cycle FROM dead_letters ",
            $rest
        )
    };
}

/// Letters, newest first.
pub(super) fn list(
    on: &Transaction<'_>,
    filter: &DeadLetterFilter,
    limit: usize,
) -> Result<Vec<DeadLetter>, RawError> {
    let (sql, filter) = list_query(filter);
    let mut list = on.prepare(&sql)?;
    let mut rows = list.query(filter.values_and(&[at_most(limit)]))?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next()? {
        letters.push(letter(row)?);
    }
    Ok(letters)
}

/// The page is found by the indexes alone; payloads are read of its letters only.
pub(super) fn list_query(filter: &DeadLetterFilter) -> (String, Filter) {
    let conditions = Filter::default()
        .with("tenant = ?", filter.tenant.as_ref().map(|tenant| tenant.as_str().to_owned()))
        .with("source = ?", filter.source.as_ref().map(|source| source.as_str().to_owned()))
        .with("sink = ?", filter.sink.as_ref().map(|sink| sink.as_str().to_owned()))
        .with("id < ?", filter.before.map(|id| id.0));
    let sql = format!(
        select!(
            "WHERE id IN (SELECT id FROM dead_letters WHERE TRUE{} ORDER BY id DESC LIMIT ?)
             ORDER BY id DESC"
        ),
        conditions.sql
    );
    (sql, conditions)
}

/// One letter.
pub(super) fn one(on: &Transaction<'_>, id: DeadLetterId) -> Result<Option<DeadLetter>, RawError> {
    let mut find = on.prepare_cached(select!("WHERE id = ?1"))?;
    find.query_row([id.0], |row| Ok(letter(row))).optional()?.transpose()
}

fn letter(row: &Row<'_>) -> Result<DeadLetter, RawError> {
    let stage: String = row.get(4)?;
    let stage = [Stage::Read, Stage::Map, Stage::Deliver]
        .into_iter()
        .find(|known| stage_name(*known) == stage)
        .ok_or_else(|| RawError::Damaged(format!("a dead letter has the stage `{stage}`")))?;
    let (sink, uid): (Option<String>, Option<String>) = (row.get(3)?, row.get(5)?);
    let content = row.get_ref(6)?;
    Ok(DeadLetter {
        id: DeadLetterId(row.get(0)?),
        inventory: inventory(row, 1)?,
        sink: sink.map(|sink| name(SinkName::new(sink))).transpose()?,
        stage,
        uid: uid.as_deref().map(device_uid).transpose()?,
        fingerprint: if content == ValueRef::Null { None } else { Some(fingerprint(content)?) },
        reason: row.get(7)?,
        payload: row.get(8)?,
        first_at: time(row.get(9)?)?,
        last_at: time(row.get(10)?)?,
        times: row.get::<_, i64>(11)?.unsigned_abs(),
        cycle: uuid(&row.get::<_, String>(12)?)?.into(),
    })
}
