//! Enrichers: a second record joined to the first.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Failure, JoinRule, MalformedRecord, UnreadableValues};

/// What an enricher knows of one record.
///
/// # Records that cannot be read
/// One that says whose it is, where that one has no readable record beside it, is no answer but an
/// [`UnreadableEnrichment`]: the record that it belongs to becomes a dead letter, as an event without
/// it would erase what an earlier one had. One that does not say may belong to anyone without a
/// match, and those it may be get [`Enrichment::Uncertain`] instead of [`Enrichment::NoMatch`]: a dead
/// letter for each of them would let one bad record cost thousands, and "none" would be false for one.
/// A sink whose last event of such a device had an enrichment keeps that event; every other sink gets
/// the device without a claim that there is none. See [`Doubt`] for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enrichment<E> {
    /// The remote has this for it.
    Matched(E),
    /// The remote was asked completely and has nothing for it.
    NoMatch,
    /// The remote was asked completely and no record was found, but one may be there all the same.
    /// Nothing may be said that rests on there being none, and a sink keeps an event that had one.
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
    /// Refused, with the reason as the remote gave it. Whether that counts as permanently absent
    /// depends on what the remote gave before: see [`Doubt`].
    Refused(String),
}

/// Why the absence of enrichments is not taken for a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtCause {
    /// The remote refuses now, and gave records before.
    Refused,
    /// The remote's list is complete by its own word, but suddenly empty or much shorter than before.
    Shrunk,
    /// A record that cannot be read does not say whose it is.
    Unidentified,
}

/// The doubt that enrichments which do not come are really absent.
///
/// While it is young, nothing that a sink has of an enrichment is replaced by an event without one.
/// Once it has lasted for a configured number of cycles and for a configured time, it is accepted: the
/// absence counts as a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Why.
    pub cause: DoubtCause,
    /// When the first cycle of it started.
    pub since: DateTime<Utc>,
    /// In how many cycles in a row, this one included.
    pub cycles: u32,
    /// Whether it has lasted long enough.
    pub accepted: bool,
}

/// What state knows of the enrichment of an inventory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrichmentFacts {
    /// Whether the remote ever gave records, or said that it has none.
    pub answered: bool,
    /// How many records that can be joined there were when they were last read completely.
    pub joinable: Option<u64>,
    /// The doubt of the last cycle.
    pub doubt: Option<Doubt>,
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
    /// Records that do not say whose they are, malformed or not.
    pub unidentified: u64,
    /// Whether the remote gave records, or said that it has none. What is absent from a remote that has
    /// not answered yet was never there.
    pub answered: bool,
    /// How many records the remote has, when this pass read it completely.
    pub complete_count: Option<u64>,
    /// How many of these can be joined to a machine.
    pub joinable: Option<u64>,
    /// Machines that got a record.
    pub matched: u64,
    /// Machines whose enrichment was [`Enrichment::Uncertain`], or became it by [`Doubt`]. The engine
    /// counts them, and overwrites what a pass puts here.
    pub uncertain: u64,
    /// The doubt of this cycle. The engine's own, as `uncertain` is.
    pub doubt: Option<Doubt>,
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
    /// an earlier one had would erase data at the receiver. A refusal that looks permanent is not an
    /// error but [`EnrichmentStatus::Refused`] in the account and [`Enrichment::Unavailable`] for every
    /// key; the engine stops the cycle where the remote is known to have answered.
    ///
    /// # Cancellation
    /// After a dropped future the pass must be dropped too.
    async fn prepare(&mut self, keys: &[Option<Uuid>], last: bool) -> Result<(), Failure>;

    /// What there is for one key of the page that was prepared last. A `None` key has no match by
    /// definition. `name` is that of the device: without a match it may rule out that a record which
    /// cannot be read is the device's. Separate from [`EnrichmentPass::prepare`], so that not every record of a page has
    /// to be unpacked at once.
    ///
    /// # Errors
    /// [`UnreadableEnrichment`] when the remote has something for the key that cannot be read.
    fn enrichment(
        &mut self,
        key: Option<Uuid>,
        name: Option<&str>,
    ) -> Result<Enrichment<Self::Record>, UnreadableEnrichment>;

    /// Takes the records that do not say whose they are and that were met since the last call, or a
    /// bounded number of them. They become dead letters.
    fn take_unidentified(&mut self) -> Vec<MalformedRecord> {
        Vec::new()
    }

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
