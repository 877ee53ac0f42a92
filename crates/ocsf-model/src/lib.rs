//! OCSF Device Inventory Info: generated types, a writer, versions and a validator.
//!
//! ```
//! use stocktake_ocsf_model::{Device, InventoryInfo, Metadata, Product, Version, validate};
//!
//! let product = Product { name: Some("Example".into()), ..Default::default() };
//! let event = InventoryInfo {
//!     device: Box::new(Device { uid: Some("d1".into()), ..Default::default() }),
//!     metadata: Box::new(Metadata {
//!         product: Box::new(product),
//!         version: Version::default().as_str().into(),
//!         ..Default::default()
//!     }),
//!     ..Default::default()
//! };
//! assert_eq!(validate(&event.to_value(), Version::default()), []);
//! ```
//!
//! # Main types
//! - [`InventoryInfo`] is the event, [`Device`] and the others are its objects: one struct each,
//!   with the names of the schema. They borrow text where they can. An attribute that the schema does
//!   not require is an `Option` or a `Vec`, which is left out when it is empty; an object inside an
//!   object is boxed.
//! - [`Json`] stands for what the schema leaves open, and for objects that an inventory seldom has.
//! - Enums such as [`DeviceTypeId`] keep values that the schema does not list (`Unlisted`), so an
//!   event of a later version can be read and written again.
//! - [`write()`](write()) writes an event, and [`Places`] tells where the fields of [`Paths`] stand.
//! - [`Version`] names a version of the schema; [`Version::project`] moves what it lacks to
//!   `unmapped`.
//! - [`validate`] says which rules of a version an event breaks, each with its place.
//!
//! The types follow the schema in names and JSON types; what else it demands is [`validate`]'s work.
//!
//! # Where it comes from
//! `cargo xtask schema` keeps the facts of the compiled OCSF schemas in `schema/`, and
//! `cargo xtask codegen` makes from them the types (of version 1.5.0) and the table of all versions.
//!
//! # Features
//! None.
//!
//! # Not here
//! Which source field becomes which attribute (`mapper`), and where events go (`sinks`).

mod enumeration;
mod generated;
mod json;
mod project;
mod schema;
mod timestamp;
mod validate;
mod version;
mod writer;

pub use generated::enums::*;
pub use generated::structs::*;
pub use json::Json;
pub use schema::attribute_exists;
pub use timestamp::Timestamp;
pub use validate::{Rule, Violation, validate, validate_as_declared};
pub use version::{UnknownVersion, Version};
pub use writer::{JsonWriter, Paths, Places, WriteJson, write};

impl InventoryInfo<'_> {
    /// The event as JSON.
    pub fn to_value(&self) -> serde_json::Value {
        let mut text = Vec::new();
        write(self, &Paths::default(), &mut text);
        // What the writer writes is JSON.
        serde_json::from_slice(&text).unwrap_or_default()
    }
}
