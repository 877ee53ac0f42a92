//! Every test: unit, integration, whole program, documentation, and the independent judges.

use std::process::Command;

use crate::program::{has_cargo, run};
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
        let mut skipped = Vec::new();

        let ci = std::env::var_os("CI").is_some();
        // In CI, and only there, a lock file that is out of date is an error.
        let locked: &[&str] = if ci { &["--locked"] } else { &[] };
        let documentation = ["test", "--workspace", "--all-features", "--doc", "--quiet"];
        run(Command::new(env!("CARGO")).args(documentation).args(locked).current_dir(&root))?;
        let judges = match judges::prepare(&root)? {
            Ok(python) => Some(python),
            Err(why) => {
                skipped.push(format!("the independent judges of events: {why}"));
                None
            }
        };
        let filter: Vec<&str> = self.filter.iter().map(String::as_str).collect();
        let arguments = if has_cargo("nextest") {
            let mut arguments = vec!["nextest", "run", "--workspace", "--all-features"];
            if ci {
                arguments.extend(["--profile", "ci"]);
            }
            arguments.extend(locked);
            arguments.extend(filter);
            arguments
        } else {
            let mut arguments =
                vec!["test", "--workspace", "--all-features", "--lib", "--bins", "--tests"];
            arguments.extend(locked);
            arguments.extend(filter);
            arguments
        };
        say_skipped(&skipped);
        let mut tests = Command::new(env!("CARGO"));
        tests.args(arguments).current_dir(&root);
        if let Some(python) = judges {
            tests.env(judges::PYTHON, python);
        }
        run(&mut tests)
    }
}

/// Said before the last runner, so that its closing lines are the last ones.
fn say_skipped(skipped: &[String]) {
    if skipped.is_empty() {
        println!("nothing is skipped");
    }
    for what in skipped {
        println!("SKIPPED: {what}");
    }
}
