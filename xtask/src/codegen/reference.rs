//! Reference pages: what the program says of itself, kept beside the documents that link to it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;

use super::Generated;

/// Each page and the command that prints it.
const PAGES: &[(&str, &[&str])] = &[
    ("docs/cli.md", &["reference", "cli"]),
    ("docs/configuration.md", &["reference", "configuration"]),
    ("docs/mapping.md", &["explain", "--markdown"]),
    ("docs/metrics.md", &["metrics", "--markdown"]),
    ("docs/configuration.schema.json", &["config", "schema"]),
];

pub(crate) fn generate(root: &Path) -> anyhow::Result<Vec<Generated>> {
    PAGES
        .iter()
        .map(|(path, arguments)| {
            // Through the program and not through its crates: generating types must not need a
            // program that compiles, and the pages must say what the program says.
            let output = Command::new(env!("CARGO"))
                .args(["run", "--quiet", "--package", "stocktake-connector-runtime", "--"])
                .args(*arguments)
                .current_dir(root)
                .output()?;
            ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Ok(Generated { path: PathBuf::from(path), text: String::from_utf8(output.stdout)? })
        })
        .collect()
}
