//! The Helm chart, its alerts and its dashboard: made files, and every check that needs no cluster.
//!
//! The checks are in `xtask/chart`, in Python, because the Helm engine and the schemas of Kubernetes
//! can be had as Python packages and as nothing else that needs no network.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::program::in_ci;
use crate::python::Environment;
use crate::schema;

const ENVIRONMENT: Environment = Environment {
    scripts: "xtask/chart",
    folder: "target/chart",
    what: "the Helm engine and the Kubernetes schemas",
};
/// The package of the program that judges the rendered configuration.
const PROGRAM: &str = "stocktake-connector-runtime";

/// Chart.
#[derive(Debug, clap::Args)]
pub(crate) struct Chart {
    /// Fails where a made file is stale, instead of writing it.
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Renews the golden files too.
    #[arg(long)]
    write: bool,
    /// The program that judges the rendered configuration, instead of one that is built.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

impl Chart {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let python = match ENVIRONMENT.prepare(&root)? {
            Ok(python) => python,
            Err(reason) => bail!("the chart was not checked: {reason}"),
        };
        let program = match self.program {
            Some(program) => program,
            None => build(&root)?,
        };
        let mut checks = Command::new(python);
        checks
            // No compiled scripts next to the sources.
            .arg("-B")
            .arg(ENVIRONMENT.script("chart.py"))
            .arg("--root")
            .arg(&root)
            .arg("--program")
            .arg(program)
            .args(self.check.then_some("--check"))
            .args(self.write.then_some("--write"));
        let status = checks.status()?;
        ensure!(status.success(), "the chart has faults");
        Ok(())
    }
}

/// Builds the program and returns its path as cargo reports it, wherever the target folder is.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let arguments = ["build", "--quiet", "--package", PROGRAM, "--bin", "stocktake"];
    // In CI, and only there, a lock file that is out of date is an error.
    let locked = in_ci().then_some("--locked");
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(locked)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the program that judges the configuration cannot be built");
    String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .context("cargo does not say where the program is")
}
