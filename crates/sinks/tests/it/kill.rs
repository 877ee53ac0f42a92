//! A process that is killed while it writes files.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use stocktake_connector_core::{CycleId, Sink, SystemClock};
use stocktake_sinks::FileSink;

use crate::{batch, end};

/// Set for the process that is to be killed: where it writes.
const FOLDER: &str = "STOCKTAKE_SINKS_KILL_TEST";

/// Batches of a cycle.
const BATCHES: usize = 3;

/// Not a test of its own: the test below runs it in a process that it kills.
#[tokio::test]
async fn write_until_killed() {
    let Ok(variable) = std::env::var(FOLDER) else { return };
    let (path, first) = variable.split_once('|').unwrap();
    let sink = FileSink::new(path.into(), Arc::new(SystemClock));
    let mut number: usize = first.parse().unwrap();
    loop {
        let cycle = CycleId::random();
        for _ in 0..BATCHES {
            let bodies: Vec<_> = (number..number + 10).map(|n| format!("{{\"n\":{n}}}")).collect();
            let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
            sink.write_batch(&batch(cycle, &bodies)).await.unwrap();
            number += 10;
            println!("staged {number}");
        }
        sink.finish_cycle(&end(cycle)).await.unwrap();
        println!("acknowledged {number}");
    }
}

/// Kills a writing process after so many lines of its output. Returns the number after the last
/// acknowledged event.
fn kill_after(lines: usize, folder: &Path, first: usize) -> usize {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::write_until_killed", "--nocapture"])
        .env(FOLDER, format!("{}|{first}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .filter(|line| line.contains("staged ") || line.contains("acknowledged "));
    let mut seen: Vec<_> = printed.by_ref().take(lines).collect();
    process.kill().unwrap();
    process.wait().unwrap();
    // What it printed before it died, and was not read yet.
    seen.extend(printed);
    let mut numbers =
        seen.iter().filter_map(|line| line.split_once("acknowledged ")?.1.parse().ok());
    numbers.next_back().unwrap_or(first)
}

#[tokio::test]
async fn a_killed_process_loses_no_acknowledged_event() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut next = 0;
    for lines in 1..=3 * (BATCHES + 1) {
        next = kill_after(lines, folder, next);
    }
    let sink = FileSink::new(folder.to_owned(), Arc::new(SystemClock));
    let cycle = CycleId::random();
    sink.write_batch(&batch(cycle, &["{\"n\":0}"])).await.unwrap();
    sink.finish_cycle(&end(cycle)).await.unwrap();
    let mut found = std::collections::BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(!name.ends_with(".partial"), "{name} was not removed");
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
