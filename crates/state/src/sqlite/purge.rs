//! Purging tenants, sources and sinks, and devices that were removed long ago.

use rusqlite::{OptionalExtension, Transaction};
use stocktake_connector_core::{Inventory, Purge, Purged, Retention};

use super::error::{RawError, millis};
use super::filter::Filter;

/// The rows that have these names.
fn named(what: &Purge) -> Filter {
    Filter::default()
        .with("tenant = ?", what.tenant.as_ref().map(|tenant| tenant.as_str().to_owned()))
        .with("source = ?", what.source.as_ref().map(|source| source.as_str().to_owned()))
        .with("sink = ?", what.sink.as_ref().map(|sink| sink.as_str().to_owned()))
}

/// How much goes in all.
pub(super) fn count(on: &Transaction<'_>, what: &Purge) -> Result<Purged, RawError> {
    let (named, whole) = (named(what), what.sink.is_none());
    let mut delivered = 0;
    for id in scope_ids(on, &named)? {
        delivered += Filter::default().with("scope = ?", Some(id)).count(on, "delivered")?;
    }
    Ok(Purged {
        scopes: named.count(on, "scopes")?,
        delivered,
        dead_letters: named.count(on, "dead_letters")?,
        removed: if whole { named.count(on, "removed")? } else { 0 },
        cycle_reports: if whole { named.count(on, "cycle_reports")? } else { 0 },
    })
}

/// Deletes at most `limit` rows that count. Without a sink, facts go last: they are few and do not count.
pub(super) fn purge(on: &Transaction<'_>, what: &Purge, limit: usize) -> Result<Purged, RawError> {
    let named = named(what);
    let mut left = limit.max(1) as u64;
    let mut purged = Purged::default();
    let spend = |count: &mut u64, left: &mut u64, deleted: u64| {
        *count += deleted;
        *left = left.saturating_sub(deleted);
    };
    for id in scope_ids(on, &named)? {
        let deleted = delete_delivered(on, id, left)?;
        spend(&mut purged.delivered, &mut left, deleted);
        if left == 0 {
            return Ok(purged);
        }
        let deleted = on.prepare_cached("DELETE FROM scopes WHERE id = ?1")?.execute([id])?;
        spend(&mut purged.scopes, &mut left, deleted as u64);
    }
    let deleted = named.delete(on, "dead_letters", "id", left)?;
    spend(&mut purged.dead_letters, &mut left, deleted);
    if what.sink.is_none() {
        let deleted = named.delete(on, "removed", "tenant, source, uid", left)?;
        spend(&mut purged.removed, &mut left, deleted);
        let deleted = named.delete(on, "cycle_reports", "id", left)?;
        spend(&mut purged.cycle_reports, &mut left, deleted);
        if left > 0 {
            named.delete(on, "inventories", "tenant, source", u64::MAX)?;
        }
    }
    Ok(purged)
}

fn scope_ids(on: &Transaction<'_>, named: &Filter) -> Result<Vec<i64>, RawError> {
    let mut list = on.prepare(&format!("SELECT id FROM scopes WHERE TRUE{}", named.sql))?;
    let ids = list.query_map(named.values_and(&[]), |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Deletes at most `limit` devices of a delivered set: those before the first one that stays.
fn delete_delivered(on: &Transaction<'_>, scope: i64, limit: u64) -> Result<u64, RawError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let stays: Option<String> = on
        .prepare_cached(
            "SELECT uid FROM delivered WHERE scope = ?1 ORDER BY uid LIMIT 1 OFFSET ?2",
        )?
        .query_row((scope, limit), |row| row.get(0))
        .optional()?;
    let deleted = match stays {
        Some(uid) => on
            .prepare_cached("DELETE FROM delivered WHERE scope = ?1 AND uid < ?2")?
            .execute((scope, uid))?,
        None => on.prepare_cached("DELETE FROM delivered WHERE scope = ?1")?.execute([scope])?,
    };
    Ok(deleted as u64)
}

/// Deletes what is known of devices that were marked removed too long ago.
pub(super) fn removed(
    on: &Transaction<'_>,
    inventory: &Inventory,
    Retention { now, before }: Retention,
) -> Result<u64, RawError> {
    let (tenant, source) = (inventory.tenant.as_str(), inventory.source.as_str());
    // A clock that ran ahead noted these times.
    for repair in [
        "UPDATE removed SET removed_at_ms = ?3
         WHERE tenant = ?1 AND source = ?2 AND removed_at_ms > ?3",
        "UPDATE dead_letters
         SET first_at_ms = min(first_at_ms, ?3), last_at_ms = min(last_at_ms, ?3)
         WHERE tenant = ?1 AND source = ?2 AND max(first_at_ms, last_at_ms) > ?3",
    ] {
        on.prepare_cached(repair)?.execute((tenant, source, millis(now)))?;
    }
    let mut old = on.prepare_cached(
        "SELECT uid FROM removed WHERE tenant = ?1 AND source = ?2 AND removed_at_ms < ?3
         ORDER BY uid",
    )?;
    // One device after the other by its key: a delivered set may have a million others.
    let mut deletions = [
        on.prepare_cached(
            "DELETE FROM delivered
             WHERE uid = ?3 AND scope IN (SELECT id FROM scopes WHERE tenant = ?1 AND source = ?2)",
        )?,
        on.prepare_cached(
            "DELETE FROM dead_letters WHERE tenant = ?1 AND source = ?2 AND uid = ?3",
        )?,
    ];
    let mut rows = old.query((tenant, source, millis(before)))?;
    while let Some(row) = rows.next()? {
        let uid: String = row.get(0)?;
        for deletion in &mut deletions {
            deletion.execute((tenant, source, uid.as_str()))?;
        }
    }
    let marks = on
        .prepare_cached(
            "DELETE FROM removed WHERE tenant = ?1 AND source = ?2 AND removed_at_ms < ?3",
        )?
        .execute((tenant, source, millis(before)))?;
    Ok(marks as u64)
}
