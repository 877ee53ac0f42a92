//! OCSF 1.5.0 Device Inventory Info: generated types, dialect writers and a validator.

mod enumeration;
mod generated;
mod schema;
mod timestamp;

pub use generated::enums::*;
pub use generated::structs::*;
pub use schema::{Members, attribute_exists};
pub use timestamp::Timestamp;
