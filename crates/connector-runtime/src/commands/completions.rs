//! `stocktake completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;

/// Writes a completion script.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// For which shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn execute<A: CommandFactory>(
        self,
        context: &Context,
    ) -> Result<ExitStatus, CommandError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut A::command(), "stocktake", &mut script);
        context.output.text(String::from_utf8_lossy(&script).trim_end())?;
        Ok(ExitStatus::Success)
    }
}
