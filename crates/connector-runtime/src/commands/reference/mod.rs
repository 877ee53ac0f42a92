//! `stocktake reference`: the book's reference pages, as the program knows them itself.

mod command_line;
mod configuration;

use clap::CommandFactory;

use crate::command_error::{CommandError, ExitStatus};
use crate::context::Context;

/// Prints a reference page.
#[derive(Debug, clap::Args)]
pub(crate) struct Reference {
    /// Which page
    page: Page,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Page {
    /// Every command with its arguments and flags
    Cli,
    /// Every key of the configuration
    Configuration,
}

impl Reference {
    pub(crate) fn execute<A: CommandFactory>(
        self,
        context: &Context,
    ) -> Result<ExitStatus, CommandError> {
        let page = match self.page {
            Page::Cli => command_line::page(A::command()),
            Page::Configuration => configuration::page()?,
        };
        context.output.text(page.trim_end())?;
        Ok(ExitStatus::Success)
    }
}

/// Text as it may stand in a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
