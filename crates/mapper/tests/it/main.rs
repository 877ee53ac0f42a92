//! Whole records through the mapper: the example pair, odd records, the table's coverage, and laws.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod arbitrary;
mod coverage;
mod fixtures;
mod garbage;
mod golden;
#[path = "../../../../xtask/judges/judge.rs"]
mod judge;
mod judged;
mod laws;
