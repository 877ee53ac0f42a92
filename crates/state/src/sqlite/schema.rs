//! The schema, as the list of migrations that lead to it.
//!
//! `PRAGMA user_version` counts the migrations that ran. A migration that was released is never changed:
//! files in the field carry its result. A new one is appended, and `tests/it/migration.rs` gets a sample
//! of the version before it.

use rusqlite::{Connection, TransactionBehavior};

use super::error::RawError;

/// Marks our files, so that a database of another program is not taken for an empty one.
/// The letters `Stkt`.
pub(super) const APPLICATION_ID: i32 = 0x53746b74;

/// Each migration leads from the version of its index to the next one, in one transaction.
pub(super) const MIGRATIONS: &[&str] = &[
    // 1: the first schema. Times are milliseconds since 1970, UTC; fingerprints are 16 bytes.
    "
    -- A checkpoint always has the time of completion.
    CREATE TABLE scopes (
        id INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        source TEXT NOT NULL,
        sink TEXT NOT NULL,
        configured_since_ms INTEGER,
        destination TEXT,
        checkpoint_cursor TEXT,
        checkpoint_newest_record_at_ms INTEGER,
        checkpoint_completed_at_ms INTEGER,
        UNIQUE (tenant, source, sink)
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
        source TEXT NOT NULL,
        uid TEXT NOT NULL,
        removed_at_ms INTEGER NOT NULL,
        PRIMARY KEY (tenant, source, uid)
    ) STRICT, WITHOUT ROWID;

    -- AUTOINCREMENT: a person who noted an id must not be shown another letter under it later.
    CREATE TABLE dead_letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        identity BLOB NOT NULL UNIQUE,
        tenant TEXT NOT NULL,
        source TEXT NOT NULL,
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
    -- The first serves cycles. The others serve lists and purges, in the order of ids.
    CREATE INDEX dead_letters_by_device ON dead_letters (tenant, source, uid);
    CREATE INDEX dead_letters_by_tenant ON dead_letters (tenant);
    CREATE INDEX dead_letters_by_sink ON dead_letters (sink);

    CREATE TABLE inventories (
        tenant TEXT NOT NULL,
        source TEXT NOT NULL,
        full_completed_at_ms INTEGER,
        enrichment_records INTEGER,
        enrichment TEXT, -- JSON
        PRIMARY KEY (tenant, source)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE cycle_reports (
        id INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        source TEXT NOT NULL,
        cycle TEXT NOT NULL UNIQUE,
        started_at_ms INTEGER NOT NULL,
        report TEXT NOT NULL
    ) STRICT;
    CREATE INDEX cycle_reports_by_inventory ON cycle_reports (tenant, source, id);

    CREATE TABLE leases (
        tenant TEXT PRIMARY KEY,
        worker TEXT NOT NULL,
        claim TEXT NOT NULL,
        claimed_at_ms INTEGER NOT NULL,
        expires_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    ",
];

/// The version of a file.
pub(super) fn version(connection: &Connection) -> Result<u32, RawError> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    u32::try_from(version)
        .map_err(|_| RawError::Damaged(format!("its schema version is {version}")))
}

/// Writes the version that is there: a page that changes nothing.
pub(super) fn rewrite_version(connection: &Connection) -> Result<(), RawError> {
    let version = version(connection)?;
    Ok(connection.pragma_update(None, "user_version", version)?)
}

/// Refuses a file that another program made.
pub(super) fn check_ownership(connection: &Connection) -> Result<(), RawError> {
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == APPLICATION_ID || (application == 0 && tables == 0) {
        return Ok(());
    }
    Err(RawError::Damaged(
        "it is an SQLite database of another program; choose another path for the state".into(),
    ))
}

/// Runs those of `migrations` that the file lacks.
pub(super) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), RawError> {
    let from = version(connection)? as usize;
    for (migration, reached) in migrations.iter().zip(1_u32..).skip(from) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", reached)?;
        transaction.commit()?;
    }
    Ok(())
}
