//! Every test: unit, integration, whole program, documentation, and the independent judges.

use std::process::Command;

use crate::program::{has_cargo, in_ci, run};
use crate::{judges, schema};

/// Test.
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Passed on to the test runner, for example a name to filter by.
    #[arg(trailing_var_arg = true)]
    filter: Vec<String>,
}

impl Test {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        // In CI, and only there, a lock file that is out of date is an error.
        let locked: &[&str] = if in_ci() { &["--locked"] } else { &[] };
        let (python, skipped) = match judges::prepare(&root)? {
            Ok(python) => (Some(python), None),
            Err(reason) => (None, Some(judges::missing("the judges of events", &reason)?)),
        };
        let documentation = ["test", "--workspace", "--all-features", "--doc", "--quiet"];
        run(Command::new(env!("CARGO")).args(documentation).args(locked).current_dir(&root))?;
        let runner: &[&str] = match (has_cargo("nextest"), in_ci()) {
            (true, true) => &["nextest", "run", "--profile", "ci"],
            (true, false) => &["nextest", "run"],
            (false, _) => &["test", "--lib", "--bins", "--tests"],
        };
        let mut tests = Command::new(env!("CARGO"));
        tests.args(runner).args(["--workspace", "--all-features"]).args(locked);
        tests.args(self.filter).current_dir(&root);
        if let Some(python) = python {
            tests.env(judges::PYTHON, python);
        }
        let outcome = run(&mut tests);
        // Last, where it is seen.
        if let Some(skipped) = skipped {
            println!("{skipped}");
        }
        outcome
    }
}
