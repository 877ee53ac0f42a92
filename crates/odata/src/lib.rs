//! What Microsoft's OData APIs share: pages, cursors, tolerant values, error bodies.
//!
//! ```
//! use stocktake_connector_core::UnreadableValue;
//! use stocktake_odata::{Integer, Text, parse_page};
//!
//! #[derive(Debug, Default)]
//! struct Machine {
//!     id: Option<String>,
//!     build: Option<i64>,
//!     unreadable: Vec<UnreadableValue>,
//! }
//! stocktake_odata::wire_record! {
//!     Machine("machine") { "id" => id: Text, "osBuild" => build: Integer }
//! }
//!
//! // A value that cannot be read costs its field, not the record.
//! let body = br#"{"value": [{"id": "a", "osBuild": "22621"}, {"id": "b", "osBuild": []}]}"#;
//! let page = parse_page::<Machine>(body)?;
//! assert_eq!((page.records[0].id.as_deref(), page.records[0].build), (Some("a"), Some(22621)));
//! assert_eq!((page.records[1].id.as_deref(), page.records[1].build), (Some("b"), None));
//! assert_eq!(page.records[1].unreadable[0].field, "machine.osBuild");
//! # Ok::<(), stocktake_odata::PageError>(())
//! ```
//!
//! # Main types
//! - [`parse_page`] reads an OData envelope into a [`WirePage`] and sets unreadable records aside.
//! - [`wire_record!`] makes a [`WireRecord`] of a struct of optional fields, each read by a
//!   [`ReadValue`]: [`Text`], [`Integer`], [`Flag`], [`Time`], …; [`wire_object!`] one of an object
//!   within a record.
//! - [`parse_time`] and [`parse_guid`] read the two formats that checkpoints and joins rest on.
//! - `ODataResponses` reads error bodies; `CursorTrail` follows the links of a listing, and
//!   `ListingProgress` notices that they bring nothing new; `read_page` parses a response without
//!   blocking the async workers (feature `client`).
//!
//! # Tolerance
//! Real inventories hold odd payloads: times of year 1, integers where text is documented, a record
//! that is not even JSON. An oddity costs the value, which is noted with the record; where the record is
//! useless without the value ([`Id`]), or its fields cannot be told apart, it costs the record; it never
//! costs the page. Texts, lists and records are bounded. What is read has a fixed depth, and what is skipped is skipped without recursion:
//! nesting in the input cannot exhaust the stack.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `client` | reading responses of `http-stack`; without it the crate has neither tokio nor HTTP |
//!
//! # Not here
//! Requests and records of an API (`defender-api`, `graph-api`); retry, quotas and tokens
//! (`http-stack`).

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[doc(hidden)]
pub use serde as __serde;
#[doc(hidden)]
pub use stocktake_connector_core as __connector_core;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod cursor;
#[cfg(feature = "client")]
mod error_body;
mod page;
#[cfg(feature = "client")]
mod progress;
mod reading;
mod record;
mod scalar;

#[cfg(feature = "client")]
pub use client::{page_error, read_page};
#[cfg(feature = "client")]
pub use cursor::{CursorError, CursorTrail};
#[cfg(feature = "client")]
pub use error_body::ODataResponses;
pub use page::{
    LONGEST_PAYLOAD, MOST_RECORDS, PageError, ServerCode, WirePage, check_record, find_text,
    parse_page, parse_record,
};
#[cfg(feature = "client")]
pub use progress::ListingProgress;
pub use reading::{LONGEST_TEXT, MOST_ELEMENTS, MOST_ELEMENTS_IN_A_PAGE, Reading, Scalar};
pub use record::value::{
    Address, Flag, Guid, Id, Integer, List, Nested, ReadValue, Text, Texts, Time, read_value,
};
pub use record::{FieldValue, WireObject, WireRecord, known_name, read_record, set_if_present};
pub use scalar::{parse_guid, parse_time};
