//! The `stocktake` program.

use std::process::ExitCode;

/// Records are parsed in one thread and freed in another, where glibc's allocator waits for locks:
/// docs/benchmarks.md has the figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stocktake_connector_runtime::main()
}
