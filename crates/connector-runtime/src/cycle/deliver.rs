//! The last stage: one task per sink that compares, batches, delivers and commits.
//!
//! A batch that the sink refuses without naming the event at fault is halved until the events at
//! fault are alone; those become dead letters. A sink that refuses everything is more likely at odds
//! with us than with each single event: see [`DOUBT`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use stocktake_connector_core::{
    Acknowledged, Batch, BatchLimits, Clock, CycleId, Delivery, DeviceUid, EncodedEvent, EventUid,
    Fingerprint, Known, NewDeadLetter, Refusal, Scope, Sink, SinkAccount, SinkError, SinkName,
    Stage, StateError, StateStore, TenantName,
};
use stocktake_telemetry::{field, span};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use tracing::field::Empty;

use super::join::{Failure, warn_of};
use super::mark_failed;
use super::plan::{Decision, Policy};
use super::progress::Progress;
use super::render::{MappedChunk, MappedEvent};
use crate::error_code::ErrorCode;

/// So many events refused one by one, with none accepted in between, make us doubt the sink rather
/// than the events: the sink fails, and these events do not become dead letters. A sink that has
/// accepted events before is given more credit.
const DOUBT: Doubt = Doubt { of_new_sink: 10, of_known_sink: 100 };

#[derive(Debug, Clone, Copy)]
struct Doubt {
    of_new_sink: usize,
    of_known_sink: usize,
}

/// The sink of a task, and what the task works with.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) tenant: TenantName,
    pub(super) name: SinkName,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) store: Arc<dyn StateStore>,
    pub(super) clock: Arc<dyn Clock>,
}

/// The way to a sink's task.
#[derive(Debug)]
pub(super) struct Inlet {
    pub(super) scope: Scope,
    pub(super) chunks: mpsc::Sender<Handed>,
    /// Whether the sink gets nothing more in this cycle.
    pub(super) gave_up: Arc<AtomicBool>,
}

/// Events on their way to a sink.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) chunk: MappedChunk,
    /// What state knows of each device at the sink, where that was read on the way.
    pub(super) known: Option<Vec<Known>>,
}

/// An event that the sink needs, and what the sink had acknowledged before.
#[derive(Debug)]
struct Due {
    mapped: MappedEvent,
    before: Option<Acknowledged>,
}

/// Why a sink gets nothing more in this cycle.
#[derive(Debug)]
struct Broken {
    error: String,
    advice: Option<String>,
}

/// Delivers one cycle's events to one sink.
#[derive(Debug)]
pub(super) struct SinkDelivery {
    target: Target,
    scope: Scope,
    cycle: CycleId,
    policy: Policy,
    limits: BatchLimits,
    progress: Arc<Progress>,
    stop: CancellationToken,
    account: SinkAccount,
    broken: Option<Broken>,
    /// Tells the stages before that `broken` is set.
    gave_up: Arc<AtomicBool>,
    /// The batch that is being filled.
    filling: Vec<EncodedEvent>,
    /// Bytes of its bodies.
    bytes: usize,
    /// Events refused since the sink last accepted one.
    doubtful: Vec<NewDeadLetter>,
}

