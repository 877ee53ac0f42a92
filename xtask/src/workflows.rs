//! The workflows, judged by zizmor: their shape, what they trust, and what they may do.

use std::process::Command;

use anyhow::{bail, ensure};

use crate::python::Environment;
use crate::schema;

const ENVIRONMENT: Environment =
    Environment { scripts: "xtask/workflows", folder: "target/workflows", what: "zizmor" };

/// Workflows.
#[derive(Debug, clap::Args)]
pub(crate) struct Workflows {}

impl Workflows {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let python = match ENVIRONMENT.prepare(&root)? {
            Ok(python) => python,
            Err(reason) => bail!("the workflows were not checked: {reason}"),
        };
        // A file that is not shaped like a workflow is an error, and not passed over.
        let status = Command::new(python.with_file_name("zizmor"))
            .args(["--offline", "--strict-collection", "--quiet", ".github"])
            .current_dir(&root)
            .status()?;
        ensure!(status.success(), "the workflows have faults");
        Ok(())
    }
}
