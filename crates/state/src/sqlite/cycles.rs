//! What the end of a cycle leaves: checkpoints, facts, removed devices, reports. And since when a
//! scope is configured, and where its sink delivers.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction};
use stocktake_connector_core::{
    Checkpoint, CycleClose, CycleReport, DeviceUid, Inventory, InventoryFacts, ReportPage, Scope,
    SinkDestination, SourceCursor,
};

use super::delivered;
use super::error::{RawError, at_most, device_uid, millis, time};
use crate::report::REPORTS_KEPT;

pub(super) fn close(on: &Transaction<'_>, close: CycleClose) -> Result<(), RawError> {
    let CycleClose { report, checkpoints, facts, removed, returned } = close;
    let inventory = Inventory { tenant: report.tenant.clone(), source: report.source.clone() };
    let (tenant, source) = key(&inventory);
    for (sink, checkpoint) in checkpoints {
        move_checkpoint(on, &inventory.at(&sink), &checkpoint)?;
    }
    if let Some(facts) = facts {
        let enrichment = serde_json::to_string(&facts.enrichment).map_err(|error| {
            RawError::Damaged(format!("facts of the enrichment cannot be written: {error}"))
        })?;
        on.prepare_cached(
            "INSERT INTO inventories
                (tenant, source, full_completed_at_ms, enrichment_records, enrichment)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant, source) DO UPDATE SET
                full_completed_at_ms = excluded.full_completed_at_ms,
                enrichment_records = excluded.enrichment_records,
                enrichment = excluded.enrichment",
        )?
        .execute((
            tenant,
            source,
            facts.full_completed_at.map(millis),
            facts.enrichment_records.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
            enrichment,
        ))?;
    }
    // A mark that is there keeps its time.
    let mut mark = on.prepare_cached(
        "INSERT OR IGNORE INTO removed (tenant, source, uid, removed_at_ms) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for uid in &removed {
        mark.execute((tenant, source, uid.as_str(), millis(report.finished_at)))?;
    }
    let mut unmark =
        on.prepare_cached("DELETE FROM removed WHERE tenant = ?1 AND source = ?2 AND uid = ?3")?;
    for uid in &returned {
        unmark.execute((tenant, source, uid.as_str()))?;
    }
    keep_report(on, &report)
}

/// The values of the columns `tenant` and `source`.
fn key(inventory: &Inventory) -> (&str, &str) {
    (inventory.tenant.as_str(), inventory.source.as_str())
}

fn move_checkpoint(on: &Transaction<'_>, scope: &Scope, new: &Checkpoint) -> Result<(), RawError> {
    let id = delivered::scope_id_or_new(on, scope)?;
    on.prepare_cached(
        "UPDATE scopes SET
            checkpoint_cursor = ?2,
            checkpoint_newest_record_at_ms = ?3,
            checkpoint_completed_at_ms = ?4
         WHERE id = ?1",
    )?
    .execute((
        id,
        new.cursor.as_ref().map(SourceCursor::as_str),
        new.newest_record_at.map(millis),
        millis(new.completed_at),
    ))?;
    Ok(())
}

