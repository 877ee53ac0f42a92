//! Enrichers: a second record joined to the first.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ApiError, BoxError, Recovery};

/// What an enricher knows of one record.
///
/// # Records that cannot be read
/// One that says whose it is, where that one has no readable record beside it, is no answer but an
/// [`UnreadableEnrichment`]: the record that it belongs to becomes a dead letter, as an event without
/// it would erase what an earlier one had. One that does not say may belong to anyone without a
/// match, and those get [`Enrichment::Uncertain`] instead of [`Enrichment::NoMatch`]: a dead letter
/// for each of them would let one bad record cost thousands, and "none" would be false for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enrichment<E> {
    /// The remote has this for it.
    Matched(E),
    /// The remote was asked completely and has nothing for it.
    NoMatch,
    /// The remote was asked completely and no record was found, but one that could not be read may
    /// be it. Nothing may be said that rests on there being none.
    Uncertain,
    /// The remote is not consulted: switched off, not licensed, or not permitted.
    Unavailable,
}

impl<E> Enrichment<E> {
    /// The matched record, if there is one.
    pub fn matched(&self) -> Option<&E> {
        match self {
            Self::Matched(record) => Some(record),
            Self::NoMatch | Self::Uncertain | Self::Unavailable => None,
        }
    }
}

/// A record whose enrichment is there but cannot be read. It becomes a dead letter with this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableEnrichment(pub String);

/// Why records could not be enriched *for now*. The cycle stops: sending an event without what an
/// earlier one had would erase data at the receiver. What is permanently absent is not an error but
/// [`Enrichment::Unavailable`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrichError {
    /// A call failed, its retries included.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A listing broke the rules that [`crate::SourceError`] names.
    #[error(transparent)]
    Listing(crate::SourceError),
    /// Another failure of a third party's enricher.
    #[error("{message}")]
    Other {
        /// The fact, in one line.
        message: String,
        /// What the caller should do.
        recovery: Recovery,
        /// The failure below.
        #[source]
        source: Option<BoxError>,
    },
}

impl EnrichError {
    /// What the caller should do.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Api(error) => error.recovery(),
            Self::Listing(error) => error.recovery(),
            Self::Other { recovery, .. } => *recovery,
        }
    }

    /// What the operator can do, as a sentence.
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.advice.as_deref(),
            Self::Listing(error) => error.advice(),
            Self::Other { .. } => None,
        }
    }
}

/// What is known before a cycle starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassHint {
    /// How many enrichment records the remote had when it was last read completely.
    pub records_known: Option<u64>,
}

/// How records were looked up. The cheaper way by count of calls is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// One pass over everything, joined in memory.
    Bulk,
    /// Look-ups by key, several in one call.
    LookUp,
}

/// Whether the remote is consulted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
pub enum EnrichmentStatus {
    /// It is.
    #[default]
    On,
    /// Switched off in the configuration.
    Off,
    /// Permanently absent, with the reason as the remote gave it.
    Refused(String),
}

/// What a pass did, for the cycle report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrichmentAccount {
    /// Whether the remote was consulted.
    pub status: EnrichmentStatus,
    /// How; `None` when nothing had to be looked up.
    pub strategy: Option<Strategy>,
    /// Enrichment records read.
    pub records_read: u64,
    /// Records that could not be understood and were left out of the join.
    pub malformed: u64,
    /// How many records the remote has, when this pass read it completely.
    pub complete_count: Option<u64>,
    /// Machines that got a record.
    pub matched: u64,
}

/// Joins second records to first ones. One value serves one tenant.
pub trait Enricher: fmt::Debug + Send + Sync + 'static {
    /// What is joined.
    type Record: Send + Sync + 'static;
    /// The state of one cycle.
    type Pass: EnrichmentPass<Record = Self::Record>;

    /// Starts the look-ups of one cycle; nothing is asked before the first page.
    fn start_pass(&self, hint: PassHint) -> Self::Pass;
}

/// The look-ups of one cycle.
#[async_trait]
pub trait EnrichmentPass: fmt::Debug + Send + 'static {
    /// What is joined.
    type Record: Send + Sync + 'static;

    /// Makes sure that the keys of one page can be answered. `last` tells whether further pages
    /// follow, so that the cheaper way can be chosen.
    ///
    /// # Errors
    /// [`EnrichError`] when not every key can be answered.
    ///
    /// # Cancellation
    /// After a dropped future the pass must be dropped too.
    async fn prepare(&mut self, keys: &[Option<Uuid>], last: bool) -> Result<(), EnrichError>;

    /// What there is for one key of the page that was prepared last. A `None` key has no match by
    /// definition. Separate from [`EnrichmentPass::prepare`], so that not every record of a page has
    /// to be unpacked at once.
    ///
    /// # Errors
    /// [`UnreadableEnrichment`] when the remote has something for the key that cannot be read.
    fn enrichment(
        &mut self,
        key: Option<Uuid>,
    ) -> Result<Enrichment<Self::Record>, UnreadableEnrichment>;

    /// What the pass did so far.
    fn account(&self) -> EnrichmentAccount;
}
