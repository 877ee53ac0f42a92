//! Enrichers: a second record joined to the first.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Failure, UnreadableValues};

/// What an enricher knows of one record.
///
/// # Records that cannot be read
/// One that says whose it is, where that one has no readable record beside it, is no answer but an
/// [`UnreadableEnrichment`]: the record that it belongs to becomes a dead letter, as an event without
/// it would erase what an earlier one had. One that does not say may belong to anyone without a
/// match, and those get [`Enrichment::Uncertain`] instead of [`Enrichment::NoMatch`]: a dead letter
/// for each of them would let one bad record cost thousands, and "none" would be false for one. As
/// the one may have had more before, such a record goes only to sinks that never had anything of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enrichment<E> {
    /// The remote has this for it.
    Matched(E),
    /// The remote was asked completely and has nothing for it.
    NoMatch,
    /// The remote was asked completely and no record was found, but one that could not be read may
    /// be it. Nothing may be said that rests on there being none, and a sink that has acknowledged the
    /// record before, whatever its content, keeps what it has.
    Uncertain,
    /// The remote is not consulted: switched off, not licensed, or not permitted; or not for this
    /// record, because another one stands for the device.
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

/// How a record is joined with its enrichment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinRule {
    /// By its key; without a key it has no match.
    ByKey,
    /// Its key cannot be read: there may be a record for it, so that nothing may be said that rests on
    /// there being none.
    KeyUnreadable,
    /// Another record stands for the device. This one is not joined, and nothing is said of its
    /// enrichment.
    Yields,
}

impl JoinRule {
    /// The enrichment of a record. `look_up` finds it by a key.
    ///
    /// # Errors
    /// As for `look_up`.
    pub fn enrich<E>(
        self,
        key: Option<Uuid>,
        look_up: impl FnOnce(Option<Uuid>) -> Result<Enrichment<E>, UnreadableEnrichment>,
    ) -> Result<Enrichment<E>, UnreadableEnrichment> {
        match self {
            Self::ByKey => look_up(key),
            Self::KeyUnreadable => Ok(match look_up(None)? {
                Enrichment::NoMatch => Enrichment::Uncertain,
                other => other,
            }),
            Self::Yields => Ok(Enrichment::Unavailable),
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
    /// Machines whose enrichment was [`Enrichment::Uncertain`]: they count as unchanged at sinks that
    /// have them. The engine counts them, and overwrites what a pass puts here.
    pub uncertain: u64,
    /// Values of the enrichment records that could not be read. The engine moves them to
    /// [`CycleReport::unreadable`](crate::CycleReport::unreadable).
    #[serde(skip)]
    pub unreadable: UnreadableValues,
    /// What was asked beyond that; `None` where the enricher has no details or is not to ask them.
    pub details: Option<DetailAccount>,
}

/// What reading details did, for the cycle report. What a failure cut short is not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailAccount {
    /// Records whose details were asked.
    pub asked: u64,
    /// Calls that it took, repeated ones included.
    pub calls: u64,
    /// Of the records, those that the remote no longer has; they are among the malformed ones.
    pub gone: u64,
}

impl std::ops::AddAssign for DetailAccount {
    fn add_assign(&mut self, other: Self) {
        self.asked += other.asked;
        self.calls += other.calls;
        self.gone += other.gone;
    }
}

/// Joins second records to first ones. One value serves one tenant.
pub trait Enricher: fmt::Debug + Send + Sync + 'static {
    /// What is joined.
    type Record: Send + Sync + 'static;
    /// The state of one cycle.
    type Pass: EnrichmentPass<Record = Self::Record>;

    /// Starts the look-ups of one cycle; nothing is asked before the first page.
    fn start_pass(&self, hint: PassHint) -> Self::Pass;

    /// Reads what a pass leaves out of its records; `None` when it leaves out nothing, or when
    /// details are not wanted.
    fn details(&self) -> Option<Arc<dyn DetailReader<Self::Record>>> {
        None
    }
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
    /// [`Failure`] when not every key can be answered *for now*. The cycle stops: an event without what
    /// an earlier one had would erase data at the receiver. What is permanently absent is not an error
    /// but [`Enrichment::Unavailable`].
    ///
    /// # Cancellation
    /// After a dropped future the pass must be dropped too.
    async fn prepare(&mut self, keys: &[Option<Uuid>], last: bool) -> Result<(), Failure>;

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

/// Completes records with what the remote tells of one record only, at a cost for each.
///
/// It is asked for the records of events that are about to be sent, and for no others. Whether an
/// event is to be sent is decided without details, so a change that only they show is not noticed.
#[async_trait]
pub trait DetailReader<R: Send>: fmt::Debug + Send + Sync {
    /// Completes records in place. A record that the remote no longer has is malformed: the next list
    /// decides what is sent of it, and nothing lesser is sent now.
    ///
    /// # Errors
    /// [`Failure`] when no details can be had at all, for now or for good: nothing of these records
    /// may then be sent. Where others have theirs, a record without is malformed instead, so that it
    /// holds up nobody.
    ///
    /// # Cancellation
    /// After a dropped future some of the records may be complete and others not.
    async fn complete(&self, records: Vec<&mut R>) -> Result<Completion, Failure>;
}

/// What came of completing some records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// What was done.
    pub account: DetailAccount,
    /// Places of records whose details could not be had or understood, each with the reason. Their
    /// events become dead letters: they would lack what earlier ones had.
    pub malformed: Vec<(usize, String)>,
    /// Values of the details that could not be read.
    pub unreadable: UnreadableValues,
}
