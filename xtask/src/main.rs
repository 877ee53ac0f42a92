//! `cargo xtask <verb>`: everything that is done to this repository.
#![allow(clippy::print_stdout, clippy::print_stderr)] // Its output is for the person who called it.
#![allow(clippy::indexing_slicing)] // Of JSON values, where it gives null.

mod archive;
mod bench;
mod book;
mod chart;
mod codegen;
mod deny;
mod digest;
mod dist;
mod fuzz;
mod image;
mod judges;
mod program;
mod python;
mod release;
mod sbom;
mod schema;
mod test;
mod tidy;
mod workflows;

use clap::Parser;

/// What can be done.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Everything that is done to this repository")]
enum Verb {
    /// Measures CPU and memory of whole cycles next to a floor.
    Bench(bench::Bench),
    /// Checks the book, and builds it with mdBook, which it installs if needed.
    Book(book::Book),
    /// Writes the generated files of the Helm chart, and checks chart, alerts and dashboard.
    Chart(chart::Chart),
    /// Writes the generated files, or with --check fails when one is stale.
    Codegen(codegen::Codegen),
    /// Checks licences, banned crates and sources with cargo-deny.
    Deny(deny::Deny),
    /// Builds the files of a release into target/dist.
    Dist(dist::Dist),
    /// Runs every fuzz target for a while with cargo-fuzz.
    Fuzz(fuzz::Fuzz),
    /// Makes a container image of the built program, as an OCI image layout.
    Image(image::Image),
    /// Judges events on standard input by the official Python packages.
    Judge(judges::Judge),
    /// Sets the version everywhere, closes the changelog, commits and tags.
    Release(release::Release),
    /// Makes the schema facts file from the compiled OCSF schema on PyPI.
    Schema(schema::Schema),
    /// Runs every test, and reports skipped judges.
    Test(test::Test),
    /// Checks the rules of the repository.
    Tidy(tidy::Tidy),
    /// Audits the workflows of the forge with zizmor.
    Workflows(workflows::Workflows),
}

fn main() -> anyhow::Result<()> {
    match Verb::parse() {
        Verb::Bench(verb) => verb.run(),
        Verb::Book(verb) => verb.run(),
        Verb::Chart(verb) => verb.run(),
        Verb::Codegen(verb) => verb.run(),
        Verb::Deny(verb) => verb.run(),
        Verb::Dist(verb) => verb.run(),
        Verb::Fuzz(verb) => verb.run(),
        Verb::Image(verb) => verb.run(),
        Verb::Judge(verb) => verb.run(),
        Verb::Release(verb) => verb.run(),
        Verb::Schema(verb) => verb.run(),
        Verb::Test(verb) => verb.run(),
        Verb::Tidy(verb) => verb.run(),
        Verb::Workflows(verb) => verb.run(),
    }
}
