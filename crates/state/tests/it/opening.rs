use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use stocktake_connector_core::{CycleStore, StateError, StateQueries};
use stocktake_state::SqliteStore;

use crate::{close, commit, delivery, device, fence_of, inventory, lake};

/// Every file of a folder with its content, without the index of the log, which carries no state.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|e| e != "db-shm"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().into(), fs::read(&path).unwrap()))
        .collect()
}

#[tokio::test]
async fn state_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    commit(&SqliteStore::open(&place).unwrap(), delivery(0..3)).await;
    let store = SqliteStore::open(&place).unwrap();
    assert_eq!(store.delivered_count(&lake()).await.unwrap(), 3);
}

#[tokio::test]
async fn a_reader_sees_what_a_living_writer_committed_and_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    let writer = SqliteStore::open(&place).unwrap();
    commit(&writer, delivery(0..2)).await;
    let reader = SqliteStore::open_read_only(&place).unwrap();
    assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 2);
    commit(&writer, delivery(2..5)).await;
    assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 5);
    let fence = fence_of(&reader, &inventory().tenant).await;
    for refused in [
        reader.commit(&fence, delivery(0..1)).await,
        reader.close_cycle(&fence, close()).await,
        reader.note_configured(&lake(), crate::at(0)).await,
    ] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("readonly"), "{refused}");
    }
}

#[tokio::test]
async fn a_reader_needs_no_writer() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    commit(&SqliteStore::open(&place).unwrap(), delivery(0..2)).await;
    let reader = SqliteStore::open_read_only(&place).unwrap();
    assert_eq!(reader.devices(&inventory(), None, 9).await.unwrap(), [device(0), device(1)]);
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
fn an_empty_file_is_not_state_for_a_reader_and_new_state_for_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    fs::write(&place, "").unwrap();
    let error = SqliteStore::open_read_only(&place).unwrap_err().to_string();
    assert!(error.contains("without any state"), "{error}");
    assert_eq!(fs::read(&place).unwrap(), b"");
    SqliteStore::open(&place).unwrap();
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
    commit(&store, delivery(0..1)).await;
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
    commit(&SqliteStore::open(&place).unwrap(), delivery(0..1)).await;
    let reader = SqliteStore::open_read_only(&place).unwrap();
    assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_that_was_left_read_only_is_made_writable_again() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    // A reader keeps the files next to the database.
    commit(&SqliteStore::open(&place).unwrap(), delivery(0..1)).await;
    let reader = SqliteStore::open_read_only(&place).unwrap();
    assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 1);
    let log = ["-wal", "-shm"].map(|ending| folder.path().join(format!("state.db{ending}")));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let restores: [fn(&Path); 2] = [
        |place| SqliteStore::restore_modes(place).unwrap(),
        |place| drop(SqliteStore::open(place).unwrap()),
    ];
    for restore in restores {
        for file in &log {
            fs::set_permissions(file, fs::Permissions::from_mode(0o444)).unwrap();
        }
        restore(&place);
        for file in log.iter().filter(|file| file.exists()) {
            assert_eq!(mode(file) & 0o600, 0o600, "{}", file.display());
        }
    }
    commit(&SqliteStore::open(&place).unwrap(), delivery(1..2)).await;
    assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 2);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_at_once_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let socket = folder.path().join("socket");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    for place in [pipe.as_path(), &socket, Path::new("/dev/null"), folder.path()] {
        for error in [SqliteStore::open(place), SqliteStore::open_read_only(place)] {
            let error = error.unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert_eq!(cause, "it is not a regular file", "{}", place.display());
        }
    }
}
