//! Sinks: where events go.

use std::fmt;

use async_trait::async_trait;

use crate::{ApiError, BoxError, CycleId, EncodedEvent, Recovery, TenantName};

/// How much one batch may hold. A single event that is larger than `max_bytes` goes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Events.
    pub max_events: usize,
    /// Bytes of all bodies together.
    pub max_bytes: usize,
}

/// Events of one cycle that go to a sink in one request.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Whose devices they are.
    pub tenant: TenantName,
    /// Which cycle read them.
    pub cycle: CycleId,
    /// The events. Never empty; each device at most once.
    pub events: Vec<EncodedEvent>,
}

impl Batch {
    /// Bytes of all bodies together.
    pub fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.body.len()).sum()
    }
}

/// The receiver's word that a batch is safe: every event of it but the refused ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Events that the receiver will never take as they are. They become dead letters.
    pub refused: Vec<Refusal>,
}

impl Acknowledgement {
    /// Every event is safe.
    pub const ALL: Self = Self { refused: Vec::new() };
}

/// One event that the receiver will never take as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in [`Batch::events`].
    pub index: usize,
    /// The receiver's reason.
    pub reason: String,
}

/// Why a batch is not safe at the receiver.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The receiver refuses this batch as too large or invalid (400, 413, 422), without saying which
    /// event is at fault. The caller splits it until the events at fault are alone.
    #[error("batch of {events} refused: {reason}")]
    Refused {
        /// Events in the batch.
        events: usize,
        /// The receiver's reason.
        reason: String,
    },
    /// The call failed, its retries included.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The destination is a file system, and it failed.
    #[error("{operation} {path}: {source}")]
    File {
        /// What was being done: `write`, `rename`.
        operation: &'static str,
        /// Which file.
        path: String,
        /// The system's word.
        source: std::io::Error,
    },
    /// Another failure of a third party's sink.
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

impl SinkError {
    /// What the caller should do. [`SinkError::Refused`] is for the caller to split, not to repeat.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Refused { .. } => Recovery::Defect,
            Self::Api(error) => error.recovery(),
            // A full disk or a missing right: mended by a person, tried again by the next cycle.
            Self::File { .. } => Recovery::Operator,
            Self::Other { recovery, .. } => *recovery,
        }
    }

    /// What the operator can do, as a sentence.
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.advice.as_deref(),
            _ => None,
        }
    }
}

/// A destination of events.
///
/// # Shape
/// Batches of one tenant come one after the other: the next one starts after the last one was
/// acknowledged *and* noted in state, so a crash repeats at most one. Batches of several tenants may
/// come at the same time.
///
/// # Errors
/// Retries are spent when an error arrives. After an error nothing is assumed to be delivered.
///
/// # Cancellation
/// A dropped `write_batch` may or may not have delivered; the batch is sent again later.
#[async_trait]
pub trait Sink: fmt::Debug + Send + Sync {
    /// How much one batch may hold.
    fn batch_limits(&self) -> BatchLimits;

    /// Delivers a batch, and returns when the receiver has it safe.
    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError>;

    /// Ends a tenant's cycle: a file sink gives its file the final name. Called also after a cycle
    /// that failed part-way, and after one that sent nothing.
    async fn finish_cycle(&self, tenant: &TenantName, cycle: CycleId) -> Result<(), SinkError>;
}
