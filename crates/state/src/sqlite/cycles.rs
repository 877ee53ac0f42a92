//! What the end of a cycle leaves: checkpoints, facts, removed devices, reports. And since when a
//! cycle is wanted to be complete at all.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction};
use stocktake_connector_core::{
    Checkpoint, CycleClose, CycleReport, DeviceUid, Scope, TenantFacts, TenantName,
};

use super::{Fault, at_most, delivered, device_uid, millis, time};
use crate::REPORTS_KEPT;

pub(super) fn close(on: &Transaction<'_>, close: CycleClose) -> Result<(), Fault> {
    let CycleClose { report, checkpoints, facts, removed, returned } = close;
    let tenant = &report.tenant;
    for (sink, checkpoint) in checkpoints {
        move_checkpoint(on, &Scope { tenant: tenant.clone(), sink }, checkpoint)?;
    }
    if let Some(facts) = facts {
        on.prepare_cached(
            "INSERT INTO tenants (tenant, full_completed_at_ms, enrichment_records)
             VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant) DO UPDATE SET
                full_completed_at_ms = excluded.full_completed_at_ms,
                enrichment_records = excluded.enrichment_records",
        )?
        .execute((
            tenant.as_str(),
            facts.full_completed_at.map(millis),
            facts.enrichment_records.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
        ))?;
    }
    // A mark that is there keeps its time.
    let mut mark = on.prepare_cached(
        "INSERT OR IGNORE INTO removed (tenant, uid, removed_at_ms) VALUES (?1, ?2, ?3)",
    )?;
    for uid in &removed {
        mark.execute((tenant.as_str(), uid.as_str(), millis(report.finished_at)))?;
    }
    let mut unmark = on.prepare_cached("DELETE FROM removed WHERE tenant = ?1 AND uid = ?2")?;
    for uid in &returned {
        unmark.execute((tenant.as_str(), uid.as_str()))?;
    }
    keep_report(on, &report)
}

/// Keeps the later of the old and the new value of each field. `max` of nothing and something would
/// be nothing, so each side stands in for the other (<https://www.sqlite.org/lang_corefunc.html#max_scalar>).
fn move_checkpoint(on: &Transaction<'_>, scope: &Scope, new: Checkpoint) -> Result<(), Fault> {
    let id = delivered::scope_id_or_new(on, scope)?;
    on.prepare_cached(
        "UPDATE scopes SET
            checkpoint_first_seen_ms =
                max(coalesce(checkpoint_first_seen_ms, ?2), coalesce(?2, checkpoint_first_seen_ms)),
            checkpoint_last_seen_ms =
                max(coalesce(checkpoint_last_seen_ms, ?3), coalesce(?3, checkpoint_last_seen_ms)),
            checkpoint_completed_at_ms = max(coalesce(checkpoint_completed_at_ms, ?4), ?4)
         WHERE id = ?1",
    )?
    .execute((
        id,
        new.first_seen.map(millis),
        new.last_seen.map(millis),
        millis(new.completed_at),
    ))?;
    Ok(())
}

