//! Some hundred mapped events before the official judges: the OCSF schema and Sekoia's own models.
//!
//! The judges are Python packages. `cargo xtask test` installs them and names their Python in
//! `JUDGES_PYTHON`; where it cannot, it says so, and these tests say that they measured nothing.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::site::{command, ended, odd_fleet};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/judges");

async fn judged(dialect: &str, extra: &[&str], script: &str) {
    let Some(python) = std::env::var_os("JUDGES_PYTHON").map(PathBuf::from) else {
        #[allow(clippy::print_stderr)] // Said to whoever runs the tests without the judges.
        let () = eprintln!("not measured: JUDGES_PYTHON is not set; run `cargo xtask test`");
        return;
    };
    let fleet = odd_fleet(400, 320);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("machines.json"), fleet.machines_json()).unwrap();
    std::fs::write(folder.path().join("managed.json"), fleet.managed_devices_json()).unwrap();
    let mut program = command(folder.path());
    program
        .args(["map", "--machines", "machines.json", "--managed-devices", "managed.json"])
        .args(["--form", dialect])
        .args(extra);
    let mapped = ended(program.spawn().unwrap()).await;
    assert_eq!(mapped.code, Some(3), "odd records are named: {mapped:#?}");
    assert!(mapped.stdout.lines().count() > 350);

    let mut judge = Command::new(python)
        .arg(PathBuf::from(SCRIPTS).join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = judge.stdin.take().unwrap();
    let writing = std::thread::spawn(move || stdin.write_all(mapped.stdout.as_bytes()));
    let verdict = judge.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stdout));
}

#[tokio::test]
async fn ocsf_events_are_valid_under_the_official_schema() {
    judged("ocsf", &[], "ocsf_judge.py").await;
}

#[tokio::test]
async fn sekoia_events_are_what_sekoias_models_take() {
    judged("sekoia", &[], "sekoia_judge.py").await;
}

#[tokio::test]
async fn sekoia_events_with_extra_fields_are_what_sekoias_models_take() {
    judged("sekoia", &["--extra-fields"], "sekoia_judge.py").await;
}
