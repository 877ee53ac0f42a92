//! Reading what outside APIs send: tolerant values, tolerant pages, no I/O.
//!
//! Inventories of other people hold odd payloads: times of year 1, integers where text is
//! documented, a record that is not even JSON. The rule here is that an oddity costs the value if
//! nothing depends on it, else the record, and never the page.
//!
//! - [`parse_time`] and [`parse_guid`] read the two formats that joins and checkpoints rest on.
//! - [`wire_record!`](crate::wire_record) implements `Deserialize` for a struct of optional fields,
//!   each read by a [`ReadValue`].
//! - [`parse_page`] reads an OData envelope and sets unreadable records aside.
//!
//! What is read has a fixed depth, and what is skipped is skipped without recursion: nesting in the
//! input cannot exhaust the stack.

#[doc(hidden)]
pub use serde as __serde;

mod page;
mod scalar;
mod value;

pub use page::{LONGEST_PAYLOAD, MOST_RECORDS, PageError, WirePage, find_text, parse_page};
pub use scalar::{parse_guid, parse_time};
pub use value::{
    Flag, Integer, LONGEST_TEXT, List, Nested, ReadValue, Text, TextOrInteger, Texts, Time, Wire,
    in_field, keep,
};
