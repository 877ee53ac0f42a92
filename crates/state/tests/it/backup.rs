use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use stocktake_connector_core::{StateError, StateQueries};
use stocktake_state::SqliteStore;

use crate::{close, close_cycle, commit, delivery, inventory, lake};

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // The log and its index come and go with readers of the original.
        .filter(|name| !name.starts_with("state.db-"))
        .collect();
    names.sort();
    names
}

/// State with ten devices and one report, in a folder of its own.
async fn filled(folder: &Path) -> std::path::PathBuf {
    let place = folder.join("state.db");
    let store = SqliteStore::open(&place).unwrap();
    commit(&store, delivery(0..10)).await;
    close_cycle(&store, close()).await;
    place
}

#[tokio::test]
async fn a_copy_is_one_private_file_with_everything_in_it() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let place = filled(folder.path()).await;
    let before = fs::read(&place).unwrap();
    let target = other.path().join("copy.db");
    let copied = SqliteStore::back_up(&place, &target).unwrap();
    assert_eq!((copied.delivered, copied.dead_letters, copied.cycle_reports), (10, 0, 1));
    assert_eq!(copied.schema_version, 1);
    assert_eq!(copied.bytes, target.metadata().unwrap().len());
    assert_eq!(names(other.path()), ["copy.db"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(fs::read(&place).unwrap() == before, "the original is as it was");
    let store = SqliteStore::open(&target).unwrap();
    assert_eq!(store.delivered_count(&lake()).await.unwrap(), 10);
    assert_eq!(store.reports(&inventory(), None, 9).await.unwrap().reports.len(), 1);
}

#[tokio::test]
async fn copies_made_while_a_writer_commits_hold_whole_batches() {
    const BATCH: u64 = 50;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    let store = SqliteStore::open(&place).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&over);
    let writer = tokio::spawn(async move {
        let mut batch = 0;
        while !watched.load(Ordering::Relaxed) {
            let first = batch * BATCH as usize;
            commit(&store, delivery(first..first + BATCH as usize)).await;
            batch += 1;
        }
        store
    });
    let mut last = 0;
    let mut number = 0;
    // Until the writer has been seen to go on between two copies.
    while last < 3 * BATCH {
        number += 1;
        let target = folder.path().join(format!("copy-{number}.db"));
        let place = place.clone();
        let copied =
            tokio::task::spawn_blocking(move || SqliteStore::back_up(place, target)).await.unwrap();
        let delivered = copied.unwrap().delivered;
        assert_eq!(delivered % BATCH, 0, "a part of a batch");
        assert!(delivered >= last, "what was committed is in every later copy");
        last = delivered;
    }
    over.store(true, Ordering::Relaxed);
    let store = writer.await.unwrap();
    commit(&store, delivery(0..1)).await;
}

#[tokio::test]
async fn what_is_no_state_of_ours_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("copy.db");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text"), "not a database, but longer than sixteen bytes").unwrap();
    for (name, sql) in [
        ("foreign", "CREATE TABLE bookmarks (url TEXT)"),
        ("newer", "PRAGMA application_id = 1400138612; PRAGMA user_version = 99"),
        ("empty", "PRAGMA application_id = 1400138612"),
    ] {
        Connection::open(path(name)).unwrap().execute_batch(sql).unwrap();
    }
    let before = names(folder.path());
    for (name, words) in [
        ("absent", "No such file"),
        ("text", "is not an SQLite database"),
        ("foreign", "of another program"),
        ("newer", "schema version 99"),
        ("empty", "without any state"),
    ] {
        let error = SqliteStore::back_up(path(name), &target).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains(name), "{error}");
        assert_eq!(names(folder.path()), before, "{name}");
    }
}

#[tokio::test]
async fn a_damaged_page_is_noticed_and_no_copy_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    let mut bytes = fs::read(&place).unwrap();
    bytes[4096..].fill(0xff);
    fs::write(&place, bytes).unwrap();
    let before = names(folder.path());
    let error = SqliteStore::back_up(&place, folder.path().join("copy.db")).unwrap_err();
    assert!(matches!(error, StateError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("state.db"), "{error}");
    assert_eq!(names(folder.path()), before);
}

#[tokio::test]
async fn a_target_that_is_there_is_never_replaced_and_a_missing_folder_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let place = filled(folder.path()).await;
    let taken = folder.path().join("taken");
    fs::write(&taken, "precious").unwrap();
    for target in [&taken, &place, &folder.path().to_owned()] {
        let error = SqliteStore::back_up(&place, target).unwrap_err().to_string();
        assert!(error.contains("exists already"), "{error}");
    }
    assert_eq!(fs::read_to_string(&taken).unwrap(), "precious");
    let missing = folder.path().join("missing");
    let error = SqliteStore::back_up(&place, missing.join("copy.db")).unwrap_err().to_string();
    assert!(error.contains("a file cannot be made in") && error.contains("missing"), "{error}");
    assert!(!missing.exists());
}
