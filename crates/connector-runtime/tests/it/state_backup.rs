//! `stocktake state backup` next to a program that writes, and into places that take no copy.

use std::path::Path;
use std::process::Stdio;

use rusqlite::Connection;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::site::{Ended, Site, ended, fleet};

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // The index of the log comes and goes with its readers.
        .filter(|name| !name.ends_with("-shm") && !name.ends_with("-wal"))
        .collect();
    names.sort();
    names
}

async fn back_up(site: &Site, target: &str) -> Ended {
    site.run(&["state", "backup", target, "--output", "json"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_run_writes_delivers_nothing_twice() {
    let site = Site::of(fleet(200, 100))
        .await
        .set("collection", "interval = \"1s\"\nfull_every = \"1s\"\n");
    let mut program = site.start(&["run", "--output", "text"]);
    let mut reports = BufReader::new(program.stdout.take().unwrap()).lines();
    let first = reports.next_line().await.unwrap().unwrap();
    assert!(first.contains("full cycle complete"), "{first}");

    let copied = back_up(&site, "copy.db").await;
    assert_eq!(copied.code, Some(0), "{copied:#?}");
    let made: Value = serde_json::from_str(&copied.stdout).unwrap();
    assert_eq!(made["delivered"], 200, "{made:#}");
    assert_eq!(made["bytes"], site.path("copy.db").metadata().unwrap().len());
    assert!(program.try_wait().unwrap().is_none(), "run goes on");
    program.kill().await.unwrap();

    // As the page on restoring says.
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(site.path(&format!("state.db{suffix}")));
    }
    std::fs::rename(site.path("copy.db"), site.path("state.db")).unwrap();
    let account = site.sync().await.account();
    assert_eq!((account.unchanged, account.acknowledged), (200, 0), "{account:#?}");
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_copies_to_one_name_one_is_refused() {
    let site = Site::of(fleet(1_500, 10)).await;
    site.sync().await;
    let (one, other) = tokio::join!(back_up(&site, "copy.db"), back_up(&site, "copy.db"));
    let refused = if one.code == Some(0) { &other } else { &one };
    assert_eq!([one.code, other.code].iter().filter(|code| **code == Some(0)).count(), 1);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(refused.stderr.contains("it exists already"), "{refused:#?}");
    assert!(names(site.folder.path()).iter().all(|name| !name.ends_with(".partial")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_reported_as_text() {
    let site = Site::of(fleet(5, 5)).await;
    site.sync().await;
    let copied = site.run(&["state", "backup", "copy.db"]).await;
    assert_eq!(copied.code, Some(0), "{copied:#?}");
    assert!(
        copied.stdout.starts_with("copy.db: ")
            && copied
                .stdout
                .contains("5 devices in delivered sets, 0 dead letters, 1 cycle report"),
        "{}",
        copied.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn state_that_is_not_there_or_not_ours_is_not_copied() {
    let site = Site::of(fleet(5, 5)).await;
    let refused = async |words: &str| {
        let before = names(site.folder.path());
        let ended = back_up(&site, "copy.db").await;
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        assert!(ended.stderr.contains(words), "{ended:#?}");
        assert_eq!(names(site.folder.path()), before);
    };
    // Nothing makes an empty state and then copies it.
    refused("[ST0504]").await;
    let file = Connection::open(site.path("state.db")).unwrap();
    file.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    refused("[ST0503]").await;
    file.execute_batch("PRAGMA application_id = 1400138612; PRAGMA user_version = 99").unwrap();
    refused("[ST0502]").await;

    let path = site.path("stocktake.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let place = site.path("state.db").display().to_string();
    std::fs::write(&path, text.replace(&place, ":memory:")).unwrap();
    refused("kept in memory").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_takes_no_copy_gets_nothing() {
    let site = Site::of(fleet(1_500, 10)).await;
    site.sync().await;
    std::fs::write(site.path("taken.db"), "precious").unwrap();
    let before = names(site.folder.path());
    for (target, words) in
        [("taken.db", "it exists already"), ("missing/copy.db", "a file cannot be made in missing")]
    {
        let ended = back_up(&site, target).await;
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        assert!(ended.stderr.contains(words), "{ended:#?}");
        assert_eq!(names(site.folder.path()), before, "{target}");
    }
    assert_eq!(std::fs::read_to_string(site.path("taken.db")).unwrap(), "precious");

    // No file may grow beyond 64 KiB, which for the program is a disk without room; the signal that
    // comes with it would end the program, so the shell has it ignored.
    let full = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_stocktake"))
        .args(["state", "backup", "copy.db"])
        .current_dir(site.folder.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let full = ended(full).await;
    assert_eq!(full.code, Some(1), "{full:#?}");
    assert!(full.stderr.contains("write a copy"), "{full:#?}");
    assert_eq!(names(site.folder.path()), before);
}
