//! Licences, banned crates and sources, judged by cargo-deny as `deny.toml` says.

use std::process::Command;

use anyhow::{bail, ensure};

use crate::program::has_cargo;
use crate::schema;

/// Needs nothing but the sources of the crates.
const ALWAYS: [&str; 3] = ["licenses", "bans", "sources"];

/// Deny.
#[derive(Debug, clap::Args)]
pub(crate) struct Deny {
    /// Fails when the database of advisories cannot be had, instead of saying so
    #[arg(long)]
    advisories: bool,
}

impl Deny {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if !has_cargo("deny") {
            bail!("cargo-deny is not installed: `cargo install --locked cargo-deny`");
        }
        let root = schema::root();
        let deny = |checks: &[&str]| {
            let mut deny = Command::new(env!("CARGO"));
            deny.args(["deny", "--locked", "check"]).args(checks).current_dir(&root);
            deny
        };
        ensure!(deny(&ALWAYS).status()?.success(), "cargo-deny found what deny.toml forbids");
        if self.advisories {
            ensure!(deny(&["advisories"]).status()?.success(), "cargo-deny found advisories");
            return Ok(());
        }
        let output = deny(&["advisories"]).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            println!("advisories ok");
        } else if said.contains("failed to fetch advisory database") {
            println!("SKIPPED: advisories; their database cannot be had here");
        } else {
            bail!("cargo-deny found advisories:\n{said}");
        }
        Ok(())
    }
}
