//! One process writes a file, by whatever name it is opened.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use stocktake_connector_core::{StateError, StateQueries};
use stocktake_state::SqliteStore;

use crate::{commit, delivery, lake};

/// Set for another process: which file it opens.
const PLACE: &str = "STOCKTAKE_STATE_OTHER_PROCESS";

/// Not a test of its own: another process that writes the file until its input ends.
#[test]
fn write_until_input_ends() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let _store = SqliteStore::open(place).unwrap();
    println!("opened");
    std::io::stdin().lines().for_each(drop);
}

fn writing_process(place: &Path) -> Child {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "one_writer::write_until_input_ends", "--nocapture"])
        .env(PLACE, place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("opened")), "the other process failed");
    process
}

/// Other names of the file `inner/state.db` in a folder.
#[cfg(unix)]
fn names(folder: &Path) -> Vec<PathBuf> {
    let place = folder.join("inner/state.db");
    fs::hard_link(&place, folder.join("hard.db")).unwrap();
    std::os::unix::fs::symlink("inner/state.db", folder.join("soft.db")).unwrap();
    std::os::unix::fs::symlink("inner", folder.join("other")).unwrap();
    fs::create_dir(folder.join("deep")).unwrap();
    ["inner/state.db", "hard.db", "soft.db", "other/state.db", "deep/../inner/state.db"]
        .map(|name| folder.join(name))
        .into()
}

#[cfg(unix)]
fn assert_in_use(names: &[PathBuf]) {
    for name in names {
        let refused = SqliteStore::open(name).unwrap_err();
        assert!(matches!(refused, StateError::InUse { .. }), "{}: {refused}", name.display());
        assert!(refused.to_string().contains(name.to_str().unwrap()), "{refused}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_another_process_writes_is_refused_by_every_name() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("inner/state.db");
    let mut process = writing_process(&place);
    let names = names(folder.path());
    assert_in_use(&names);
    SqliteStore::open_read_only(&place).unwrap();
    assert_in_use(&names);

    process.kill().unwrap();
    process.wait().unwrap();
    SqliteStore::open(&place).unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_that_this_process_writes_is_refused_by_every_name() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("inner/state.db");
    let first = SqliteStore::open(&place).unwrap();
    let names = names(folder.path());
    assert_in_use(&names);
    drop(first);
    for name in &names {
        SqliteStore::open(name).unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_lies_next_to_the_file_itself_whatever_name_it_was_opened_by() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("inner/state.db");
    drop(SqliteStore::open(&place).unwrap());
    let names = names(folder.path());
    let writer = SqliteStore::open(folder.path().join("soft.db")).unwrap();
    commit(&writer, delivery(0..3)).await;
    assert!(folder.path().join("inner/state.db-wal").exists());
    for name in names.iter().filter(|name| !name.ends_with("hard.db")) {
        let reader = SqliteStore::open_read_only(name).unwrap();
        assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 3, "{}", name.display());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_but_the_database_and_its_log_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("state.db")).unwrap();
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["state.db", "state.db-shm", "state.db-wal"]);
    drop(store);
}

/// Whether SQLite holds a lock on the file for this process, as the system lists it.
#[cfg(target_os = "linux")]
fn is_locked(place: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (process, inode) = (std::process::id(), place.metadata().unwrap().ino());
    let locks = fs::read_to_string("/proc/locks").unwrap();
    locks.lines().any(|line| {
        line.contains("POSIX")
            && line.contains(&format!(" {process} "))
            && line.contains(&format!(":{inode} "))
    })
}

/// Closing a descriptor of the file ends SQLite's locks of this process. Another program that closes the
/// file would then consider itself the last one and delete the log under the living connection.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn other_stores_that_come_and_go_leave_the_locks_of_a_living_one() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("inner/state.db");
    let store = SqliteStore::open(&place).unwrap();
    commit(&store, delivery(0..1)).await;
    assert!(is_locked(&place), "a store that was used");
    assert_in_use(&names(folder.path()));
    assert!(is_locked(&place), "after refused writers");
    let reader = SqliteStore::open_read_only(&place).unwrap();
    assert_eq!(reader.delivered_count(&lake()).await.unwrap(), 1);
    drop(SqliteStore::open_read_only(&place).unwrap());
    assert!(is_locked(&place), "after another reader");
    SqliteStore::back_up(&place, folder.path().join("copy.db")).unwrap();
    assert!(is_locked(&place), "after a copy");
    SqliteStore::back_up(&place, &place).unwrap_err();
    assert!(is_locked(&place), "after a refused copy");
    drop(store);
    assert!(is_locked(&place), "the reader, after the writer");
    drop(SqliteStore::open(&place).unwrap());
    assert!(is_locked(&place), "the reader, after another writer");
    drop(reader);
    assert!(!is_locked(&place));
}