impl SinkDelivery {
    /// `stop` ends the delivery at once; what was acknowledged until then is in state.
    pub(super) fn new(
        target: Target,
        cycle: CycleId,
        policy: Policy,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            scope: Scope { tenant: target.tenant.clone(), sink: target.name.clone() },
            limits: target.sink.batch_limits(),
            target,
            cycle,
            policy,
            progress,
            stop,
            account: SinkAccount::default(),
            broken: None,
            gave_up: Arc::default(),
            filling: Vec::new(),
            bytes: 0,
            doubtful: Vec::new(),
        }
    }

    /// The way to this delivery, and its end for [`SinkDelivery::run`].
    pub(super) fn inlet(&self, waiting: usize) -> (Inlet, mpsc::Receiver<Handed>) {
        let (chunks, receiver) = mpsc::channel(waiting);
        let gave_up = Arc::clone(&self.gave_up);
        (Inlet { scope: self.scope.clone(), chunks, gave_up }, receiver)
    }

    /// Delivers chunks until no more come. Every event of every chunk ends in the account.
    pub(super) async fn run(mut self, mut chunks: mpsc::Receiver<Handed>) -> SinkAccount {
        while let Some(chunk) = chunks.recv().await {
            self.take_in(chunk).await;
        }
        self.flush().await;
        self.settle_doubts().await;
        // After a failure too: a file sink keeps what it acknowledged.
        if let Err(error) = self.target.sink.finish_cycle(&self.scope.tenant, self.cycle).await {
            self.give_up(Broken::by(&error), 0);
        }
        if let Some(broken) = self.broken {
            tracing::error!(
                connector.tenant.name = %self.scope.tenant, connector.sink = %self.scope.sink,
                connector.cycle.id = %self.cycle, error = %broken.error,
                "sink did not take every event"
            );
            self.account.error = Some(broken.error);
            self.account.advice = broken.advice;
        }
        self.account
    }

    /// Compares a chunk with the delivered set and fills batches with what is to be sent.
    async fn take_in(&mut self, Handed { chunk, known }: Handed) {
        let MappedChunk { bodies, events } = chunk;
        if self.broken.is_some() {
            self.account.undelivered += events.len() as u64;
            return;
        }
        let known = match known {
            Some(known) => known,
            None => match self.known(&events).await {
                Ok(known) => known,
                Err(error) => {
                    self.give_up(Broken::by_state(&error), events.len());
                    return;
                }
            },
        };
        let mut due = Vec::with_capacity(events.len());
        let mut due_bytes = 0;
        for (mapped, known) in events.into_iter().zip(known) {
            if self.is_due(&mapped, &known) {
                due_bytes += mapped.place.len();
                due.push(Due { mapped, before: known.acknowledged });
            }
        }
        // What a batch holds must not keep much more memory than its own alive.
        let mut bodies = if due_bytes >= bodies.len() / 2 {
            // Copies only while another sink still has the chunk.
            BytesMut::from(bodies)
        } else {
            let mut copied = BytesMut::with_capacity(due_bytes);
            for Due { mapped: MappedEvent { place, .. }, .. } in &mut due {
                let body = bodies.get(place.clone()).unwrap_or_default();
                *place = copied.len()..copied.len() + body.len();
                copied.extend_from_slice(body);
            }
            copied
        };
        for Due { mapped: MappedEvent { uid, encoded, place, .. }, before } in &due {
            if let Some(at) = encoded.uid_at {
                EventUid::derive(&self.scope.tenant, uid, encoded.fingerprint, before.as_ref())
                    .put(&mut bodies, place.start + at);
            }
        }
        let bodies = bodies.freeze();
        for Due { mapped: MappedEvent { uid, encoded, place, .. }, .. } in due {
            // Every place is one of this buffer, as it was written or as it was copied.
            let body = bodies.slice(place);
            self.fill(EncodedEvent { uid, fingerprint: encoded.fingerprint, body }).await;
        }
    }

    async fn known(&self, events: &[MappedEvent]) -> Result<Vec<Known>, StateError> {
        let uids: Vec<_> = events.iter().map(|mapped| mapped.uid.clone()).collect();
        self.target.store.known(&self.scope, &uids).await
    }

    /// Whether the sink needs an event; if not, the event is settled.
    fn is_due(&mut self, event: &MappedEvent, known: &Known) -> bool {
        match self.policy.decide(event.encoded.fingerprint, event.uncertain, known) {
            Decision::Send => return true,
            Decision::Unchanged => self.account.unchanged += 1,
            // Its dead letter stands; the sink would refuse the same content again.
            Decision::Refused => self.account.dead_lettered += 1,
        }
        self.progress.add_settled(1);
        false
    }

    /// Puts an event into the batch; delivers the batch before or afterwards when it is full.
    async fn fill(&mut self, event: EncodedEvent) {
        if !self.filling.is_empty() && self.bytes + event.body.len() > self.limits.max_bytes {
            self.flush().await;
        }
        if self.broken.is_some() {
            self.account.undelivered += 1;
            return;
        }
        self.bytes += event.body.len();
        self.filling.push(event);
        if self.filling.len() >= self.limits.max_events || self.bytes >= self.limits.max_bytes {
            self.flush().await;
        }
    }

    /// Delivers the batch that is being filled, halving it where the sink refuses it.
    async fn flush(&mut self) {
        self.bytes = 0;
        let events = std::mem::take(&mut self.filling);
        let mut waiting = VecDeque::from([events]);
        while let Some(events) = waiting.pop_front() {
            if events.is_empty() {
                continue;
            }
            let span = tracing::info_span!(
                span::BATCH,
                { field::SINK } = %self.scope.sink,
                { field::BATCH_EVENTS } = events.len(),
                { field::OTEL_STATUS_CODE } = Empty,
                { field::OTEL_STATUS_DESCRIPTION } = Empty,
            );
            if let Err(broken) = self.write(events, &mut waiting).instrument(span.clone()).await {
                mark_failed(&span, &broken.error);
                let lost = waiting.iter().map(Vec::len).sum::<usize>();
                self.give_up(broken, lost);
                return;
            }
        }
    }

    /// Writes one batch and notes the answer. What is refused as a whole goes back to `waiting` in
    /// halves. On failure the batch is counted as undelivered.
    async fn write(
        &mut self,
        events: Vec<EncodedEvent>,
        waiting: &mut VecDeque<Vec<EncodedEvent>>,
    ) -> Result<(), Broken> {
        let batch = Batch { tenant: self.scope.tenant.clone(), cycle: self.cycle, events };
        let written = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            written = self.target.sink.write_batch(&batch) => Some(written),
        };
        let broken = match written {
            Some(Ok(acknowledgement)) => {
                return self.settle(batch.events, acknowledgement.refused).await;
            }
            Some(Err(SinkError::Refused { reason, .. })) => {
                return self.split(batch.events, reason, waiting).await;
            }
            Some(Err(error)) => Broken::by(&error),
            None => Broken::stopped(),
        };
        self.account.undelivered += batch.events.len() as u64;
        Err(broken)
    }

    /// Halves a refused batch, until the event at fault is alone.
    async fn split(
        &mut self,
        mut events: Vec<EncodedEvent>,
        reason: String,
        waiting: &mut VecDeque<Vec<EncodedEvent>>,
    ) -> Result<(), Broken> {
        if events.len() > 1 {
            let second_half = events.split_off(events.len() / 2);
            waiting.push_front(second_half);
            waiting.push_front(events);
            return Ok(());
        }
        self.settle(events, vec![Refusal { index: 0, reason }]).await
    }

    /// Notes what the sink answered for each event of a batch.
    async fn settle(
        &mut self,
        events: Vec<EncodedEvent>,
        refusals: Vec<Refusal>,
    ) -> Result<(), Broken> {
        let count = events.len() as u64;
        let mut reasons: BTreeMap<usize, String> =
            refusals.into_iter().map(|refusal| (refusal.index, refusal.reason)).collect();
        let mut acknowledged = Vec::with_capacity(events.len());
        let mut refused = Vec::new();
        let mut bytes = 0;
        for (index, event) in events.into_iter().enumerate() {
            match reasons.remove(&index) {
                None => {
                    bytes += event.body.len() as u64;
                    acknowledged.push((event.uid, event.fingerprint));
                }
                Some(reason) => {
                    let body = String::from_utf8_lossy(&event.body).into_owned();
                    refused.push(self.letter(event.uid, event.fingerprint, reason, body));
                }
            }
        }
        if acknowledged.is_empty() {
            self.doubtful.append(&mut refused);
            return self.check_doubts().await;
        }
        // The sink takes events, so the ones it refused are at fault themselves.
        let settled_doubts = self.doubtful.len() as u64;
        refused.append(&mut self.doubtful);
        if let Err(error) = self.commit(acknowledged, refused).await {
            self.account.undelivered += count + settled_doubts;
            return Err(Broken::by_state(&error));
        }
        self.account.batches += 1;
        self.account.bytes += bytes;
        Ok(())
    }

    async fn commit(
        &mut self,
        acknowledged: Vec<(DeviceUid, Fingerprint)>,
        refused: Vec<NewDeadLetter>,
    ) -> Result<(), StateError> {
        let (taken, dead) = (acknowledged.len() as u64, refused.len() as u64);
        warn_of(&refused, self.cycle);
        let (cycle, scope, at) = (self.cycle, self.scope.clone(), self.target.clock.now());
        self.target.store.commit(Delivery { cycle, scope, at, acknowledged, refused }).await?;
        self.account.acknowledged += taken;
        self.account.dead_lettered += dead;
        self.progress.add_settled(taken + dead);
        Ok(())
    }

    /// Fails when a sink has refused too much since it last accepted something.
    async fn check_doubts(&mut self) -> Result<(), Broken> {
        if self.doubtful.len() < DOUBT.of_new_sink {
            return Ok(());
        }
        let has_history = match self.target.store.delivered_count(&self.scope).await {
            Ok(delivered) => delivered > 0, // What this cycle delivered is in it.
            Err(error) => return Err(Broken::by_state(&error)),
        };
        let tolerated = if has_history { DOUBT.of_known_sink } else { DOUBT.of_new_sink };
        if self.doubtful.len() < tolerated {
            return Ok(());
        }
        let reason = self.doubtful.first().map_or("", |letter| letter.reason.as_str());
        Err(Broken {
            error: ErrorCode::SinkRefusesEverything.tag(format_args!(
                "refused {} events one by one and accepted none in between; the first because: {reason}",
                self.doubtful.len()
            )),
            advice: Some(
                "check the receiver, and the sink's settings and dialect: it refuses everything"
                    .into(),
            ),
        })
    }

    /// At the end of a cycle, keeps the few refused events that no accepted one followed.
    async fn settle_doubts(&mut self) {
        let doubtful = std::mem::take(&mut self.doubtful);
        let count = doubtful.len();
        if count > 0
            && let Err(error) = self.commit(Vec::new(), doubtful).await
        {
            self.give_up(Broken::by_state(&error), count);
        }
    }

    fn letter(
        &self,
        uid: DeviceUid,
        fingerprint: Fingerprint,
        reason: String,
        payload: String,
    ) -> NewDeadLetter {
        NewDeadLetter {
            tenant: self.scope.tenant.clone(),
            sink: Some(self.scope.sink.clone()),
            stage: Stage::Deliver,
            uid: Some(uid),
            fingerprint: Some(fingerprint),
            reason,
            payload,
        }
    }

    /// Notes why the sink gets nothing more. `lost` events and those that wait stay undelivered.
    fn give_up(&mut self, broken: Broken, lost: usize) {
        let undelivered = lost + self.filling.len() + self.doubtful.len();
        self.account.undelivered += undelivered as u64;
        self.filling.clear();
        self.bytes = 0;
        self.doubtful.clear();
        self.broken.get_or_insert(broken);
        self.gave_up.store(true, Ordering::Relaxed);
    }
}

impl Broken {
    fn by(error: &SinkError) -> Self {
        Self { error: crate::chain(error), advice: error.advice().map(str::to_owned) }
    }

    fn by_state(error: &StateError) -> Self {
        Self { error: crate::chain(error), advice: None }
    }

    fn stopped() -> Self {
        let Failure { error, advice } = Failure::stopped();
        Self { error, advice }
    }
}
