//! The independent judges of events, for integration tests, which include this file by its path.
//!
//! `JUDGES_PYTHON` names a Python that has their packages. `cargo xtask test` sets it, and lists the
//! judges that it cannot install.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// What a judge says.
pub(crate) struct Judgement {
    /// Whether it found no violation.
    pub(crate) is_valid: bool,
    /// What it printed.
    pub(crate) output: String,
}

/// Lets a script of `xtask/judges` judge events, one a line. `None` where the judges are missing,
/// which in CI fails the test.
#[track_caller]
pub(crate) fn judge(script: &str, arguments: &[&str], events: Vec<u8>) -> Option<Judgement> {
    let Some(python) = std::env::var_os("JUDGES_PYTHON") else {
        let in_ci = std::env::var_os("CI").is_some();
        assert!(
            !in_ci,
            "missing judge: {script}; JUDGES_PYTHON is not set, run `cargo xtask test`"
        );
        return None;
    };
    let script = format!("{}/../../xtask/judges/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut judge = Command::new(python)
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = judge.stdin.take().unwrap();
    // From a second thread, because the judge prints before it has read everything.
    let writer = std::thread::spawn(move || stdin.write_all(&events));
    let output = judge.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let is_valid = output.status.success();
    Some(Judgement { is_valid, output: String::from_utf8(output.stdout).unwrap() })
}
