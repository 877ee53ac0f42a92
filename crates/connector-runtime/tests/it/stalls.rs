//! Things that stand still: a reader, a log, a file. Each costs only itself, and the program ends when it is
//! asked to.

use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;

use stocktake_connector_core::CycleReport;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::site::{Site, command, fleet};

/// More events than a pipe, the chunks in memory and a batch hold.
const MACHINES: usize = 6_000;

/// `O_NONBLOCK` of Linux.
const NONBLOCK: i32 = 0o4000;

async fn terminate(child: &Child) {
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stands_still_costs_only_the_sink_on_standard_output() {
    let site = Site::of(fleet(MACHINES, 100))
        .await
        .set("sinks.out", "type = \"stdout\"\n")
        .set("sinks.soc", "max_items = 1000\n")
        .set("shutdown", "grace = \"2s\"\n");
    let mut program = site.start(&["run"]);
    // Held, and never read.
    let stdout = program.stdout.take().unwrap();
    let mut log = BufReader::new(program.stderr.take().unwrap()).lines();
    loop {
        let line = log.next_line().await.unwrap().expect("the program ended");
        if line.contains("sink did not take every event") {
            assert!(line.contains("standard output: not done within"), "{line}");
        }
        if line.contains("cycle ended") {
            break;
        }
    }
    site.assert_each_device_once();

    terminate(&program).await;
    assert_eq!(program.wait().await.unwrap().code(), Some(0));
    drop(stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_stops_neither_cycles_nor_the_end() {
    let site = Site::of(fleet(20, 10))
        .await
        .set("collection", "interval = \"1s\"\nfull_every = \"1s\"\n")
        .set("shutdown", "grace = \"2s\"\n");
    let mut program = site.start(&["run", "--output", "json", "--log-level", "trace"]);
    // Held, and not read before the end; it holds less than two cycles log at this level.
    let mut stderr = program.stderr.take().unwrap();
    let mut reports = BufReader::new(program.stdout.take().unwrap()).lines();
    for _ in 0..6 {
        let line = reports.next_line().await.unwrap().expect("the program ended");
        let report: CycleReport = serde_json::from_str(&line).unwrap();
        assert_eq!(report.outcome.name(), "complete");
    }
    terminate(&program).await;
    assert_eq!(program.wait().await.unwrap().code(), Some(0));
    let mut log = Vec::new();
    stderr.read_to_end(&mut log).await.unwrap();
    assert!(log.len() >= 32 * 1024, "the pipe was full: {} bytes", log.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_hangs_in_the_file_system_ends_after_its_grace() {
    let site = Site::of(fleet(20, 10)).await;
    let pipe = site.path("secret");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let site = site
        .with_credential("app_secret", &format!("app_secret_file = {pipe:?}\n"))
        .set("shutdown", "grace = \"100ms\"\n")
        .set("log", "level = \"info\"\n");
    for arguments in [&["run"][..], &["sync"]] {
        let mut program = command(site.folder.path())
            .args(arguments)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // It opens for writing as soon as the program reads it; the program then waits for what never
        // comes.
        let writer = loop {
            let opened = std::fs::OpenOptions::new().write(true).custom_flags(NONBLOCK).open(&pipe);
            match opened {
                Err(_) if program.try_wait().unwrap().is_none() => tokio::task::yield_now().await,
                opened => break opened.unwrap(),
            }
        };
        terminate(&program).await;
        let mut log = String::new();
        program.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
        let code = program.wait().await.unwrap().code();
        assert!(code.is_some(), "it ended by itself: {log}");
        assert!(log.contains("asked to stop"), "{log}");
        drop(writer);
    }
}
