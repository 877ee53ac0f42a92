//! Sinks: where events go.

use std::fmt;

use async_trait::async_trait;

use crate::{CycleId, CycleKind, EncodedEvent, Failure, SinkDestination, SourceName, TenantName};

/// How much one batch may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Events.
    pub max_events: usize,
    /// Bytes of all bodies together. A single event that is larger goes alone, unless it is larger
    /// than `max_event_bytes` too.
    pub max_bytes: usize,
    /// Bytes of one body. A larger event never reaches the sink: it becomes a dead letter. `None` when
    /// the receiver has no such bound.
    pub max_event_bytes: Option<usize>,
}

/// What a sink can do beyond taking events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkCapabilities {
    /// Whether it takes events of kind [`EventKind::Removal`](crate::EventKind). Sinks without it
    /// never see one.
    pub removals: bool,
    /// Whether it acknowledges batches later than it takes them: see [`Durability::Staged`].
    pub staging: bool,
}

/// Events of one cycle that go to a sink in one request.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Whose devices they are.
    pub tenant: TenantName,
    /// Which source they come from.
    pub source: SourceName,
    /// Which cycle read them.
    pub cycle: CycleId,
    /// The events. Never empty; each device at most once; all of one kind.
    pub events: Vec<EncodedEvent>,
}

impl Batch {
    /// Bytes of all bodies together.
    pub fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.body.len()).sum()
    }
}

/// When the events of a batch are safe at the receiver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// Now, together with every event that was staged before in this cycle.
    #[default]
    Safe,
    /// Later: with the next acknowledgement that is [`Durability::Safe`], at the latest with the one
    /// of [`Sink::finish_cycle`]. State notes nothing until then; if the cycle ends without it, the
    /// events are sent again. A sink bounds what it stages by being safe now and then.
    Staged,
}

/// The receiver's word on a batch: every event of it is taken, but the refused ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Events that the receiver will never take as they are. They become dead letters.
    pub refused: Vec<Refusal>,
    /// When the others are safe.
    pub durability: Durability,
}

impl Acknowledgement {
    /// Every event is safe.
    pub const ALL: Self = Self { refused: Vec::new(), durability: Durability::Safe };
    /// Every event is staged.
    pub const STAGED: Self = Self { refused: Vec::new(), durability: Durability::Staged };
}

/// One event that the receiver will never take as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its index in [`Batch::events`]; in an acknowledgement of [`Sink::finish_cycle`], its index
    /// among the staged events, in the order in which they were written.
    pub index: usize,
    /// The receiver's reason.
    pub reason: String,
}

/// What is certain of a batch although it failed as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Indexes of events that are safe at the receiver.
    pub acknowledged: Vec<usize>,
    /// Events that the receiver will never take as they are.
    pub refused: Vec<Refusal>,
}

/// Why a batch is not safe at the receiver.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The receiver refuses this batch as too large or invalid, without saying which event is at
    /// fault. The caller splits it until the events at fault are alone. Never for a wrong setting:
    /// that would refuse every event of a fleet one by one.
    #[error("batch refused: {reason}")]
    Refused {
        /// The receiver's reason.
        reason: String,
    },
    /// Delivery failed, its retries included, for every event that is not settled.
    #[error("{failure}")]
    Failed {
        /// Why.
        #[source]
        failure: Failure,
        /// What is certain nevertheless.
        settled: Settled,
    },
}

impl From<Failure> for SinkError {
    fn from(failure: Failure) -> Self {
        Self::Failed { failure, settled: Settled::default() }
    }
}

/// How a cycle ended, as a sink needs to know it.
#[derive(Debug, Clone)]
pub struct CycleEnd {
    /// Whose devices.
    pub tenant: TenantName,
    /// Which source they come from.
    pub source: SourceName,
    /// Which cycle.
    pub cycle: CycleId,
    /// Which records it read.
    pub kind: CycleKind,
    /// Whether the listing was read to its end without too many devices vanishing at once, and this
    /// sink was sent everything that it lacked, removals included. Only then does what it holds mirror
    /// the source; never erase anything because of a cycle that was not complete.
    pub is_complete: bool,
}

/// A destination of events.
///
/// # Shape
/// Batches of one tenant and source come one after the other: the next one starts after the last one
/// was acknowledged *and* noted in state, so a crash repeats at most one, and what was staged. Batches
/// of several tenants may come at the same time.
///
/// # Errors
/// Retries are spent when an error arrives. After an error nothing is assumed to be delivered but
/// what [`SinkError::Failed`] calls settled.
///
/// # Deadlines
/// Every call to the outside has one, file systems and standard streams included: the caller waits, and
/// the other sinks of the inventory wait with it once the few chunks between them are full. A batch thus
/// delays them by at most the longest time that a batch can take here, and only once in a cycle, as a
/// sink that failed gets no more batches.
///
/// # Cancellation
/// A dropped `write_batch` may or may not have delivered; the batch is sent again later. A dropped
/// `finish_cycle` acknowledges nothing.
#[async_trait]
pub trait Sink: fmt::Debug + Send + Sync {
    /// How much one batch may hold.
    fn batch_limits(&self) -> BatchLimits;

    /// Where it delivers. The same for two sinks if and only if the one has what the other delivered,
    /// however the settings spell it: a new key for the same receiver changes nothing, another folder
    /// does. `None` while that cannot be found out; the next cycle asks again.
    async fn destination(&self) -> Option<SinkDestination>;

    /// What it can do beyond taking events.
    fn capabilities(&self) -> SinkCapabilities {
        SinkCapabilities::default()
    }

    /// Delivers a batch, and returns when the receiver has it safe, or has staged it.
    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError>;

    /// Ends a cycle, after every batch of it, removals included: a file sink gives its file the final
    /// name, a sink that stages makes safe what it staged and acknowledges it. Called also after a
    /// cycle that failed part-way, and after one that sent nothing; but not after a panic, nor when the
    /// cycle was stopped at once, or lost its lease, while something was staged. A sink drops what an
    /// earlier cycle of the same tenant and source left staged.
    async fn finish_cycle(&self, end: &CycleEnd) -> Result<Acknowledgement, SinkError>;
}
