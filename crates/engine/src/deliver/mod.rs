//! The last stage: one task per sink that compares, batches, delivers and commits.
//!
//! ```text
//! chunk ─compare─▶ batch ─▶ sink ─▶ acknowledgement ─▶ commit
//!                                        └─ staged ─▶ wait for one that is safe ─▶ commit
//! ```
//!
//! A batch that the sink refuses without naming the event at fault is halved until the events at
//! fault are alone; those become dead letters. If a sink refuses everything, the sink or
//! its settings are more likely at fault than each event: see [`settle`].

mod finish;
mod settle;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use stocktake_connector_core::{
    Acknowledged, Batch, BatchLimits, Clock, CycleId, CycleKind, EncodedEvent, EventKind, EventUid,
    Failure, Known, Scope, Sink, SinkAccount, SinkError, StateError,
};
use stocktake_telemetry::{field, span};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use tracing::field::Empty;

use self::settle::RefusedEvent;
use crate::chunk::{ChunkEvent, EventChunk, SinkChunk, SinkSender};
use crate::failures::{mark_failed, stopped};
use crate::fenced_store::FencedStore;
use crate::policy::{Decision, Policy};
use crate::progress::Progress;
use crate::stop::Stop;

pub(crate) use self::finish::ListingEnd;

/// The sink of a task, and what the task uses.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) scope: Scope,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) store: FencedStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cycle: CycleId,
    pub(crate) kind: CycleKind,
    pub(crate) policy: Policy,
    pub(crate) progress: Arc<Progress>,
    pub(crate) stop: Stop,
}

/// An event that the sink needs, and what the sink had acknowledged before.
#[derive(Debug)]
struct PendingEvent {
    event: ChunkEvent,
    previous: Option<Acknowledged>,
}

/// Delivers one cycle's events to one sink.
#[derive(Debug)]
pub(crate) struct SinkDelivery {
    target: Target,
    limits: BatchLimits,
    account: SinkAccount,
    /// Why the sink gets no more events in this cycle.
    failure: Option<Failure>,
    /// Shows the earlier stages that `failure` is set.
    has_failed: Arc<AtomicBool>,
    /// The batch that is being filled.
    batch: Vec<EncodedEvent>,
    /// Bytes of its bodies.
    batch_bytes: usize,
    /// Events refused since the sink last accepted one.
    suspects: Vec<RefusedEvent>,
    /// Events that the sink has staged, in the order in which they were written.
    staged: Vec<EncodedEvent>,
    /// The number of batches that contained them.
    staged_batches: u64,
}

