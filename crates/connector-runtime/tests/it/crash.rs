//! `kill -9` at random moments of a cycle.

use stocktake_connector_core::CycleOutcome;
use stocktake_simulator::Receipt;
use tokio::process::Child;

use crate::site::{Site, fleet};

const MACHINES: usize = 1_200;
const BATCH: u64 = 50;
const KILLS: u64 = 20;

/// Where the kills fall. The same for every run, so that a failure can be repeated.
fn moments(seed: u64) -> impl Iterator<Item = u64> {
    // Knuth's multiplicative generator; good enough to spread the kills.
    let mut state = seed;
    std::iter::from_fn(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Some(state >> 33)
    })
}

/// Starts a cycle and waits until it has made so many calls, or has ended.
async fn start_and_wait(site: &Site, calls: u64) -> Child {
    let before = site.handle().calls_so_far();
    let mut program = site.start(&["sync", "--full"]);
    while site.handle().calls_so_far() < before + calls && program.try_wait().unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_loses_nothing_and_repeats_at_most_one_batch() {
    let site = Site::with(fleet(MACHINES, 900), |options| {
        options.defender_page = 200;
        options.graph_page = 100;
        // Every event that reached the receiver counts, acknowledged or not.
        options.sekoia.receipt = Receipt::WhenPushed;
    })
    .await
    .set("sinks.soc", &format!("max_items = {BATCH}\n"));

    let mut moments = moments(2026);
    for kill in 0..KILLS {
        // Some 70 calls make a cycle. Every few kills a lucky cycle may be complete; then there is
        // something new to deliver.
        let after_calls = moments.next().unwrap() % 30 + 1;
        let spins = moments.next().unwrap() % 2_000;
        let mut program = start_and_wait(&site, after_calls).await;
        for _ in 0..spins {
            tokio::task::yield_now().await;
        }
        // SIGKILL; the program may have ended by itself just before.
        let _ = program.kill().await;
        if kill % 5 == 4 {
            site.handle().fleet().add(30);
        }
    }

    let last = site.sync().await;
    assert_eq!(last.report().outcome, CycleOutcome::Complete, "{last:#?}");
    let received = site.received();
    let expected = site.handle().fleet().device_ids();
    for id in &expected {
        assert!(received.contains_key(id), "device {id} was lost");
    }
    let twice: u64 = received.values().map(|times| times - 1).sum();
    assert!(twice <= KILLS * BATCH, "{twice} events came twice after {KILLS} kills");
    assert_eq!(site.sync().await.account().unchanged, expected.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_cycle_leaves_no_torn_file_and_its_acknowledged_events_are_kept() {
    let site = Site::with(fleet(6_000, 100), |options| {
        options.defender_page = 500;
        options.graph_page = 20;
    })
    .await;
    let folder = site.path("events");
    let site = site.set("sinks.lake", &format!("type = \"file\"\npath = {folder:?}\n"));
    for after_calls in [9, 20, 31] {
        let _ = start_and_wait(&site, after_calls).await.kill().await;
    }
    assert_eq!(site.sync().await.report().outcome, CycleOutcome::Complete);

    let mut devices = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') {
            assert!(!name.ends_with(".partial"), "left behind: {name}");
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            devices.insert(event["device"]["uid"].as_str().unwrap().to_owned());
        }
    }
    let expected: std::collections::BTreeSet<_> =
        site.handle().fleet().device_ids().into_iter().collect();
    assert_eq!(devices, expected);
}
