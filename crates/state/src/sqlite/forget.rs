//! Forgetting tenants and sinks, and devices that were removed long ago.

use chrono::{DateTime, Utc};
use rusqlite::Transaction;
use stocktake_connector_core::{Forgetting, Forgotten, TenantName};

use super::{Fault, millis};

/// Where the rows are that go, by tenant (`?1`) and sink (`?2`), of which one may be nothing. A row
/// goes before the one that it refers to. The last three belong to a tenant as a whole.
const ROWS: [&str; 6] = [
    "delivered WHERE scope IN (SELECT id FROM scopes
        WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR sink = ?2))",
    "scopes WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR sink = ?2)",
    "dead_letters WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR sink = ?2)",
    "removed WHERE tenant = ?1 AND ?2 IS NULL",
    "cycle_reports WHERE tenant = ?1 AND ?2 IS NULL",
    "tenants WHERE tenant = ?1 AND ?2 IS NULL",
];

/// How many rows go.
pub(super) fn count(on: &Transaction<'_>, what: &Forgetting) -> Result<Forgotten, Fault> {
    forgotten(|rows| {
        let count: i64 = on
            .prepare(&format!("SELECT count(*) FROM {rows}"))?
            .query_row(names(what), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    })
}

/// Deletes the rows.
pub(super) fn forget(on: &Transaction<'_>, what: &Forgetting) -> Result<Forgotten, Fault> {
    forgotten(|rows| {
        let deleted = on.prepare(&format!("DELETE FROM {rows}"))?.execute(names(what))?;
        Ok(deleted as u64)
    })
}

fn forgotten(rows: impl Fn(&str) -> Result<u64, Fault>) -> Result<Forgotten, Fault> {
    let [delivered, scopes, dead_letters, removed, cycle_reports, facts] = ROWS;
    let forgotten = Forgotten {
        delivered: rows(delivered)?,
        scopes: rows(scopes)?,
        dead_letters: rows(dead_letters)?,
        removed: rows(removed)?,
        cycle_reports: rows(cycle_reports)?,
    };
    rows(facts)?;
    Ok(forgotten)
}

fn names(what: &Forgetting) -> (Option<&str>, Option<&str>) {
    match what {
        Forgetting::Tenant(tenant) => (Some(tenant.as_str()), None),
        Forgetting::Sink(sink) => (None, Some(sink.as_str())),
        Forgetting::Scope(scope) => (Some(scope.tenant.as_str()), Some(scope.sink.as_str())),
    }
}

/// Deletes what is known of devices that were marked removed before a time.
pub(super) fn removed(
    on: &Transaction<'_>,
    tenant: &TenantName,
    before: DateTime<Utc>,
) -> Result<u64, Fault> {
    let tenant = tenant.as_str();
    let mut old = on.prepare_cached(
        "SELECT uid FROM removed WHERE tenant = ?1 AND removed_at_ms < ?2 ORDER BY uid",
    )?;
    // One device after the other by its key: a delivered set may have a million others.
    let mut deletions = [
        on.prepare_cached(
            "DELETE FROM delivered
             WHERE uid = ?2 AND scope IN (SELECT id FROM scopes WHERE tenant = ?1)",
        )?,
        on.prepare_cached("DELETE FROM dead_letters WHERE tenant = ?1 AND uid = ?2")?,
    ];
    let mut rows = old.query((tenant, millis(before)))?;
    while let Some(row) = rows.next()? {
        let uid: String = row.get(0)?;
        for deletion in &mut deletions {
            deletion.execute((tenant, uid.as_str()))?;
        }
    }
    let marks = on
        .prepare_cached("DELETE FROM removed WHERE tenant = ?1 AND removed_at_ms < ?2")?
        .execute((tenant, millis(before)))?;
    Ok(marks as u64)
}
