//! Exit codes when nobody reads the output, and when a signal ends a cycle.

use std::path::Path;
use std::process::Stdio;

use stocktake_simulator::{Api, Effect, Fault};
use tokio::process::Command;

use crate::commands::Desk;
use crate::site::{Ended, Site, command, ended, fleet, odd_fleet};

/// A pipe whose reader has left.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Runs a command once as usual and once without a reader: both end with `code`.
async fn check(folder: &Path, arguments: &[&str], code: i32) {
    for closed in [None, Some(closed())] {
        let is_closed = closed.is_some();
        let mut program = command(folder);
        program.args(arguments);
        if let Some(closed) = closed {
            program.stdout(closed);
        }
        let Ended { code: ended, stderr, .. } = ended(program.spawn().unwrap()).await;
        assert_eq!(ended, Some(code), "{arguments:?}, {is_closed}: {stderr}");
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("roken pipe"), "{arguments:?}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_changes_no_exit_code_of_a_command_on_files() {
    let desk = Desk::new();
    desk.write("bad.ndjson", "{\"a\":1}\n".repeat(3));
    desk.write("empty", "");
    desk.write("odd.ndjson", "{\"id\":\"a\"}\n".repeat(5_000) + "{\"id\":{}}\n");
    desk.write("stocktake.toml", "[tenants]\n");
    desk.write("wrong.toml", "unknown = 1\n");
    for (arguments, code) in [
        (&["map", "--machines", "machine.json"][..], 0),
        (&["map", "--machines", "odd.ndjson"], 3),
        (&["map", "--machines", "bad.ndjson"], 1),
        (&["map", "--machines", "absent"], 1),
        (&["explain"], 0),
        (&["explain", "device.colour"], 1),
        (&["explain", "--machines", "machine.json"], 0),
        (&["explain", "device.uid", "--machines", "odd.ndjson"], 3),
        (&["explain", "--machines", "empty"], 1),
        (&["validate", "bad.ndjson"], 1),
        (&["validate", "bad.ndjson", "--output", "json"], 1),
        (&["validate", "empty"], 1),
        (&["metrics"], 0),
        (&["completions", "bash"], 0),
        (&["config", "schema"], 0),
        (&["config", "show"], 0),
        (&["config", "show", "--config", "wrong.toml"], 2),
        (&["config", "check", "--config", "wrong.toml"], 2),
        (&["--help"], 0),
        (&["snyc"], 2),
        (&["demo", "--machines", "60"], 0),
        (&["demo", "--machines", "60", "--output", "json"], 0),
    ] {
        check(desk.0.path(), arguments, code).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_changes_no_exit_code_of_a_command_on_a_site() {
    let site = Site::of(odd_fleet(60, 40)).await;
    let folder = site.folder.path();
    for arguments in [&["sync", "--full"][..], &["sync", "--full", "--output", "json"]] {
        check(folder, arguments, 3).await;
    }
    for (arguments, code) in [
        (&["check"][..], 0),
        (&["config", "check"], 0),
        (&["state", "show"], 0),
        (&["state", "show", "--output", "json"], 0),
        (&["dead-letters", "list"], 0),
        (&["dead-letters", "show", "999999"], 1),
        (&["dead-letters", "retry", "--dry-run"], 0),
        (&["state", "purge", "--tenant", "absent", "--dry-run"], 0),
        (&["state", "purge", "--tenant", "contoso"], 2),
        (&["init", "stocktake.toml"], 1),
    ] {
        check(folder, arguments, code).await;
    }
    site.handle().add_fault(Fault::always(Api::DefenderList, Effect::status(403)));
    for arguments in [&["sync", "--full"][..], &["sync", "--output", "json"], &["check"]] {
        check(folder, arguments, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_input_ends_with_its_reader() {
    let desk = Desk::new();
    let mut program = command(desk.0.path());
    program.args(["map", "--machines", "-"]).stdin(Stdio::piped()).stdout(closed());
    let mut child = program.kill_on_drop(true).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines = "{\"id\":\"a\"}\n".repeat(1_000);
    // Until it reads no more.
    while tokio::io::AsyncWriteExt::write_all(&mut input, lines.as_bytes()).await.is_ok() {}
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_standard_output_did_not_take_are_a_failed_delivery() {
    let site = Site::of(fleet(60, 40)).await.set("sinks.out", "type = \"stdout\"\n");
    let mut program = command(site.folder.path());
    program.args(["sync", "--full"]).stdout(closed());
    let ended = ended(program.spawn().unwrap()).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn output_that_cannot_be_written_is_a_failure() {
    if !Path::new("/dev/full").exists() {
        return; // Linux alone has the device; CI is Linux.
    }
    let desk = Desk::new();
    for arguments in [&["metrics"][..], &["map", "--machines", "machine.json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut program = command(desk.0.path());
        let ended = ended(program.args(arguments).stdout(full).spawn().unwrap()).await;
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        assert!(ended.stderr.contains("cannot write to standard output"), "{ended:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_streams_that_are_closed_at_the_start_break_nothing() {
    let site = Site::of(fleet(20, 10)).await;
    for (arguments, code) in [
        (&["sync", "--full"][..], 0),
        (&["config", "show"], 0),
        (&["dead-letters", "show", "9"], 1),
    ] {
        let program = command(site.folder.path());
        let program = program.as_std().get_program().to_owned();
        let ended = Command::new("sh")
            .current_dir(site.folder.path())
            .env_clear()
            .env("TMPDIR", "/absent")
            .args(["-c", "exec \"$0\" \"$@\" <&- >&- 2>&-"])
            .arg(program)
            .args(arguments)
            .status()
            .await
            .unwrap();
        assert_eq!(ended.code(), Some(code), "{arguments:?}");
    }
    site.assert_each_device_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_a_signal_interrupts_does_not_end_as_a_success() {
    for signal in ["-TERM", "-INT"] {
        let site = Site::with(fleet(300, 100), |options| options.defender_page = 100).await;
        site.handle().add_fault(Fault::once(Api::DefenderList, Effect::Hang).after(3));
        // The second page takes two calls: one more finds machines that moved before it.
        let mut program = site.start(&["sync", "--full"]);
        while site.handle().calls().of(Api::DefenderList) < 4 {
            tokio::task::yield_now().await;
        }
        let pid = program.id().unwrap().to_string();
        Command::new("kill").args([signal, &pid]).status().await.unwrap();
        assert_eq!(program.wait().await.unwrap().code(), Some(4));
        assert_eq!(site.received().len(), 200, "the two pages that were read are delivered");
        assert_eq!(site.sync().await.code, Some(0));
        site.assert_each_device_once();
    }
}
