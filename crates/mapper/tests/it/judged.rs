//! Mapped events before the official packages: the OCSF schema and the models of Sekoia.
//!
//! `JUDGES_PYTHON` names a Python that has the judges of `xtask/judges`; `cargo xtask test` sets it.
//! Without it nothing is judged, and the test says so.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use stocktake_connector_core::Mapper as _;
use stocktake_ocsf_model::{Dialect, write};

use crate::arbitrary::{enrichment, machine};
use crate::fixtures::{mapper, now, records};

/// Enough for every rule to meet most of the values that it tells apart.
const ARBITRARY: usize = 400;

/// The records of `tests/data` and as many arbitrary ones, the same in every run.
fn lines(dialect: Dialect) -> Vec<Vec<u8>> {
    let mapper = mapper(dialect);
    let mut runner = TestRunner::deterministic();
    let pairs = (machine(), enrichment());
    let arbitrary = (0..ARBITRARY).map(|_| pairs.new_tree(&mut runner).unwrap().current());
    records()
        .into_iter()
        .map(|pair| (pair.machine, pair.enrichment))
        .chain(arbitrary)
        .map(|(machine, enrichment)| {
            let mut line = Vec::new();
            let event = mapper.map(&machine, &enrichment, now()).unwrap();
            write(&event, dialect, &mut line).unwrap();
            line
        })
        .collect()
}

#[track_caller]
fn judge(script: &str, dialect: Dialect) {
    let Ok(python) = std::env::var("JUDGES_PYTHON") else {
        println!("not judged: JUDGES_PYTHON is not set");
        return;
    };
    let script = format!("{}/../../xtask/judges/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut judge = Command::new(python)
        .arg(&script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = judge.stdin.take().unwrap();
    let mut input = lines(dialect).join(&b'\n');
    input.push(b'\n');
    // From a second thread, because the judge answers before it has read everything.
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = judge.wait_with_output().unwrap();
    writer.join().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{dialect:?}: {said}");
}

#[test]
fn the_official_schema_takes_every_event_of_the_ocsf_dialect() {
    judge("ocsf_judge.py", Dialect::Ocsf);
}

#[test]
fn the_models_of_sekoia_take_every_event_of_the_sekoia_dialect() {
    judge("sekoia_judge.py", Dialect::Sekoia { extra_fields: false });
    judge("sekoia_judge.py", Dialect::Sekoia { extra_fields: true });
}
