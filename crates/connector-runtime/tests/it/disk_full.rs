//! A disk without room for state, while the program runs.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::site::{Site, fleet};

/// Bounds the size of every file that a process writes; beyond it a write fails as on a full disk.
async fn bound_files(program: &Child, bytes: &str) {
    let pid = program.id().unwrap().to_string();
    let bounded = Command::new("prlimit")
        .args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")])
        .status()
        .await
        .unwrap();
    assert!(bounded.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_state_cannot_be_written_goes_on_once_it_can() {
    let site =
        Site::of(fleet(40, 20)).await.set("collection", "interval = \"1s\"\nfull_every = \"1s\"\n");
    // The signal that comes with such a write would end the program; the shell has it ignored.
    let mut program = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; exec \"$0\" run --output text",
            env!("CARGO_BIN_EXE_stocktake"),
        ])
        .current_dir(site.folder.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut reports = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut log = BufReader::new(program.stderr.take().unwrap()).lines();
    let first = reports.next_line().await.unwrap().unwrap();
    assert!(first.contains("full cycle complete"), "{first}");

    bound_files(&program, "1").await;
    site.handle().fleet().add(30);
    loop {
        let line = log.next_line().await.unwrap().expect("the program ended");
        if line.contains("cycle has no report") {
            assert!(line.contains("contoso") && line.contains("ERROR"), "{line}");
            break;
        }
    }
    bound_files(&program, "unlimited").await;
    while site.received().len() < 70 {
        let line = reports.next_line().await.unwrap().expect("the program ended");
        assert!(!line.contains("panicked"), "{line}");
    }
    loop {
        let line = reports.next_line().await.unwrap().expect("the program ended");
        if line.contains("cycle complete") {
            break;
        }
    }
    program.kill().await.unwrap();
    let after = site.sync().await.account();
    assert_eq!((after.unchanged, after.acknowledged), (70, 0), "everything is noted");
}
