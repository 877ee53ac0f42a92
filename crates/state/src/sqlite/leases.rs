//! Leases, and the fence that every write of a cycle checks.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Row, Transaction};
use stocktake_connector_core::{ClaimId, Fence, Lease, StateError, TenantName, WorkerName};

use super::error::{RawError, millis, name, tenant, time, uuid};
use crate::lease::expiry;

/// Refuses a write whose fence is not the present claim.
pub(super) fn check(on: &Transaction<'_>, fence: &Fence) -> Result<(), RawError> {
    let holds: bool = on
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM leases WHERE tenant = ?1 AND claim = ?2)")?
        .query_row((fence.tenant.as_str(), text(fence.claim)), |row| row.get(0))?;
    if holds { Ok(()) } else { Err(lost(fence)) }
}

fn lost(fence: &Fence) -> RawError {
    StateError::LeaseLost { tenant: fence.tenant.clone() }.into()
}

fn text(claim: ClaimId) -> String {
    claim.as_uuid().to_string()
}

pub(super) fn claim(
    on: &Transaction<'_>,
    tenant: &TenantName,
    worker: &WorkerName,
    now: DateTime<Utc>,
    length: Duration,
) -> Result<Option<Lease>, RawError> {
    let claim = ClaimId::random();
    let (now, end) = (millis(now), millis(expiry(now, length)));
    let claimed = on
        .prepare_cached(
            "INSERT INTO leases (tenant, worker, claim, claimed_at_ms, expires_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant) DO UPDATE SET
                worker = excluded.worker,
                claim = excluded.claim,
                claimed_at_ms = excluded.claimed_at_ms,
                expires_at_ms = excluded.expires_at_ms
             WHERE leases.expires_at_ms <= excluded.claimed_at_ms
                OR leases.claimed_at_ms > excluded.claimed_at_ms",
        )?
        .execute((tenant.as_str(), worker.as_str(), text(claim), now, end))?;
    if claimed == 0 {
        return Ok(None);
    }
    Ok(Some(Lease {
        tenant: tenant.clone(),
        worker: worker.clone(),
        claim,
        claimed_at: time(now)?,
        expires_at: time(end)?,
    }))
}

pub(super) fn renew(
    on: &Transaction<'_>,
    fence: &Fence,
    now: DateTime<Utc>,
    length: Duration,
) -> Result<DateTime<Utc>, RawError> {
    let end = millis(expiry(now, length));
    let renewed = on
        .prepare_cached("UPDATE leases SET expires_at_ms = ?3 WHERE tenant = ?1 AND claim = ?2")?
        .execute((fence.tenant.as_str(), text(fence.claim), end))?;
    if renewed == 0 { Err(lost(fence)) } else { time(end) }
}

pub(super) fn release(on: &Transaction<'_>, fence: &Fence) -> Result<(), RawError> {
    on.prepare_cached("DELETE FROM leases WHERE tenant = ?1 AND claim = ?2")?
        .execute((fence.tenant.as_str(), text(fence.claim)))?;
    Ok(())
}

/// Ends every lease: the process that held them no longer has the file.
pub(super) fn end_all(on: &Transaction<'_>) -> Result<(), RawError> {
    on.execute("DELETE FROM leases", [])?;
    Ok(())
}

pub(super) fn list(on: &Transaction<'_>) -> Result<Vec<Lease>, RawError> {
    let mut list = on.prepare_cached(
        "SELECT tenant, worker, claim, claimed_at_ms, expires_at_ms FROM leases ORDER BY tenant",
    )?;
    let mut rows = list.query([])?;
    let mut leases = Vec::new();
    while let Some(row) = rows.next()? {
        leases.push(lease(row)?);
    }
    Ok(leases)
}

fn lease(row: &Row<'_>) -> Result<Lease, RawError> {
    Ok(Lease {
        tenant: tenant(row, 0)?,
        worker: name(WorkerName::new(row.get::<_, String>(1)?))?,
        claim: uuid(&row.get::<_, String>(2)?)?.into(),
        claimed_at: time(row.get(3)?)?,
        expires_at: time(row.get(4)?)?,
    })
}
