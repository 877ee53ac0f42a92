//! Other programs: started, waited for, and reported when they fail.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

/// Runs a program to its end, its output passed through.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "failed: {command:?}");
    Ok(())
}

/// What a program prints, without the last line break.
pub(crate) fn printed(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(
        output.status.success(),
        "failed: {command:?}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// What git prints in `folder`.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    printed(Command::new("git").args(arguments).current_dir(folder))
}

/// Whether `cargo {subcommand}` is installed.
pub(crate) fn has_cargo(subcommand: &str) -> bool {
    Command::new(env!("CARGO"))
        .args([subcommand, "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Whether this is a run of CI, where nothing may be skipped or left out of date.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}
