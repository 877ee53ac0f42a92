//! Typed client of the Microsoft Defender for Endpoint machines API.
mod model;

pub use model::{IpAddress, Machine, VmMetadata};
