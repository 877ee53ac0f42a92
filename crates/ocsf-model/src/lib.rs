//! OCSF 1.5.0 Device Inventory Info: generated types, dialect writers and a validator.
//!
//! ```
//! use stocktake_ocsf_model::{Device, Dialect, InventoryInfo, Metadata, Product, validate, write};
//!
//! let product = Product { name: Some("Example".into()), ..Default::default() };
//! let event = InventoryInfo {
//!     device: Box::new(Device { uid: Some("d1".into()), ..Default::default() }),
//!     metadata: Box::new(Metadata {
//!         product: Box::new(product),
//!         version: stocktake_ocsf_model::VERSION.into(),
//!         ..Default::default()
//!     }),
//!     ..Default::default()
//! };
//! let mut line = Vec::new();
//! write(&event, Dialect::Ocsf, &mut line).unwrap();
//! assert_eq!(validate(&serde_json::from_slice(&line).unwrap()), []);
//! ```
//!
//! # Main types
//! - [`InventoryInfo`] is the event, [`Device`] and the others are its objects: one struct each,
//!   with the names of the schema. An attribute that the schema does not require is an `Option` or a
//!   `Vec`, which is left out when it is empty; an object inside an object is boxed.
//! - Enums such as [`DeviceTypeId`] keep values that the schema does not list (`Unlisted`), so an
//!   event of a later version can be read and written again.
//! - [`Dialect`], [`Written`] and [`write()`](write()) put an event into the form that a receiver takes.
//! - [`validate`] says which rules of the schema an event breaks, each with its place.
//!
//! The types follow the schema in names and JSON types; what else it demands is [`validate`]'s work.
//!
//! # Where it comes from
//! `cargo xtask schema` keeps the facts of the compiled OCSF schema in `schema/`, and
//! `cargo xtask codegen` makes types and the validator's table from them.
//!
//! # Features
//! None.
//!
//! # Not here
//! Which source field becomes which attribute (`mapper`), and where events go (`sinks`).

mod dialect;
mod enumeration;
mod generated;
mod schema;
mod sekoia;
mod timestamp;
mod validate;

pub use dialect::{Dialect, WriteError, Written, write};
pub use generated::enums::*;
pub use generated::structs::*;
pub use generated::table::VERSION;
pub use schema::{Members, attribute_exists};
pub use timestamp::Timestamp;
pub use validate::{Rule, Violation, validate};
