//! Files of other schema versions.
//!
//! When a version is added, a sample of the one before it joins this folder as SQL text, so that it can be
//! reviewed, with a test that it is read with all that it holds. A sample is never changed.

use rusqlite::Connection;
use stocktake_connector_core::StateError;
use stocktake_state::SqliteStore;

#[test]
fn a_newer_schema_is_refused_without_changing_a_byte() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    drop(SqliteStore::open(&place).unwrap());
    // The newer program died: its version stands in the log, not yet in the file.
    let newer = Connection::open(&place).unwrap();
    newer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    let log = folder.path().join("state.db-wal");
    let before = (std::fs::read(&place).unwrap(), std::fs::read(&log).unwrap());
    assert!(!before.1.is_empty(), "the version is in the log");
    for error in [SqliteStore::open(&place), SqliteStore::open_read_only(&place)] {
        let error = error.unwrap_err();
        assert!(matches!(error, StateError::NewerSchema { found: 99, .. }), "{error}");
    }
    assert_eq!((std::fs::read(&place).unwrap(), std::fs::read(&log).unwrap()), before);
    drop(newer);
    let before = std::fs::read(&place).unwrap();
    SqliteStore::open(&place).unwrap_err();
    assert_eq!(std::fs::read(&place).unwrap(), before);
}
