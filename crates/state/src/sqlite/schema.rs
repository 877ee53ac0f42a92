//! The schema, as the list of steps that lead to it.
//!
//! `PRAGMA user_version` counts the steps that were taken. A step that was released is never changed:
//! files in the field carry its result. A new one is appended, with a sample of the version before it
//! in `tests/it/migration.rs`.

use rusqlite::{Connection, TransactionBehavior};

use super::Fault;

/// Marks our files, so that a database of another program is not taken for an empty one.
/// The letters `Stkt`.
pub(super) const APPLICATION_ID: i32 = 0x53746b74;

/// Each step leads from the version of its index to the next one, in one transaction.
pub(super) const STEPS: &[&str] = &[
    // 1: the first schema. Times are milliseconds since 1970, UTC; fingerprints are 16 bytes.
    "
    CREATE TABLE scopes (
        id INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        sink TEXT NOT NULL,
        checkpoint_first_seen_ms INTEGER,
        checkpoint_last_seen_ms INTEGER,
        checkpoint_completed_at_ms INTEGER,
        UNIQUE (tenant, sink)
    ) STRICT;

    -- Without a rowid the rows lie in the order of the key: one descent finds the row itself.
    CREATE TABLE delivered (
        scope INTEGER NOT NULL REFERENCES scopes (id),
        uid TEXT NOT NULL,
        fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),
        acknowledged_at_ms INTEGER NOT NULL,
        PRIMARY KEY (scope, uid)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE removed (
        tenant TEXT NOT NULL,
        uid TEXT NOT NULL,
        PRIMARY KEY (tenant, uid)
    ) STRICT, WITHOUT ROWID;

    -- AUTOINCREMENT: a person who noted an id must not be shown another letter under it later.
    CREATE TABLE dead_letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        identity BLOB NOT NULL UNIQUE,
        tenant TEXT NOT NULL,
        sink TEXT,
        stage TEXT NOT NULL,
        uid TEXT,
        fingerprint BLOB CHECK (length(fingerprint) = 16),
        reason TEXT NOT NULL,
        payload TEXT NOT NULL,
        first_at_ms INTEGER NOT NULL,
        last_at_ms INTEGER NOT NULL,
        times INTEGER NOT NULL,
        cycle TEXT NOT NULL
    ) STRICT;
    CREATE INDEX dead_letters_by_device ON dead_letters (tenant, uid);

    CREATE TABLE tenants (
        tenant TEXT PRIMARY KEY,
        full_completed_at_ms INTEGER,
        enrichment_records INTEGER
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE cycle_reports (
        id INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        cycle TEXT NOT NULL UNIQUE,
        started_at_ms INTEGER NOT NULL,
        report TEXT NOT NULL
    ) STRICT;
    CREATE INDEX cycle_reports_by_tenant ON cycle_reports (tenant, id);
    ",
    // 2: since when a scope is wanted, so that what never was complete ages over restarts. Files of
    // version 1 do not tell; the next start notes it.
    "ALTER TABLE scopes ADD COLUMN wanted_since_ms INTEGER;",
    // 3: when a device was marked removed. The marks that are there were set by the tenant's last cycle at
    // the latest.
    "
    ALTER TABLE removed ADD COLUMN removed_at_ms INTEGER NOT NULL DEFAULT 0;
    UPDATE removed SET removed_at_ms = last.at
    FROM (SELECT tenant, max(started_at_ms) AS at FROM cycle_reports GROUP BY tenant) AS last
    WHERE last.tenant = removed.tenant;
    ",
];

/// The version of a file.
pub(super) fn version(connection: &Connection) -> Result<u32, Fault> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    u32::try_from(version).map_err(|_| Fault::Damaged(format!("its schema version is {version}")))
}

/// Writes the version that is there: a page that changes nothing.
pub(super) fn rewrite_version(connection: &Connection) -> Result<(), Fault> {
    let version = version(connection)?;
    Ok(connection.pragma_update(None, "user_version", version)?)
}

/// Refuses a file that another program made.
pub(super) fn check_ownership(connection: &Connection) -> Result<(), Fault> {
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == APPLICATION_ID || (application == 0 && tables == 0) {
        return Ok(());
    }
    Err(Fault::Damaged(
        "it is an SQLite database of another program; choose another path for the state".into(),
    ))
}

/// Takes those of `steps` that the file lacks.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), Fault> {
    let from = version(connection)? as usize;
    for (step, reached) in steps.iter().zip(1_u32..).skip(from) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", reached)?;
        transaction.commit()?;
    }
    Ok(())
}