impl SinkDelivery {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            limits: target.sink.batch_limits(),
            target,
            account: SinkAccount::default(),
            failure: None,
            has_failed: Arc::default(),
            batch: Vec::new(),
            batch_bytes: 0,
            suspects: Vec::new(),
            staged: Vec::new(),
            staged_batches: 0,
        }
    }

    /// A channel of `capacity` chunks to [`SinkDelivery::run`].
    pub(crate) fn channel(&self, capacity: usize) -> (SinkSender, mpsc::Receiver<SinkChunk>) {
        let (chunks, receiver) = mpsc::channel(capacity);
        let has_failed = Arc::clone(&self.has_failed);
        (SinkSender { scope: self.target.scope.clone(), chunks, has_failed }, receiver)
    }

    /// Delivers chunks until the channel closes. Every event of every chunk then is in the account, or
    /// staged; [`SinkDelivery::finish`] must follow.
    pub(crate) async fn run(mut self, mut chunks: mpsc::Receiver<SinkChunk>) -> Self {
        while let Some(chunk) = chunks.recv().await {
            self.take(chunk).await;
        }
        self.flush().await;
        self.keep_suspects().await;
        self
    }

    /// Compares a chunk with the delivered set and fills batches with what is to be sent.
    async fn take(&mut self, SinkChunk { chunk, known }: SinkChunk) {
        let EventChunk { bodies, events } = chunk;
        if self.failure.is_some() {
            self.account.undelivered += events.len() as u64;
            return;
        }
        let known = match known {
            Some(known) => known,
            None => match self.known(&events).await {
                Ok(known) => known,
                Err(error) => {
                    self.give_up(error.into(), events.len() as u64);
                    return;
                }
            },
        };
        let mut pending = Vec::with_capacity(events.len());
        let mut pending_bytes = 0;
        let mut oversized = Vec::new();
        for (event, known) in events.into_iter().zip(known) {
            if !self.is_needed(&event, &known) {
                continue;
            }
            if self.limits.max_event_bytes.is_some_and(|most| event.range.len() > most) {
                let body = bodies.get(event.range.clone()).unwrap_or_default();
                oversized.push(self.oversized(event, body));
            } else {
                pending_bytes += event.range.len();
                pending.push(PendingEvent { event, previous: known.acknowledged });
            }
        }
        let count = pending.len() as u64;
        if let Err(failure) = self.commit(Vec::new(), oversized).await {
            self.give_up(failure, count);
            return;
        }
        // A batch must not keep much more memory alive than its own.
        let mut bodies = if pending_bytes >= bodies.len() / 2 {
            // Copies only while another sink still has the chunk.
            BytesMut::from(bodies)
        } else {
            let mut copied = BytesMut::with_capacity(pending_bytes);
            for PendingEvent { event: ChunkEvent { range, .. }, .. } in &mut pending {
                let body = bodies.get(range.clone()).unwrap_or_default();
                *range = copied.len()..copied.len() + body.len();
                copied.extend_from_slice(body);
            }
            copied
        };
        let inventory = &self.target.scope.inventory;
        let event_uids: Vec<_> = pending
            .iter()
            .map(|PendingEvent { event: ChunkEvent { uid, encoded, range, .. }, previous }| {
                let event_uid =
                    EventUid::derive(inventory, uid, encoded.fingerprint, previous.as_ref());
                if let Some(at) = encoded.uid_at {
                    event_uid.write_into(&mut bodies, range.start + at);
                }
                event_uid
            })
            .collect();
        let bodies = bodies.freeze();
        for (PendingEvent { event, .. }, event_uid) in pending.into_iter().zip(event_uids) {
            let ChunkEvent { uid, encoded, range, .. } = event;
            self.fill(EncodedEvent {
                kind: EventKind::Upsert,
                uid,
                event_uid,
                time: encoded.time,
                fingerprint: encoded.fingerprint,
                // Every range is one of this buffer, as it was written or as it was copied.
                body: bodies.slice(range),
            })
            .await;
        }
    }

    async fn known(&self, events: &[ChunkEvent]) -> Result<Vec<Known>, StateError> {
        let uids: Vec<_> = events.iter().map(|event| event.uid.clone()).collect();
        self.target.store.read().known(&self.target.scope, &uids).await
    }

    /// Whether the sink needs an event; if not, the event is settled.
    fn is_needed(&mut self, event: &ChunkEvent, known: &Known) -> bool {
        match self.target.policy.decide(event.encoded.fingerprint, event.in_doubt, known) {
            Decision::Send => return true,
            Decision::Unchanged => self.account.unchanged += 1,
            Decision::Held => {
                self.account.unchanged += 1;
                self.account.held += 1;
            }
            // It already has a dead letter; the sink would refuse the same content again.
            Decision::Refused => self.account.dead_lettered += 1,
        }
        self.target.progress.add_settled(1);
        false
    }

    /// Adds an event to the batch; delivers the batch before or afterwards when it is full.
    async fn fill(&mut self, event: EncodedEvent) {
        let would_exceed = self.batch_bytes + event.body.len() > self.limits.max_bytes;
        if !self.batch.is_empty() && would_exceed {
            self.flush().await;
        }
        if self.failure.is_some() {
            self.account.undelivered += upserts([&event]);
            return;
        }
        self.batch_bytes += event.body.len();
        self.batch.push(event);
        let is_full = self.batch.len() >= self.limits.max_events;
        if is_full || self.batch_bytes >= self.limits.max_bytes {
            self.flush().await;
        }
    }

    /// Delivers the batch that is being filled, halving it where the sink refuses it.
    async fn flush(&mut self) {
        self.batch_bytes = 0;
        let events = std::mem::take(&mut self.batch);
        let mut waiting = VecDeque::from([events]);
        while let Some(events) = waiting.pop_front() {
            if events.is_empty() {
                continue;
            }
            let span = tracing::info_span!(
                span::BATCH,
                { field::SINK } = %self.target.scope.sink,
                { field::BATCH_EVENTS } = events.len(),
                { field::OTEL_STATUS_CODE } = Empty,
                { field::OTEL_STATUS_DESCRIPTION } = Empty,
            );
            if let Err(failure) = self.write(events, &mut waiting).instrument(span.clone()).await {
                mark_failed(&span, failure.code);
                self.give_up(failure, upserts(waiting.iter().flatten()));
                return;
            }
        }
    }

    /// Writes one batch and commits the acknowledgement. What is refused as a whole goes back to
    /// `waiting` in halves. On failure the batch is in the account.
    async fn write(
        &mut self,
        events: Vec<EncodedEvent>,
        waiting: &mut VecDeque<Vec<EncodedEvent>>,
    ) -> Result<(), Failure> {
        let inventory = &self.target.scope.inventory;
        let batch = Batch {
            tenant: inventory.tenant.clone(),
            source: inventory.source.clone(),
            cycle: self.target.cycle,
            events,
        };
        let written = tokio::select! {
            biased;
            () = self.immediate().cancelled() => None,
            written = self.target.sink.write_batch(&batch) => Some(written),
        };
        let events = batch.events;
        match written {
            Some(Ok(acknowledgement)) => self.settle(events, acknowledgement).await,
            Some(Err(SinkError::Refused { reason })) => self.split(events, reason, waiting).await,
            Some(Err(SinkError::Failed { failure, settled })) => {
                self.settle_in_part(events, settled).await;
                Err(failure)
            }
            None => {
                self.account.undelivered += upserts(&events);
                Err(stopped())
            }
        }
    }

    fn immediate(&self) -> &CancellationToken {
        &self.target.stop.immediate
    }

    /// Records why the sink gets no more events. `lost` upserts and those that wait count as
    /// undelivered.
    fn give_up(&mut self, failure: Failure, lost: u64) {
        let suspects = self.suspects.drain(..).filter(|refused| refused.kind == EventKind::Upsert);
        self.account.undelivered += lost + suspects.count() as u64 + upserts(&self.batch);
        self.batch.clear();
        self.batch_bytes = 0;
        self.failure.get_or_insert(failure);
        self.has_failed.store(true, Ordering::Relaxed);
    }
}

/// The number of upserts: the accounts count these only.
fn upserts<'a>(events: impl IntoIterator<Item = &'a EncodedEvent>) -> u64 {
    events.into_iter().filter(|event| event.kind == EventKind::Upsert).count() as u64
}
