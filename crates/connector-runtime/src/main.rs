//! The `stocktake` program.
fn main() {}
