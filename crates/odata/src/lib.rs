//! What Microsoft's OData APIs share: pages, cursors, tolerant values, error bodies.
//!
//! ```
//! use stocktake_odata::{Integer, Text, parse_page};
//!
//! #[derive(Debug, Default)]
//! struct Machine {
//!     id: Option<String>,
//!     build: Option<i64>,
//! }
//! stocktake_odata::wire_record! { Machine { "id" => id: Text, "osBuild" => build: Integer } }
//!
//! // A record that cannot be read costs itself, not the page.
//! let body = br#"{"value": [{"id": "a", "osBuild": "22621"}, {"id": "b", "osBuild": []}]}"#;
//! let page = parse_page::<Machine>(body)?;
//! assert_eq!((page.records[0].id.as_deref(), page.records[0].build), (Some("a"), Some(22621)));
//! assert!(page.malformed[0].reason.contains("osBuild: invalid type: sequence"));
//! # Ok::<(), stocktake_odata::PageError>(())
//! ```
//!
//! # Main types
//! - [`parse_page`] reads an OData envelope into a [`WirePage`] and sets unreadable records aside.
//! - [`wire_record!`] implements `Deserialize` for a struct of optional fields, each read by a
//!   [`ReadValue`]: [`Text`], [`Integer`], [`Flag`], [`Time`], …
//! - [`parse_time`] and [`parse_guid`] read the two formats that checkpoints and joins rest on.
//! - `ODataResponses` reads error bodies; `CursorTrail` follows the links of a listing, and
//!   `ListingProgress` notices that they bring nothing new; `read_page` parses a response without
//!   blocking the async workers (feature `client`).
//!
//! # Tolerance
//! Real inventories hold odd payloads: times of year 1, integers where text is documented, a record
//! that is not even JSON. An oddity costs the value if nothing depends on it, else the record, and
//! never the page. What is read has a fixed depth, and what is skipped is skipped without recursion:
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

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod cursor;
#[cfg(feature = "client")]
mod error_body;
mod page;
#[cfg(feature = "client")]
mod progress;
mod scalar;
mod value;

#[cfg(feature = "client")]
pub use client::{page_error, read_page};
#[cfg(feature = "client")]
pub use cursor::{CursorError, CursorTrail};
#[cfg(feature = "client")]
pub use error_body::ODataResponses;
pub use page::{
    LONGEST_PAYLOAD, MOST_RECORDS, PageError, ServerCode, WirePage, check_record, find_text,
    parse_page,
};
#[cfg(feature = "client")]
pub use progress::ListingProgress;
pub use scalar::{parse_guid, parse_time};
pub use value::{
    Flag, Integer, LONGEST_TEXT, List, Nested, ReadValue, Text, TextOrInteger, Texts, Time,
    ValueSeed, in_field, set_if_present,
};
