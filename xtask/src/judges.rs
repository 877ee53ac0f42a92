//! The judges: independent packages that decide whether our events are valid, in a Python of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure};

use crate::program::in_ci;
use crate::python::Environment;
use crate::schema;

/// The environment variable that holds the path of the judges' Python for tests.
pub(crate) const PYTHON: &str = "JUDGES_PYTHON";
/// Each script reads events as NDJSON, prints one line per violation and exits with 1 on any; with
/// `--verdicts` it prints `ok` or `bad` for each line instead.
const ENVIRONMENT: Environment =
    Environment { scripts: "xtask/judges", folder: "target/judges", what: "the judges" };

/// Judge.
#[derive(Debug, clap::Args)]
pub(crate) struct Judge {
    /// Whose packages judge.
    form: Form,
    /// The version of OCSF, for its judge.
    #[arg(long, default_value = schema::BASE)]
    version: String,
    /// Prints only `ok` or `bad` for each line, and succeeds whatever they are.
    #[arg(long)]
    verdicts: bool,
}

/// A form, and so a judge.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Form {
    Ocsf,
    Sekoia,
}

impl Judge {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let python = match prepare(&root)? {
            Ok(python) => python,
            Err(reason) => bail!("the events were not judged: {reason}"),
        };
        let script = match self.form {
            Form::Ocsf => "ocsf_judge.py",
            Form::Sekoia => "sekoia_judge.py",
        };
        let status = Command::new(python)
            .arg(ENVIRONMENT.script(script))
            .args(self.verdicts.then_some("--verdicts"))
            .args(
                matches!(self.form, Form::Ocsf)
                    .then_some(["--version", &self.version])
                    .iter()
                    .flatten(),
            )
            .status()?;
        ensure!(status.success(), "the judge found violations");
        Ok(())
    }
}

/// The judges' Python, or why there is none.
pub(crate) fn prepare(root: &Path) -> anyhow::Result<Result<PathBuf, String>> {
    ENVIRONMENT.prepare(root)
}

/// Every judge that cannot run goes through here: in CI it is an error that names the judge; elsewhere
/// it is a line for the person, which the caller prints last.
pub(crate) fn missing(judge: &str, reason: &str) -> anyhow::Result<String> {
    ensure!(!in_ci(), "missing judge: {judge}: {reason}; in CI every judge must run");
    Ok(format!("SKIPPED: {judge}: {reason}"))
}
