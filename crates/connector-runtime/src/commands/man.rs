//! `stocktake man`: the manual pages, for those who package the program.

use std::path::PathBuf;

use clap::CommandFactory;

use crate::command_error::{CommandError, ExitStatus};

/// Writes the manual pages.
#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// The folder to write them to
    folder: PathBuf,
}

impl Man {
    pub(crate) fn execute<A: CommandFactory>(self) -> Result<ExitStatus, CommandError> {
        let cannot = |error| {
            CommandError::failed(format!("cannot write to {}: {error}", self.folder.display()))
        };
        std::fs::create_dir_all(&self.folder).map_err(cannot)?;
        clap_mangen::generate_to(A::command(), &self.folder).map_err(cannot)?;
        Ok(ExitStatus::Success)
    }
}
