//! Codegen.

/// Codegen.
#[derive(Debug, clap::Args)]
pub(crate) struct Codegen {}

impl Codegen {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        Ok(())
    }
}
