//! Handles a sink's response to a batch: commits, dead letters, and suspicion of the sink itself.

use std::collections::{BTreeMap, VecDeque};

use stocktake_connector_core::{
    Acknowledgement, Delivery, DeviceUid, Durability, EncodedEvent, ErrorCode, EventKind, Failure,
    Fingerprint, NewDeadLetter, Recovery, Refusal, Settled, Stage,
};

use super::{SinkDelivery, upserts};
use crate::chunk::ChunkEvent;
use crate::dead_letters::log_kept;

/// Events refused one by one, without an accepted one in between, at which the sink is suspected rather
/// than the events: the sink fails, and the events do not become dead letters.
struct SuspicionThresholds {
    /// For a sink that never accepted an event.
    new_sink: usize,
    /// For a sink that has accepted events before: it is trusted more.
    known_sink: usize,
}

const SUSPICION: SuspicionThresholds = SuspicionThresholds { new_sink: 10, known_sink: 100 };

/// An event that the sink refused, or would refuse.
#[derive(Debug)]
pub(super) struct RefusedEvent {
    pub(super) kind: EventKind,
    letter: NewDeadLetter,
}

impl SinkDelivery {
    /// Applies the sink's response to each event of a batch.
    pub(super) async fn settle(
        &mut self,
        events: Vec<EncodedEvent>,
        acknowledgement: Acknowledgement,
    ) -> Result<(), Failure> {
        let (accepted, mut refused) = self.divide(events, acknowledgement.refused);
        let is_suspicious = accepted.is_empty();
        if is_suspicious {
            self.suspects.append(&mut refused);
        } else {
            // The sink accepts events, so the ones it refused are at fault themselves.
            refused.append(&mut self.suspects);
            self.staged_batches += 1;
        }
        let safe = match acknowledgement.durability {
            Durability::Staged => {
                self.staged.extend(accepted);
                Vec::new()
            }
            Durability::Safe if self.staged.is_empty() => accepted,
            Durability::Safe => {
                let mut safe = std::mem::take(&mut self.staged);
                safe.extend(accepted);
                safe
            }
        };
        self.commit(safe, refused).await?;
        if is_suspicious { self.check_suspicion().await } else { Ok(()) }
    }

    /// Halves a refused batch, until the event at fault is alone.
    pub(super) async fn split(
        &mut self,
        mut events: Vec<EncodedEvent>,
        reason: String,
        waiting: &mut VecDeque<Vec<EncodedEvent>>,
    ) -> Result<(), Failure> {
        if events.len() > 1 {
            let second_half = events.split_off(events.len() / 2);
            waiting.push_front(second_half);
            waiting.push_front(events);
            return Ok(());
        }
        let refused = events.into_iter().map(|event| self.refused(event, reason.clone()));
        let refused: Vec<_> = refused.collect();
        self.suspects.extend(refused);
        self.check_suspicion().await
    }

    /// Commits the events that a failed delivery settled; the others stay undelivered.
    pub(super) async fn settle_in_part(&mut self, events: Vec<EncodedEvent>, settled: Settled) {
        let Settled { mut acknowledged, refused } = settled;
        acknowledged.sort_unstable();
        let (mut safe, mut rest) = (Vec::new(), Vec::new());
        let mut reasons = reasons(refused);
        let mut letters = Vec::new();
        for (index, event) in events.into_iter().enumerate() {
            if acknowledged.binary_search(&index).is_ok() {
                safe.push(event);
            } else if let Some(reason) = reasons.remove(&index) {
                letters.push(self.refused(event, reason));
            } else {
                rest.push(event);
            }
        }
        self.account.undelivered += upserts(&rest);
        letters.append(&mut self.suspects);
        if safe.is_empty() && letters.len() >= SUSPICION.new_sink {
            self.suspects = letters;
            return;
        }
        // The sink's failure is the cause. A failure of state counts the events as undelivered.
        let _ = self.commit(safe, letters).await;
    }

    /// Splits events into accepted and refused ones.
    pub(super) fn divide(
        &self,
        events: Vec<EncodedEvent>,
        refusals: Vec<Refusal>,
    ) -> (Vec<EncodedEvent>, Vec<RefusedEvent>) {
        if refusals.is_empty() {
            return (events, Vec::new());
        }
        let mut reasons = reasons(refusals);
        let (mut accepted, mut refused) = (Vec::with_capacity(events.len()), Vec::new());
        for (index, event) in events.into_iter().enumerate() {
            match reasons.remove(&index) {
                None => accepted.push(event),
                Some(reason) => refused.push(self.refused(event, reason)),
            }
        }
        (accepted, refused)
    }

