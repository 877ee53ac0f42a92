use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use stocktake_connector_core::{StateError, StateStore};
use stocktake_state::SqliteStore;

use crate::{close, delivery, device, lake};

/// Every file of a folder with its content, without the lock files and the index of the log, which
/// carry no state.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.extension().is_some_and(|e| e == "lock" || e == "db-shm"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().into(), fs::read(&path).unwrap()))
        .collect()
}

#[tokio::test]
async fn state_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    SqliteStore::open(&place).unwrap().commit(delivery(0..3)).await.unwrap();
    let store = SqliteStore::open(&place).unwrap();
    assert_eq!(store.delivered_count(&lake()).await.unwrap(), 3);
}

#[tokio::test]
async fn a_second_writer_is_refused_while_the_first_lives() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    let first = SqliteStore::open(&place).unwrap();
    let refused = SqliteStore::open(&place).unwrap_err();
    assert!(matches!(refused, StateError::InUse { .. }), "{refused}");
    drop(first);
    SqliteStore::open(&place).unwrap();
}

#[tokio::test]
async fn a_reader_sees_what_a_living_writer_committed_and_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    let writer = SqliteStore::open(&place).unwrap();
    writer.commit(delivery(0..2)).await.unwrap();
    let reader = SqliteStore::open_read_only(&place).unwrap();
    assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 2);
    writer.commit(delivery(2..5)).await.unwrap();
    assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 5);
    assert!(reader.commit(delivery(0..1)).await.is_err());
    assert!(reader.close_cycle(close()).await.is_err());
}

#[tokio::test]
async fn a_reader_needs_no_writer() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    SqliteStore::open(&place).unwrap().commit(delivery(0..2)).await.unwrap();
    let reader = SqliteStore::open_read_only(&place).unwrap();
    assert_eq!(reader.devices(&lake().tenant, None, 9).await.unwrap(), [device(0), device(1)]);
}

#[test]
fn a_reader_of_nothing_says_where_it_looked() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    let error = SqliteStore::open_read_only(&place).unwrap_err().to_string();
    assert!(error.contains(place.to_str().unwrap()), "{error}");
    assert!(!place.exists());
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    for text in ["x", "[state]\npath = \"state.db\"\nand so on, for more than sixteen bytes\n"] {
        fs::write(&place, text).unwrap();
        for error in [SqliteStore::open(&place), SqliteStore::open_read_only(&place)] {
            let error = error.unwrap_err();
            assert!(matches!(error, StateError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains("is not an SQLite database"), "{error}");
        }
        assert_eq!(fs::read_to_string(&place).unwrap(), text);
    }
}

#[test]
fn the_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    let other = rusqlite::Connection::open(&place).unwrap();
    other.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    drop(other);
    let before = files(folder.path());
    let error = SqliteStore::open(&place).unwrap_err().to_string();
    assert!(error.contains("of another program"), "{error}");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_database_with_torn_pages_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    drop(SqliteStore::open(&place).unwrap());
    let mut bytes = fs::read(&place).unwrap();
    bytes[100..4096].fill(0xff);
    fs::write(&place, bytes).unwrap();
    let error = SqliteStore::open(&place).unwrap_err();
    assert!(matches!(error, StateError::Damaged { .. }), "{error}");
}

#[test]
fn the_last_folder_is_made_but_none_above_it() {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::open(folder.path().join("made/state.db")).unwrap();
    let error =
        SqliteStore::open(folder.path().join("mis/spelt/state.db")).unwrap_err().to_string();
    assert!(error.contains("mis/spelt cannot be made"), "{error}");
    assert!(!folder.path().join("mis").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    let store = SqliteStore::open(inner.join("state.db")).unwrap();
    store.commit(delivery(0..1)).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    for entry in fs::read_dir(&inner).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_path_with_odd_characters_opens() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a state? 100%#1.db");
    SqliteStore::open(&place).unwrap().commit(delivery(0..1)).await.unwrap();
    let reader = SqliteStore::open_read_only(&place).unwrap();
    assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 1);
}
