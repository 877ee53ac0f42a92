//! Dead letters.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction};
use stocktake_connector_core::{
    CycleId, DeadLetter, DeadLetterFilter, DeadLetterId, DeviceUid, Fingerprint, Known,
    NewDeadLetter, Refusals, Scope, Stage, TenantName,
};
use uuid::Uuid;

use super::delivered::{blob, sink, tenant};
use super::{Fault, at_most, device_uid, fingerprint, millis, time};
use crate::dead_letter::{ANONYMOUS_KEPT, identity, kept_payload, kept_reason, stage_name};

/// Whether a tenant has dead letters that name a device. Most have none, and then neither a look-up
/// nor a commit should ask for each device.
fn any(on: &Transaction<'_>, tenant: &TenantName) -> Result<bool, Fault> {
    Ok(on
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM dead_letters WHERE tenant = ?1 AND uid IS NOT NULL)",
        )?
        .query_row([tenant.as_str()], |row| row.get(0))?)
}

/// Notes which content the sink refused. `asked` is in ascending order.
pub(super) fn note_refused(
    on: &Transaction<'_>,
    scope: &Scope,
    asked: &mut [(&DeviceUid, &mut Known)],
) -> Result<(), Fault> {
    if !any(on, &scope.tenant)? {
        return Ok(());
    }
    let mut find = on.prepare_cached(
        "SELECT fingerprint FROM dead_letters
         WHERE tenant = ?1 AND uid = ?2 AND sink = ?3 AND stage = ?4 AND fingerprint IS NOT NULL",
    )?;
    find.raw_bind_parameter(1, scope.tenant.as_str())?;
    find.raw_bind_parameter(3, scope.sink.as_str())?;
    find.raw_bind_parameter(4, stage_name(Stage::Deliver))?;
    for (uid, answer) in asked {
        find.raw_bind_parameter(2, uid.as_str())?;
        let mut rows = find.raw_query();
        if let Some(row) = rows.next()? {
            answer.refused = Some(fingerprint(blob(row.get_ref(0)?)?)?);
        }
    }
    Ok(())
}

/// Ends the letters of delivered devices: those of this sink, and those of no sink.
pub(super) fn end(
    on: &Transaction<'_>,
    scope: &Scope,
    devices: &[(DeviceUid, Fingerprint)],
) -> Result<(), Fault> {
    if devices.is_empty() || !any(on, &scope.tenant)? {
        return Ok(());
    }
    let mut end = on.prepare_cached(
        "DELETE FROM dead_letters
         WHERE tenant = ?1 AND uid = ?2 AND (sink = ?3 OR sink IS NULL)",
    )?;
    end.raw_bind_parameter(1, scope.tenant.as_str())?;
    end.raw_bind_parameter(3, scope.sink.as_str())?;
    for (uid, _) in devices {
        end.raw_bind_parameter(2, uid.as_str())?;
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
) -> Result<(), Fault> {
    let mut anonymous = BTreeSet::new();
    let mut keep = on.prepare_cached(
        "INSERT INTO dead_letters (identity, tenant, sink, stage, uid, fingerprint, reason, payload,
            first_at_ms, last_at_ms, times, cycle)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 1, ?10)
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
            anonymous.insert(letter.tenant.clone());
        }
        keep.execute((
            identity.as_bytes().as_slice(),
            letter.tenant.as_str(),
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
    for tenant in anonymous {
        on.prepare_cached(
            "DELETE FROM dead_letters WHERE id IN
                (SELECT id FROM dead_letters WHERE tenant = ?1 AND uid IS NULL
                 ORDER BY last_at_ms DESC, id DESC LIMIT -1 OFFSET ?2)",
        )?
        .execute((tenant.as_str(), at_most(ANONYMOUS_KEPT)))?;
    }
    Ok(())
}

/// The letters that are refusals, by tenant (`?1`), sink (`?2`) and number (`?3`); the stage is `?4`.
/// They are those that [`note_refused`] finds.
macro_rules! refusals {
    ($verb:literal) => {
        concat!(
            $verb,
            " WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR sink = ?2)
              AND (?3 IS NULL OR id = ?3) AND stage = ?4
              AND sink IS NOT NULL AND uid IS NOT NULL AND fingerprint IS NOT NULL"
        )
    };
}

pub(super) fn refusal_count(on: &Transaction<'_>, which: &Refusals) -> Result<u64, Fault> {
    let count: i64 = on
        .prepare_cached(refusals!("SELECT count(*) FROM dead_letters"))?
        .query_row(conditions(which), |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Forgets the content that was refused. The letter stays for whoever lists them, until its device is
/// acknowledged.
pub(super) fn forget_refusals(on: &Transaction<'_>, which: &Refusals) -> Result<u64, Fault> {
    let forgotten = on
        .prepare_cached(refusals!("UPDATE dead_letters SET fingerprint = NULL"))?
        .execute(conditions(which))?;
    Ok(forgotten as u64)
}

fn conditions(which: &Refusals) -> (Option<&str>, Option<&str>, Option<i64>, &'static str) {
    (
        which.tenant.as_ref().map(|tenant| tenant.as_str()),
        which.sink.as_ref().map(|sink| sink.as_str()),
        which.letter.map(|id| id.0),
        stage_name(Stage::Deliver),
    )
}

/// The columns that [`letter`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant, sink, stage, uid, fingerprint, reason, payload, first_at_ms, \
             last_at_ms, times, cycle FROM dead_letters ",
            $rest
        )
    };
}

