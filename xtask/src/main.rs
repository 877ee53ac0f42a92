//! `cargo xtask <verb>`: everything that is done to this repository.
#![allow(clippy::print_stdout, clippy::print_stderr)] // Its output is for the person who called it.

mod codegen;
mod judges;
mod schema;

use clap::Parser;

/// What can be done.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Everything that is done to this repository")]
enum Verb {
    /// Writes the generated files, or with --check fails when one is stale.
    Codegen(codegen::Codegen),
    /// Judges events on standard input by the official Python packages.
    Judge(judges::Judge),
    /// Makes the schema facts file from the compiled OCSF schema on PyPI.
    Schema(schema::Schema),
}

fn main() -> anyhow::Result<()> {
    match Verb::parse() {
        Verb::Codegen(verb) => verb.run(),
        Verb::Judge(verb) => verb.run(),
        Verb::Schema(verb) => verb.run(),
    }
}
