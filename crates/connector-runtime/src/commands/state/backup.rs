//! `stocktake state backup`: a copy of the file, made while it is in use.

use std::path::PathBuf;

use serde::Serialize;
use stocktake_state::{Copied, SqliteStore};

use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;
use crate::output::{Format, bytes, counted};
use crate::wiring;

/// Copies state to a file.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The copy is checked completely before it gets its name. It holds dead letters, which \
                  contain names of devices and people; only its owner can read it."
)]
pub(crate) struct Backup {
    /// The file to write; an existing file is never replaced
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct Made {
    path: PathBuf,
    bytes: u64,
    schema_version: u32,
    delivered: u64,
    dead_letters: u64,
    cycle_reports: u64,
}

impl Backup {
    pub(crate) async fn execute(self, context: &Context) -> Result<ExitStatus, CommandError> {
        let state = context.config()?.state;
        if wiring::is_in_memory(&state) {
            return Err(CommandError::failed(
                "state is kept in memory (`state.path`), so there is none to copy",
            ));
        }
        let path = self.file.clone();
        let copied = tokio::task::spawn_blocking(move || SqliteStore::back_up(state.path, path))
            .await
            .map_err(|stopped| CommandError::from_error(&stopped))??;
        let Copied { bytes, schema_version, delivered, dead_letters, cycle_reports, .. } = copied;
        let path = self.file;
        let made = Made { path, bytes, schema_version, delivered, dead_letters, cycle_reports };
        match context.output.format() {
            Format::Json => context.output.json(&made)?,
            Format::Text => context.output.text(made.describe())?,
        }
        Ok(ExitStatus::Success)
    }
}

impl Made {
    fn describe(&self) -> String {
        format!(
            "{}: {}, {} in delivered sets, {}, {}; whole",
            self.path.display(),
            bytes(self.bytes),
            counted(self.delivered, "device", "devices"),
            counted(self.dead_letters, "dead letter", "dead letters"),
            counted(self.cycle_reports, "cycle report", "cycle reports"),
        )
    }
}