/// Letters, newest first.
pub(super) fn list(
    on: &Transaction<'_>,
    filter: &DeadLetterFilter,
) -> Result<Vec<DeadLetter>, Fault> {
    let mut list = on.prepare_cached(select!(
        "WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR sink = ?2)
         ORDER BY last_at_ms DESC, id DESC LIMIT ?3"
    ))?;
    let mut rows = list.query((
        filter.tenant.as_ref().map(|tenant| tenant.as_str()),
        filter.sink.as_ref().map(|sink| sink.as_str()),
        at_most(filter.limit.unwrap_or(usize::MAX)),
    ))?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next()? {
        letters.push(letter(row)?);
    }
    Ok(letters)
}

/// One letter.
pub(super) fn one(on: &Transaction<'_>, id: DeadLetterId) -> Result<Option<DeadLetter>, Fault> {
    let mut find = on.prepare_cached(select!("WHERE id = ?1"))?;
    find.query_row([id.0], |row| Ok(letter(row))).optional()?.transpose()
}

fn letter(row: &Row<'_>) -> Result<DeadLetter, Fault> {
    let stage: String = row.get(3)?;
    let stage = [Stage::Read, Stage::Map, Stage::Deliver]
        .into_iter()
        .find(|known| stage_name(*known) == stage)
        .ok_or_else(|| Fault::Damaged(format!("a dead letter has the stage `{stage}`")))?;
    let uid: Option<String> = row.get(4)?;
    let content: Option<Vec<u8>> = row.get(5)?;
    let cycle: String = row.get(11)?;
    Ok(DeadLetter {
        id: DeadLetterId(row.get(0)?),
        tenant: tenant(row, 1)?,
        sink: row.get::<_, Option<String>>(2)?.map(|_| sink(row, 2)).transpose()?,
        stage,
        uid: uid.as_deref().map(device_uid).transpose()?,
        fingerprint: content.as_deref().map(fingerprint).transpose()?,
        reason: row.get(6)?,
        payload: row.get(7)?,
        first_at: time(row.get(8)?)?,
        last_at: time(row.get(9)?)?,
        times: row.get::<_, i64>(10)?.unsigned_abs(),
        cycle: Uuid::parse_str(&cycle)
            .map(CycleId::from)
            .map_err(|_| Fault::Damaged(format!("a dead letter has the cycle `{cycle}`")))?,
    })
}
