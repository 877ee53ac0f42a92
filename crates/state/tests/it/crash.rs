//! A process that is killed while it commits.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use stocktake_connector_core::{CycleStore, LeaseStore, StateQueries};
use stocktake_state::SqliteStore;

use crate::{commit, delivery, device, inventory, lake};

/// Devices in one batch.
const BATCH: usize = 100;

/// Set for the process that is to be killed: where its store is.
const PLACE: &str = "STOCKTAKE_STATE_CRASH_TEST";

/// Not a test of its own: the test below runs it in a process that it kills.
#[tokio::test]
async fn commit_until_killed() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let store = SqliteStore::open(place).unwrap();
    let done = store.delivered_count(&lake()).await.unwrap() as usize;
    for from in (done..).step_by(BATCH) {
        commit(&store, delivery(from..from + BATCH)).await;
        println!("committed {}", from + BATCH);
    }
}

/// Kills a committing process after it reported `batches`, and returns what it reported last.
fn kill_after(batches: usize, place: &Path) -> usize {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::commit_until_killed", "--nocapture"])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let reported = lines
        .map(Result::unwrap)
        .filter_map(|line| line.split_once("committed ")?.1.parse().ok())
        .nth(batches - 1);
    process.kill().unwrap();
    process.wait().unwrap();
    reported.unwrap()
}

#[tokio::test]
async fn a_killed_process_leaves_whole_batches_and_nothing_that_it_reported_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state.db");
    for batches in [1, 2, 3, 5, 8, 40] {
        let reported = kill_after(batches, &place);
        let store = SqliteStore::open(&place).unwrap();
        let kept = store.delivered_count(&lake()).await.unwrap() as usize;
        assert_eq!(kept % BATCH, 0, "a batch was torn");
        assert!(kept >= reported, "{reported} reported but {kept} kept");
        let devices = store.devices(&inventory(), None, usize::MAX).await.unwrap();
        assert_eq!(store.leases().await.unwrap(), [], "a dead process holds no lease");
        assert_eq!(devices, (0..kept).map(device).collect::<Vec<_>>());
    }
}
