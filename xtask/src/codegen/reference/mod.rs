//! Reference pages of the book, made from what the program prints.
//!
//! The program itself contains no generator: it prints data, and the pages are made here. Its command
//! line is printed by a second program of the same crate.

mod configuration;
mod mapping;
mod markdown;
mod metrics;
mod sinks;

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use super::Generated;
use crate::program::{in_ci, printed};

pub(crate) fn generate(root: &Path) -> anyhow::Result<Vec<Generated>> {
    let schema = program(root, "stocktake", &["config", "schema"])?;
    let json = |arguments: &[&str]| -> anyhow::Result<Vec<Value>> {
        let text = program(root, "stocktake", &[arguments, &["--output", "json"]].concat())?;
        serde_json::from_str(&text).with_context(|| format!("{arguments:?} prints no list"))
    };
    let parsed = serde_json::from_str(&schema)?;
    let sinks = sinks::pages(root, &parsed)?;
    let pages = [
        ("docs/cli.md", program(root, "stocktake-reference", &["cli"])?),
        ("docs/configuration.md", configuration::page(&parsed)),
        ("docs/configuration.schema.json", schema),
        ("docs/mapping.md", mapping::page(&json(&["explain"])?)),
        ("docs/metrics.md", metrics::page(&json(&["metrics"])?)),
    ];
    let pages = pages.map(|(path, text)| (path.to_owned(), text)).into_iter().chain(sinks);
    let generated = pages.map(|(path, text)| Generated {
        path: path.into(),
        text: text.trim_end().to_owned() + "\n",
    });
    Ok(generated.collect())
}

/// What a program of the runtime prints. Not through its library: generating types must not need a
/// program that compiles.
fn program(root: &Path, name: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let mut cargo = Command::new(env!("CARGO"));
    // Both with the same features, so that the library is built once.
    cargo.args(["run", "--quiet", "--package", "stocktake-connector-runtime", "--bin", name]);
    cargo.args(["--features", "reference"]).args(in_ci().then_some("--locked"));
    printed(cargo.arg("--").args(arguments).current_dir(root))
}
