//! A process that is killed while it writes files.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use stocktake_connector_core::{CycleId, Sink, SystemClock};
use stocktake_sinks::{FileLayout, FileOptions, FileSink};

use crate::{batch, contoso};

/// Set for the process that is to be killed: where it writes.
const PLACE: &str = "STOCKTAKE_SINKS_KILL_TEST";

/// Batches of a cycle.
const BATCHES: usize = 3;

fn layout(place: &Path) -> FileLayout {
    if place.extension().is_some() { FileLayout::Single } else { FileLayout::Directory }
}

/// Not a test of its own: the test below runs it in a process that it kills.
#[tokio::test]
async fn write_until_killed() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let (path, first) = place.split_once('|').unwrap();
    let options = FileOptions { path: path.into(), layout: layout(Path::new(path)) };
    let sink = FileSink::new(options, Arc::new(SystemClock));
    let mut number: usize = first.parse().unwrap();
    loop {
        let cycle = CycleId::random();
        for _ in 0..BATCHES {
            let bodies: Vec<_> = (number..number + 10).map(|n| format!("{{\"n\":{n}}}")).collect();
            let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
            sink.write_batch(&batch(cycle, &bodies)).await.unwrap();
            number += 10;
            println!("acknowledged {number}");
        }
        sink.finish_cycle(&contoso(), cycle).await.unwrap();
    }
}

/// Kills a writing process after `batches` acknowledgements; answers the number behind the last
/// acknowledged event.
fn kill_after(batches: usize, place: &Path, first: usize) -> usize {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::write_until_killed", "--nocapture"])
        .env(PLACE, format!("{}|{first}", place.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .filter_map(|line| line.split_once("acknowledged ")?.1.parse().ok());
    let mut last = told.nth(batches - 1).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    // What it told before it died, and was not read yet.
    for number in told {
        last = number;
    }
    last
}

async fn no_acknowledged_event_is_lost(place: &Path, folder: &Path) {
    let mut next = 0;
    for batches in 1..=2 * BATCHES + 1 {
        next = kill_after(batches, place, next);
    }
    let options = FileOptions { path: place.to_owned(), layout: layout(place) };
    let sink = FileSink::new(options, Arc::new(SystemClock));
    sink.finish_cycle(&contoso(), CycleId::random()).await.unwrap();
    let mut found = std::collections::BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(!name.ends_with(".partial"), "{name} was not recovered");
        if name.ends_with(".ndjson") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.ends_with('\n'), "{name} is torn");
            for line in text.lines() {
                let number = line.strip_prefix("{\"n\":").unwrap().strip_suffix('}').unwrap();
                found.insert(number.parse::<usize>().unwrap());
            }
        }
    }
    let lost: Vec<_> = (0..next).filter(|number| !found.contains(number)).collect();
    assert_eq!(lost, [0; 0], "of {next} acknowledged");
}

#[tokio::test]
async fn a_killed_process_loses_no_acknowledged_event_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    no_acknowledged_event_is_lost(folder.path(), folder.path()).await;
}

#[tokio::test]
async fn a_killed_process_loses_no_acknowledged_event_of_a_single_file() {
    let folder = tempfile::tempdir().unwrap();
    no_acknowledged_event_is_lost(&folder.path().join("all.ndjson"), folder.path()).await;
}
