// Written by `cargo xtask codegen`; do not edit.
//! What the schema says, OCSF 1.5.0.

pub(crate) mod enums;
pub(crate) mod structs;
pub(crate) mod table;
