//! Mappers: pure functions from a record and its enrichment to an event.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::{Enrichment, Fingerprint};

/// Why a record can never become an event as it is. It becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct MapError {
    /// The field of the source record.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

/// Maps a record and its enrichment to an event. No I/O, no clock of its own.
pub trait Mapper: fmt::Debug + Send + Sync + 'static {
    /// What the source gives.
    type Record;
    /// What the enricher gives.
    type Enrichment;
    /// What is sent.
    type Event: fmt::Debug + Send + 'static;

    /// Maps one record. `now` is used only where the record has no time of its own.
    ///
    /// # Errors
    /// [`MapError`] when a required field is missing.
    fn map(
        &self,
        record: &Self::Record,
        enrichment: &Enrichment<Self::Enrichment>,
        now: DateTime<Utc>,
    ) -> Result<Self::Event, MapError>;

    /// Changes when the mapping changes, so that every device is sent again once.
    fn fingerprint(&self) -> Fingerprint;
}
