//! Fuzzing: each target of `fuzz/` for a while, starting from the data of the tests.

mod seeds;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, ensure};

use crate::program::{has_cargo, run};
use crate::schema;

/// Where the targets and what belongs to them are, from the root of the repository.
const FOLDER: &str = "fuzz";

/// Fuzz.
#[derive(Debug, clap::Args)]
pub(crate) struct Fuzz {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only these targets [default: all]
    targets: Vec<String>,
}

impl Fuzz {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if !has_cargo("fuzz") {
            bail!("cargo-fuzz is not installed: `cargo install --locked cargo-fuzz`");
        }
        let root = schema::root();
        let all = targets(&root)?;
        for target in &self.targets {
            ensure!(
                all.contains(target),
                "unknown target `{target}`; the targets are {}",
                all.join(", ")
            );
        }
        // The versions that the program is built with.
        fs::copy(root.join("Cargo.lock"), root.join(FOLDER).join("Cargo.lock"))?;
        seeds::write(&root, &root.join(FOLDER).join("corpus"))?;
        let chosen = if self.targets.is_empty() { all } else { self.targets };
        let mut failed = Vec::new();
        run(&mut fuzz(&root, "build"))?;
        for target in &chosen {
            println!("\n== {target}");
            let mut command = fuzz(&root, "run");
            command.args([target.as_str(), "--", "-print_final_stats=1"]);
            // A single input that takes this long, or this much memory, is a finding as well.
            command.args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"]);
            command.arg(format!("-max_total_time={}", self.seconds));
            if !command.status()?.success() {
                failed.push(target.as_str());
            }
        }
        ensure!(
            failed.is_empty(),
            "{} failed; the inputs are below {FOLDER}/artifacts",
            failed.join(", ")
        );
        println!("\n{} targets, nothing found", chosen.len());
        Ok(())
    }
}

/// A verb of cargo-fuzz. Sanitisers are no stable feature; the variable lets a stable compiler use
/// them here, where nothing of the result is shipped.
fn fuzz(root: &Path, verb: &str) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["fuzz", verb, "--fuzz-dir", FOLDER])
        .current_dir(root)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", root.join("target/fuzz"));
    command
}

/// The names of the targets, in order.
fn targets(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(root.join(FOLDER).join("fuzz_targets"))? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            targets.push(name.to_owned());
        }
    }
    targets.sort();
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_declared_and_has_seeds() {
        let root = schema::root();
        let manifest = fs::read_to_string(root.join(FOLDER).join("Cargo.toml")).unwrap();
        let corpus = tempfile::tempdir().unwrap();
        seeds::write(&root, corpus.path()).unwrap();
        let targets = targets(&root).unwrap();
        assert!(targets.len() >= 12, "{targets:?}");
        for target in targets {
            let declared = format!("name = \"{target}\"\npath = \"fuzz_targets/{target}.rs\"");
            assert!(manifest.contains(&declared), "{target}");
            let seeds = fs::read_dir(corpus.path().join(&target)).unwrap();
            assert!(seeds.count() >= 2, "{target}");
        }
        let seeded = fs::read_dir(corpus.path()).unwrap().count();
        assert_eq!(seeded, manifest.matches("[[bin]]").count(), "seeds without a target");
    }
}
