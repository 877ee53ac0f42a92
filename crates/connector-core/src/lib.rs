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
//! Source ─page─▶ EnrichmentPass ─▶ Mapper ─event─▶ Encoder ─batch─▶ Sink
//!                                                     │               │
//!                                                StateStore ◀─acknowledgement
//! ```
//! A cycle compares what the source has with what each sink has acknowledged ([`StateStore::known`])
//! and sends the difference. The source can always be read again, so nothing else is buffered.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `conformance` | suites that every implementation of a trait must pass |
//!
//! # Not here
//! HTTP, retry and quotas (`http-stack`); credentials (`auth`); the cycle itself (`connector-runtime`).

mod check;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod encode;
mod enrich;
mod error;
mod identity;
mod mapper;
mod report;
mod sink;
mod source;
mod state;
mod token;
pub mod wire;

pub use check::{Check, Finding, Verdict};
pub use clock::{Clock, FixedClock, SystemClock};
pub use encode::{EncodeError, Encoded, EncodedEvent, Encoder, EventUid};
pub use enrich::{
    Completion, DetailAccount, DetailReader, EnrichError, Enricher, Enrichment, EnrichmentAccount,
    EnrichmentPass, EnrichmentStatus, PassHint, Strategy, UnreadableEnrichment,
};
pub use error::{ApiError, ApiErrorKind, BoxError, Recovery};
pub use identity::{CycleId, DeviceUid, Fingerprint, InvalidName, SinkName, TenantName};
pub use mapper::{MapError, Mapper};
pub use report::{
    Calls, CycleKind, CycleOutcome, CycleReport, Imbalance, ProcessFigures, RemovalAccount,
    SinkAccount,
};
pub use sink::{Acknowledgement, Batch, BatchLimits, Refusal, Sink, SinkError};
pub use source::{
    Listing, MalformedRecord, Page, Presence, Selection, Source, SourceError, SourceRecord,
};
pub use state::{
    Acknowledged, Checkpoint, CycleClose, DeadLetter, DeadLetterFilter, DeadLetterId, Delivery,
    Forgetting, Forgotten, Known, NewDeadLetter, Refusals, Scope, Stage, StateError, StateStore,
    TenantFacts,
};
pub use token::{AccessToken, TokenError, TokenProvider, TokenScope};
