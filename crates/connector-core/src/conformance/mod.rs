//! Suites that every implementation of a trait must pass.
//!
//! A suite is a function that takes a way to make fresh implementations, tries one rule after the
//! other, and panics with the rule that does not hold. It needs no particular runtime:
//!
//! ```ignore
//! #[tokio::test]
//! async fn the_store_conforms() {
//!     stocktake_connector_core::conformance::state_store(async || MyStore::new()).await;
//! }
//! ```

// Suites fail by panicking, as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod sink;
mod state_store;

pub use sink::{Destination, Received, json_body, read_json_body, sink};
pub use state_store::state_store;

use chrono::{DateTime, Utc};

use crate::{DeviceUid, Fingerprint, SinkName, SourceName, TenantName};

fn tenant(name: &str) -> TenantName {
    TenantName::new(name).unwrap()
}

fn source(name: &str) -> SourceName {
    SourceName::new(name).unwrap()
}

fn sink_name(name: &str) -> SinkName {
    SinkName::new(name).unwrap()
}

fn device(name: &str) -> DeviceUid {
    DeviceUid::new(name).unwrap()
}

fn content(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 16])
}

/// A time in milliseconds after an arbitrary one.
fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_000_000 + millis).unwrap()
}
