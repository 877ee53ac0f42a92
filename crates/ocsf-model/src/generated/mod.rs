// Written by `cargo xtask codegen`; do not edit.
//! What the schema says, OCSF 1.5.0.

pub(crate) mod enums;
pub(crate) mod structs;

/// Every version of the table, in their order.
pub(crate) const VERSIONS: [&str; 6] = ["1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0"];
/// The place of the version that the types are made from.
pub(crate) const BASE: usize = 2;
