//! The vocabulary of Stocktake: what a source, an enricher, a mapper, a sink and a state store are.
//!
//! A third party that writes its own source or sink implements the traits of this crate and needs
//! nothing else of ours. The crate does no I/O.
//!
//! ```
//! use stocktake_connector_core::{DeviceUid, Fingerprint};
//!
//! let uid = DeviceUid::new("1e5bc9d7").unwrap();
//! let content = Fingerprint::of([b"model=Surface".as_slice()]);
//! assert_eq!(uid.as_str(), "1e5bc9d7");
//! assert_eq!(content, Fingerprint::of([b"model=Surface".as_slice()]));
//! ```
//!
//! # How the pieces meet
//! ```text
//! Source ─page─▶ EnrichmentPass ─▶ Mapper ─event─▶ Form ─batch─▶ Sink
//!                                                     │               │
//!                                                CycleStore ◀─acknowledgement
//! ```
//! A cycle compares what the source has with what each sink has acknowledged ([`CycleStore::known`])
//! and sends the difference. The source can always be read again, so nothing else is buffered.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `conformance` | suites that every implementation of a trait must pass |
//!
//! # Not here
//! HTTP, retry and quotas (`http-stack`); credentials (`auth`); the cycle itself (`engine`).

mod check;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod enrich;
mod error_code;
mod failure;
mod form;
mod identity;
mod join_rule;
mod mapper;
mod report;
mod sink;
mod source;
mod state;
mod token;
mod unreadable;

pub use check::{Check, Finding, Verdict};
pub use clock::{CLOCK_TOLERANCE, Clock, FixedClock, Started, SystemClock, time_since};
pub use enrich::{
    Completion, DetailAccount, DetailReader, Doubt, DoubtCause, Enricher, Enrichment,
    EnrichmentAccount, EnrichmentFacts, EnrichmentPass, EnrichmentStatus, PassHint, Strategy,
    UnreadableEnrichment,
};
pub use error_code::ErrorCode;
pub use failure::{BoxError, Failure, FailureRecord, Recovery, chain};
pub use form::{EncodeError, Encoded, EncodedEvent, EventKind, EventUid, Form};
pub use identity::{
    ClaimId, CycleId, DeviceUid, DirectoryId, EnrichmentMark, Fingerprint, InvalidName,
    SinkDestination, SinkName, SourceName, TenantName, WorkerName,
};
pub use join_rule::JoinRule;
pub use mapper::{MapError, Mapper};
pub use report::{
    Calls, CycleKind, CycleOutcome, CycleReport, Imbalance, ProcessFigures, RemovalAccount,
    SinkAccount,
};
pub use sink::{
    Acknowledgement, Batch, BatchLimits, CycleEnd, Durability, Refusal, Settled, Sink,
    SinkCapabilities, SinkError,
};
pub use source::{
    Listing, MalformedRecord, Page, Presence, Source, SourceCursor, SourceRecord, join_rules,
};
pub use state::{
    Acknowledged, Checkpoint, CycleClose, CycleStore, DeadLetter, DeadLetterFilter, DeadLetterId,
    Delivery, Fence, Inventory, InventoryFacts, Known, Lease, LeaseStore, NewDeadLetter, Purge,
    Purged, Refusals, ReportPage, Retention, Scope, Stage, StateError, StateQueries, StateStore,
};
pub use token::{AccessToken, TokenProvider, TokenScope};
pub use unreadable::{UnreadableField, UnreadableValue, UnreadableValues};