    /// Records in state which events are safe and which were refused. On failure all of them are
    /// undelivered.
    pub(super) async fn commit(
        &mut self,
        safe: Vec<EncodedEvent>,
        refused: Vec<RefusedEvent>,
    ) -> Result<(), Failure> {
        if safe.is_empty() && refused.is_empty() {
            return Ok(());
        }
        let mut acknowledged = Vec::with_capacity(safe.len());
        let mut removed = Vec::new();
        let mut bytes = 0;
        let is_delivery = !safe.is_empty();
        for event in safe {
            match event.kind {
                EventKind::Upsert => {
                    bytes += event.body.len() as u64;
                    acknowledged.push((event.uid, event.fingerprint));
                }
                EventKind::Removal => removed.push(event.uid),
            }
        }
        let (delivered, removals) = (acknowledged.len() as u64, removed.len() as u64);
        let dead = refused.iter().filter(|refused| refused.kind == EventKind::Upsert).count();
        let dead = dead as u64;
        let refused: Vec<_> = refused.into_iter().map(|refused| refused.letter).collect();
        log_kept(&refused, self.target.cycle);
        let delivery = Delivery {
            cycle: self.target.cycle,
            scope: self.target.scope.clone(),
            at: self.target.clock.now(),
            acknowledged,
            removed,
            refused,
        };
        if let Err(error) = self.target.store.commit(delivery).await {
            self.account.undelivered += delivered + dead;
            return Err(error.into());
        }
        self.account.acknowledged += delivered;
        self.account.removals += removals;
        self.account.dead_lettered += dead;
        self.account.bytes += bytes;
        if is_delivery {
            self.account.batches += std::mem::take(&mut self.staged_batches);
        }
        self.target.progress.add_settled(delivered + dead);
        Ok(())
    }

    /// Fails when the sink has refused too many events since it last accepted one.
    async fn check_suspicion(&mut self) -> Result<(), Failure> {
        if self.suspects.len() < SUSPICION.new_sink {
            return Ok(());
        }
        let has_accepted = !self.staged.is_empty()
            || self.target.store.read().has_delivered(&self.target.scope).await?;
        let tolerated = if has_accepted { SUSPICION.known_sink } else { SUSPICION.new_sink };
        if self.suspects.len() < tolerated {
            return Ok(());
        }
        let reason = self.suspects.first().map_or("", |refused| refused.letter.reason.as_str());
        let message = format!(
            "refused {} events one by one and accepted no event in between; the first because: {reason}",
            self.suspects.len()
        );
        Err(Failure::new(ErrorCode::SinkRefusesEverything, Recovery::Operator, message).with_advice(
            "Check the receiver, and the settings and the form of the sink: it refuses every event.",
        ))
    }

    /// At the end of a cycle, keeps the few refused events that no accepted one followed.
    pub(super) async fn keep_suspects(&mut self) {
        let suspects = std::mem::take(&mut self.suspects);
        if let Err(failure) = self.commit(Vec::new(), suspects).await {
            self.give_up(failure, 0);
        }
    }

    fn refused(&self, event: EncodedEvent, reason: String) -> RefusedEvent {
        let EncodedEvent { kind, uid, fingerprint, body, .. } = event;
        RefusedEvent { kind, letter: self.letter(uid, fingerprint, reason, &body) }
    }

    /// An event that is larger than the sink's bound.
    pub(super) fn oversized(&self, event: ChunkEvent, body: &[u8]) -> RefusedEvent {
        let most = self.limits.max_event_bytes.unwrap_or_default();
        let reason =
            format!("event has {} bytes, but the sink takes at most {most}", event.range.len());
        let letter = self.letter(event.uid, event.encoded.fingerprint, reason, body);
        RefusedEvent { kind: EventKind::Upsert, letter }
    }

    fn letter(
        &self,
        uid: DeviceUid,
        fingerprint: Fingerprint,
        reason: String,
        body: &[u8],
    ) -> NewDeadLetter {
        NewDeadLetter {
            inventory: self.target.scope.inventory.clone(),
            sink: Some(self.target.scope.sink.clone()),
            stage: Stage::Deliver,
            uid: Some(uid),
            fingerprint: Some(fingerprint),
            reason,
            payload: String::from_utf8_lossy(body).into_owned(),
        }
    }
}

fn reasons(refusals: Vec<Refusal>) -> BTreeMap<usize, String> {
    refusals.into_iter().map(|refusal| (refusal.index, refusal.reason)).collect()
}