fn keep_report(on: &Transaction<'_>, report: &CycleReport) -> Result<(), Fault> {
    let text = serde_json::to_string(report)
        .map_err(|error| Fault::Damaged(format!("a cycle report cannot be written: {error}")))?;
    let tenant = report.tenant.as_str();
    on.prepare_cached("DELETE FROM cycle_reports WHERE cycle = ?1")?
        .execute([report.cycle.to_string()])?;
    on.prepare_cached(
        "INSERT INTO cycle_reports (tenant, cycle, started_at_ms, report) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((tenant, report.cycle.to_string(), millis(report.started_at), text))?;
    on.prepare_cached(
        "DELETE FROM cycle_reports WHERE tenant = ?1 AND id <=
            (SELECT id FROM cycle_reports WHERE tenant = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute((tenant, at_most(REPORTS_KEPT)))?;
    Ok(())
}

pub(super) fn checkpoint(on: &Transaction<'_>, scope: &Scope) -> Result<Option<Checkpoint>, Fault> {
    let found: Option<(Option<i64>, Option<i64>, Option<i64>)> = on
        .prepare_cached(
            "SELECT checkpoint_first_seen_ms, checkpoint_last_seen_ms, checkpoint_completed_at_ms
             FROM scopes WHERE tenant = ?1 AND sink = ?2",
        )?
        .query_row((scope.tenant.as_str(), scope.sink.as_str()), |row| row.try_into())
        .optional()?;
    // Every checkpoint has the last column.
    let Some((first_seen, last_seen, Some(completed_at))) = found else { return Ok(None) };
    Ok(Some(Checkpoint {
        first_seen: first_seen.map(time).transpose()?,
        last_seen: last_seen.map(time).transpose()?,
        completed_at: time(completed_at)?,
    }))
}

/// Notes since when a scope is wanted, unless that is known.
pub(super) fn want(on: &Transaction<'_>, scope: &Scope, at: DateTime<Utc>) -> Result<(), Fault> {
    let id = delivered::scope_id_or_new(on, scope)?;
    on.prepare_cached(
        "UPDATE scopes SET wanted_since_ms = ?2 WHERE id = ?1 AND wanted_since_ms IS NULL",
    )?
    .execute((id, millis(at)))?;
    Ok(())
}

pub(super) fn wanted_since(
    on: &Transaction<'_>,
    scope: &Scope,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let found: Option<Option<i64>> = on
        .prepare_cached("SELECT wanted_since_ms FROM scopes WHERE tenant = ?1 AND sink = ?2")?
        .query_row((scope.tenant.as_str(), scope.sink.as_str()), |row| row.get(0))
        .optional()?;
    found.flatten().map(time).transpose()
}

pub(super) fn facts(on: &Transaction<'_>, tenant: &TenantName) -> Result<TenantFacts, Fault> {
    let found: Option<(Option<i64>, Option<i64>)> = on
        .prepare_cached(
            "SELECT full_completed_at_ms, enrichment_records FROM tenants WHERE tenant = ?1",
        )?
        .query_row([tenant.as_str()], |row| row.try_into())
        .optional()?;
    let Some((full_completed_at, enrichment_records)) = found else {
        return Ok(TenantFacts::default());
    };
    Ok(TenantFacts {
        full_completed_at: full_completed_at.map(time).transpose()?,
        enrichment_records: enrichment_records.map(i64::unsigned_abs),
    })
}

pub(super) fn removed(
    on: &Transaction<'_>,
    tenant: &TenantName,
    after: Option<&DeviceUid>,
    limit: usize,
) -> Result<Vec<DeviceUid>, Fault> {
    let mut list = on.prepare_cached(
        "SELECT uid FROM removed WHERE tenant = ?1 AND uid > ?2 ORDER BY uid LIMIT ?3",
    )?;
    let after = after.map_or("", DeviceUid::as_str);
    let mut rows = list.query((tenant.as_str(), after, at_most(limit)))?;
    let mut devices = Vec::new();
    while let Some(row) = rows.next()? {
        devices.push(device_uid(&row.get::<_, String>(0)?)?);
    }
    Ok(devices)
}

pub(super) fn reports(
    on: &Transaction<'_>,
    tenant: &TenantName,
    limit: usize,
) -> Result<Vec<CycleReport>, Fault> {
    let mut list = on.prepare_cached(
        "SELECT cycle, report FROM cycle_reports WHERE tenant = ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let mut rows = list.query((tenant.as_str(), at_most(limit)))?;
    let mut reports = Vec::new();
    while let Some(row) = rows.next()? {
        let (cycle, text): (String, String) = row.try_into()?;
        let report = serde_json::from_str(&text).map_err(|error| {
            Fault::Damaged(format!("the report of cycle {cycle} cannot be read: {error}"))
        })?;
        reports.push(report);
    }
    Ok(reports)
}