fn keep_report(on: &Transaction<'_>, report: &CycleReport) -> Result<(), RawError> {
    let text = serde_json::to_string(report)
        .map_err(|error| RawError::Damaged(format!("a cycle report cannot be written: {error}")))?;
    let (tenant, source) = (report.tenant.as_str(), report.source.as_str());
    on.prepare_cached("DELETE FROM cycle_reports WHERE cycle = ?1")?
        .execute([report.cycle.to_string()])?;
    on.prepare_cached(
        "INSERT INTO cycle_reports (tenant, source, cycle, started_at_ms, report)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((tenant, source, report.cycle.to_string(), millis(report.started_at), text))?;
    on.prepare_cached(
        "DELETE FROM cycle_reports WHERE tenant = ?1 AND source = ?2 AND id <=
            (SELECT id FROM cycle_reports WHERE tenant = ?1 AND source = ?2
             ORDER BY id DESC LIMIT 1 OFFSET ?3)",
    )?
    .execute((tenant, source, at_most(REPORTS_KEPT)))?;
    Ok(())
}

pub(super) fn checkpoint(
    on: &Transaction<'_>,
    scope: &Scope,
) -> Result<Option<Checkpoint>, RawError> {
    let found: Option<(Option<String>, Option<i64>, Option<i64>)> = on
        .prepare_cached(
            "SELECT checkpoint_cursor, checkpoint_newest_record_at_ms, checkpoint_completed_at_ms
             FROM scopes WHERE tenant = ?1 AND source = ?2 AND sink = ?3",
        )?
        .query_row(delivered::key(scope), |row| row.try_into())
        .optional()?;
    // Every checkpoint has the last column.
    let Some((cursor, newest_record_at, Some(completed_at))) = found else { return Ok(None) };
    Ok(Some(Checkpoint {
        cursor: cursor.map(SourceCursor::new),
        newest_record_at: newest_record_at.map(time).transpose()?,
        completed_at: time(completed_at)?,
    }))
}

/// Notes since when a scope is configured, unless it is known to be configured for longer.
pub(super) fn note_configured(
    on: &Transaction<'_>,
    scope: &Scope,
    at: DateTime<Utc>,
) -> Result<(), RawError> {
    let id = delivered::scope_id_or_new(on, scope)?;
    on.prepare_cached(
        "UPDATE scopes SET configured_since_ms = ?2
         WHERE id = ?1 AND (configured_since_ms IS NULL OR configured_since_ms > ?2)",
    )?
    .execute((id, millis(at)))?;
    Ok(())
}

pub(super) fn configured_since(
    on: &Transaction<'_>,
    scope: &Scope,
) -> Result<Option<DateTime<Utc>>, RawError> {
    let found: Option<Option<i64>> = on
        .prepare_cached(
            "SELECT configured_since_ms FROM scopes
             WHERE tenant = ?1 AND source = ?2 AND sink = ?3",
        )?
        .query_row(delivered::key(scope), |row| row.get(0))
        .optional()?;
    found.flatten().map(time).transpose()
}

pub(super) fn destination(
    on: &Transaction<'_>,
    scope: &Scope,
) -> Result<Option<SinkDestination>, RawError> {
    let found: Option<Option<String>> = on
        .prepare_cached(
            "SELECT destination FROM scopes WHERE tenant = ?1 AND source = ?2 AND sink = ?3",
        )?
        .query_row(delivered::key(scope), |row| row.get(0))
        .optional()?;
    Ok(found.flatten().map(|text| SinkDestination::new(&text)))
}

/// Notes a destination. What is known of another one is deleted, and that one returned.
pub(super) fn note_destination(
    on: &Transaction<'_>,
    scope: &Scope,
    new: &SinkDestination,
    at: DateTime<Utc>,
) -> Result<Option<SinkDestination>, RawError> {
    let old = destination(on, scope)?;
    if old.as_ref() == Some(new) {
        return Ok(None);
    }
    let id = delivered::scope_id_or_new(on, scope)?;
    on.prepare_cached("UPDATE scopes SET destination = ?2 WHERE id = ?1")?
        .execute((id, new.as_str()))?;
    if old.is_some() {
        on.prepare_cached(
            "UPDATE scopes SET
                configured_since_ms = ?2,
                checkpoint_cursor = NULL,
                checkpoint_newest_record_at_ms = NULL,
                checkpoint_completed_at_ms = NULL
             WHERE id = ?1",
        )?
        .execute((id, millis(at)))?;
        on.prepare_cached("DELETE FROM delivered WHERE scope = ?1")?.execute([id])?;
        on.prepare_cached(
            "DELETE FROM dead_letters WHERE tenant = ?1 AND source = ?2 AND sink = ?3",
        )?
        .execute(delivered::key(scope))?;
    }
    Ok(old)
}

pub(super) fn facts(
    on: &Transaction<'_>,
    inventory: &Inventory,
) -> Result<InventoryFacts, RawError> {
    let found: Option<(Option<i64>, Option<i64>, Option<String>)> = on
        .prepare_cached(
            "SELECT full_completed_at_ms, enrichment_records, enrichment FROM inventories
             WHERE tenant = ?1 AND source = ?2",
        )?
        .query_row(key(inventory), |row| row.try_into())
        .optional()?;
    let Some((full_completed_at, enrichment_records, enrichment)) = found else {
        return Ok(InventoryFacts::default());
    };
    let enrichment = enrichment.map(|text| serde_json::from_str(&text)).transpose();
    Ok(InventoryFacts {
        full_completed_at: full_completed_at.map(time).transpose()?,
        enrichment_records: enrichment_records.map(i64::unsigned_abs),
        enrichment: enrichment
            .map_err(|error| {
                RawError::Damaged(format!("facts of the enrichment cannot be read: {error}"))
            })?
            .unwrap_or_default(),
    })
}

pub(super) fn removed(
    on: &Transaction<'_>,
    inventory: &Inventory,
    after: Option<&DeviceUid>,
    limit: usize,
) -> Result<Vec<DeviceUid>, RawError> {
    let mut list = on.prepare_cached(
        "SELECT uid FROM removed WHERE tenant = ?1 AND source = ?2 AND uid > ?3
         ORDER BY uid LIMIT ?4",
    )?;
    let (tenant, source) = key(inventory);
    let after = after.map_or("", DeviceUid::as_str);
    let mut rows = list.query((tenant, source, after, at_most(limit)))?;
    let mut devices = Vec::new();
    while let Some(row) = rows.next()? {
        devices.push(device_uid(&row.get::<_, String>(0)?)?);
    }
    Ok(devices)
}

/// Reports from the id `from` on, newest first.
pub(super) fn reports(
    on: &Transaction<'_>,
    inventory: &Inventory,
    from: Option<u64>,
    limit: usize,
) -> Result<ReportPage, RawError> {
    let mut list = on.prepare_cached(
        "SELECT id, cycle, report FROM cycle_reports
         WHERE tenant = ?1 AND source = ?2 AND id <= ?3 ORDER BY id DESC LIMIT ?4",
    )?;
    let (tenant, source) = key(inventory);
    let from = from.map_or(i64::MAX, |id| i64::try_from(id).unwrap_or(i64::MAX));
    // The one behind the page is where the next page starts.
    let mut rows = list.query((tenant, source, from, at_most(limit.saturating_add(1))))?;
    let mut page = ReportPage::default();
    while let Some(row) = rows.next()? {
        let (id, cycle, text): (i64, String, String) = row.try_into()?;
        if page.reports.len() == limit {
            page.next = Some(id.unsigned_abs());
            break;
        }
        let report = serde_json::from_str(&text).map_err(|error| {
            RawError::Damaged(format!("the report of cycle {cycle} cannot be read: {error}"))
        })?;
        page.reports.push(report);
    }
    Ok(page)
}
