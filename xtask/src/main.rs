//! `cargo xtask <verb>`: everything that is done to this repository.
#![allow(clippy::print_stdout, clippy::print_stderr)] // Its output is for the person who called it.
#![allow(clippy::indexing_slicing)] // Of JSON values, where it gives null.

mod bench;
mod chart;
mod codegen;
mod judges;
mod python;
mod schema;
mod test;
mod tidy;

use clap::Parser;

/// What can be done.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Everything that is done to this repository")]
enum Verb {
    /// Measures CPU and memory of whole cycles beside a floor.
    Bench(bench::Bench),
    /// Makes the generated files of the Helm chart, and checks chart, alerts and dashboard.
    Chart(chart::Chart),
    /// Writes the generated files, or with --check fails when one is stale.
    Codegen(codegen::Codegen),
    /// Judges events on standard input by the official Python packages.
    Judge(judges::Judge),
    /// Makes the schema facts file from the compiled OCSF schema on PyPI.
    Schema(schema::Schema),
    /// Runs every test, and says what it skips and why.
    Test(test::Test),
    /// Checks the rules of the house.
    Tidy(tidy::Tidy),
}

fn main() -> anyhow::Result<()> {
    match Verb::parse() {
        Verb::Bench(verb) => verb.run(),
        Verb::Chart(verb) => verb.run(),
        Verb::Codegen(verb) => verb.run(),
        Verb::Judge(verb) => verb.run(),
        Verb::Schema(verb) => verb.run(),
        Verb::Test(verb) => verb.run(),
        Verb::Tidy(verb) => verb.run(),
    }
}
