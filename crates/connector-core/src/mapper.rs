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

/// Maps a record and its enrichment to one full event, which forms then project. No I/O, no clock of
/// its own.
pub trait Mapper: fmt::Debug + Send + Sync + 'static {
    /// What the source gives.
    type Record: Send + Sync + 'static;
    /// What the enricher gives.
    type Enrichment: Send + Sync + 'static;
    /// The full event. It may borrow from the record, the enrichment and the mapper.
    type Event<'a>;

    /// Maps one record. `now` is used only where the record has no time of its own.
    ///
    /// # Errors
    /// [`MapError`] when a required field is missing.
    fn map<'a>(
        &'a self,
        record: &'a Self::Record,
        enrichment: &'a Enrichment<Self::Enrichment>,
        now: DateTime<Utc>,
    ) -> Result<Self::Event<'a>, MapError>;

    /// Changes when the mapping changes, so that every device is sent again once. Part of the
    /// fingerprint of every encoded event.
    fn fingerprint(&self) -> Fingerprint;
}
