//! Writes what the book and the packages take from the command line of `stocktake`.
//!
//! A separate program, so that the released one contains no generators. `cargo xtask codegen`
//! and `cargo xtask dist` run it.

mod command_line;

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Parser;
use stocktake_connector_runtime::command;

/// What to write.
#[derive(Debug, Parser)]
#[command(name = "stocktake-reference")]
enum Reference {
    /// Prints the page of every command as Markdown
    Cli,
    /// Writes the manual pages, one for each command
    Man {
        /// The folder to write them to
        folder: PathBuf,
    },
}

fn main() -> io::Result<()> {
    match Reference::parse() {
        Reference::Cli => io::stdout().write_all(command_line::page(command()).as_bytes()),
        Reference::Man { folder } => {
            std::fs::create_dir_all(&folder)?;
            clap_mangen::generate_to(command(), &folder)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_command_has_a_manual_page() {
        let folder = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(command(), &folder).unwrap();
        let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(page("stocktake.1").contains("stocktake\\-sync(1)"));
        assert!(page("stocktake-config-show.1").starts_with(".ie"));
    }
}
