//! The suite of [`Sink`], by what a sink declares that it can do.

use std::collections::BTreeSet;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use super::{at, content, device, source, tenant};
use crate::{
    Acknowledgement, Batch, CycleEnd, CycleId, CycleKind, DeviceUid, Durability, EncodedEvent,
    EventKind, EventUid, Inventory, Settled, Sink, SinkError,
};

/// An event as its receiver has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// [`EncodedEvent::event_uid`].
    pub event_uid: Uuid,
    /// The body, as far as the receiver gives it back.
    pub body: Bytes,
}

/// A sink together with the receiver that it delivers to.
///
/// The provided methods fit a receiver that keeps JSON objects as they are. A receiver that keeps
/// columns, say, overrides [`Destination::body`] and [`Destination::keeps_bytes`].
#[async_trait]
pub trait Destination: Send + Sync {
    /// The sink.
    fn sink(&self) -> &dyn Sink;

    /// The events that are safe at the receiver. Removals are not among them.
    async fn received(&self) -> Vec<Received>;

    /// The devices that the receiver knows as removed, for a sink that takes removals.
    async fn removed(&self) -> Vec<DeviceUid> {
        Vec::new()
    }

    /// Whether [`Received::body`] is the body that was sent, byte for byte.
    fn keeps_bytes(&self) -> bool {
        true
    }

    /// Whether [`Destination::received`] lists the events of an inventory in the order of sending.
    fn keeps_order(&self) -> bool {
        true
    }

    /// Whether the receiver has an address of its own. All that have none, as standard output, are one
    /// destination.
    fn has_address(&self) -> bool {
        true
    }

    /// A body that the sink takes, of `size` bytes where that is more than the smallest one.
    fn body(&self, event_uid: EventUid, size: usize) -> Bytes {
        json_body(event_uid, size)
    }

    /// Makes the next batch fail in part, with [`SinkError::Failed`]; `false` for a receiver that
    /// takes a batch as a whole.
    async fn fail_in_part(&self) -> bool {
        false
    }
}

/// A JSON object of `size` bytes, or of a little more than sixty, that carries `event_uid`.
pub fn json_body(event_uid: EventUid, size: usize) -> Bytes {
    let (head, tail) = (format!(r#"{{"uid":"{event_uid}","é":"\n"#), r#""}"#);
    let fill = size.saturating_sub(head.len() + tail.len());
    format!("{head}{}{tail}", "x".repeat(fill)).into()
}

/// The event that the body carries, for bodies of [`json_body`].
///
/// # Panics
/// When it is not such a body.
pub fn read_json_body(body: Bytes) -> Received {
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
    Received { event_uid: value["uid"].as_str().unwrap().parse().unwrap(), body }
}

/// Events that the suite puts into one batch at most, for sinks whose limit is greater.
const MANY: usize = 1_000;

/// Bytes that the suite puts into one batch at most.
const LARGE: usize = 4 * 1024 * 1024;

/// Tries every rule of [`Sink`] on sinks that `fresh` makes, each with an empty receiver.
///
/// # Panics
/// When a rule does not hold.
pub async fn sink<D: Destination>(fresh: impl AsyncFn() -> D) {
    limits_let_an_event_through(&fresh().await);
    a_receiver_is_one_destination_and_no_other(&fresh().await, &fresh().await).await;
    a_cycle_without_events_leaves_nothing(&fresh().await).await;
    every_event_arrives_unchanged_and_in_order(&fresh().await).await;
    a_full_batch_is_taken(&fresh().await).await;
    a_batch_of_the_most_bytes_is_taken(&fresh().await).await;
    the_largest_event_goes_alone(&fresh().await).await;
    inventories_and_cycles_do_not_disturb_each_other(&fresh().await).await;
    a_batch_may_come_twice(&fresh().await).await;
    a_cycle_may_be_finished_twice(&fresh().await).await;
    a_cycle_that_is_never_finished_loses_nothing(&fresh().await).await;
    a_batch_that_fails_in_part_settles_what_it_says(&fresh().await).await;
    if fresh().await.sink().capabilities().removals {
        a_removed_device_is_removed_and_may_come_back(&fresh().await).await;
    }
}

/// The cycle of an inventory as the engine runs it, with the accounts that it keeps.
struct Cycle<'a, D> {
    destination: &'a D,
    inventory: Inventory,
    id: CycleId,
    /// Events that are staged, in the order of writing.
    staged: Vec<Uuid>,
    /// Events that are safe by the word of the sink.
    safe: BTreeSet<Uuid>,
}

impl<'a, D: Destination> Cycle<'a, D> {
    fn start(destination: &'a D, inventory: &Inventory) -> Self {
        Self {
            destination,
            inventory: inventory.clone(),
            id: CycleId::random(),
            staged: Vec::new(),
            safe: BTreeSet::new(),
        }
    }

    fn batch(&self, kind: EventKind, events: Vec<(DeviceUid, EventUid, Bytes)>) -> Batch {
        let events = events
            .into_iter()
            .map(|(uid, event_uid, body)| EncodedEvent {
                kind,
                uid,
                event_uid,
                time: at(0),
                fingerprint: content(1),
                body,
            })
            .collect();
        Batch {
            tenant: self.inventory.tenant.clone(),
            source: self.inventory.source.clone(),
            cycle: self.id,
            events,
        }
    }

    /// A batch of the devices with these numbers, each body of `size` bytes where it can be.
    fn upserts(&self, numbers: Range<usize>, size: usize) -> Batch {
        let event = |number| {
            let uid = device(&format!("d{number}"));
            let event_uid = event_uid(&self.inventory, &uid);
            (uid, event_uid, self.destination.body(event_uid, size))
        };
        self.batch(EventKind::Upsert, numbers.map(event).collect())
    }

    /// Delivers a batch whose events are all valid.
    async fn deliver(&mut self, batch: &Batch) {
        let acknowledgement = self.destination.sink().write_batch(batch).await.unwrap();
        self.staged.extend(batch.events.iter().map(|event| event.event_uid.as_uuid()));
        let count = batch.events.len();
        self.acknowledge(&acknowledgement, count).await;
    }

    /// Checks an acknowledgement of `count` valid events, and that the receiver has what is safe.
    async fn acknowledge(&mut self, acknowledgement: &Acknowledgement, count: usize) {
        check_refusals(acknowledgement.refused.iter().map(|refusal| refusal.index), count);
        assert_eq!(acknowledgement.refused, [], "valid events are not refused");
        match acknowledgement.durability {
            Durability::Staged => {
                let capabilities = self.destination.sink().capabilities();
                assert!(capabilities.staging, "only a sink that declares it stages");
            }
            Durability::Safe => {
                self.safe.extend(self.staged.drain(..));
                let received = uids(&self.destination.received().await);
                let missing: Vec<_> = self.safe.difference(&received).collect();
                assert!(missing.is_empty(), "safe, and not at the receiver: {missing:?}");
            }
        }
    }

    async fn finish(&mut self) {
        let end = CycleEnd {
            tenant: self.inventory.tenant.clone(),
            source: self.inventory.source.clone(),
            cycle: self.id,
            kind: CycleKind::Full,
            is_complete: true,
        };
        let acknowledgement = self.destination.sink().finish_cycle(&end).await.unwrap();
        assert_eq!(acknowledgement.durability, Durability::Safe, "a finished cycle is safe");
        let count = self.staged.len();
        self.acknowledge(&acknowledgement, count).await;
    }
}

fn inventory(tenant_name: &str, source_name: &str) -> Inventory {
    Inventory { tenant: tenant(tenant_name), source: source(source_name) }
}

fn event_uid(inventory: &Inventory, device: &DeviceUid) -> EventUid {
    EventUid::derive(inventory, device, content(1), None)
}

fn uids(received: &[Received]) -> BTreeSet<Uuid> {
    received.iter().map(|event| event.event_uid).collect()
}

fn check_refusals(indexes: impl Iterator<Item = usize> + Clone, count: usize) {
    let distinct: BTreeSet<_> = indexes.clone().collect();
    assert_eq!(distinct.len(), indexes.count(), "an event is refused once");
    assert!(distinct.iter().all(|index| *index < count), "refused {distinct:?} of {count}");
}

/// Checks that exactly `sent` arrived, as far as the destination keeps it.
async fn assert_received(destination: &impl Destination, sent: &[&Batch]) {
    let sent: Vec<_> = sent
        .iter()
        .flat_map(|batch| &batch.events)
        .map(|event| Received { event_uid: event.event_uid.as_uuid(), body: event.body.clone() })
        .collect();
    let received = destination.received().await;
    assert_eq!(uids(&received), uids(&sent));
    assert_eq!(received.len(), sent.len(), "each event once");
    if destination.keeps_order() {
        let order =
            |events: &[Received]| -> Vec<_> { events.iter().map(|e| e.event_uid).collect() };
        assert!(order(&received) == order(&sent), "the events are out of order");
    }
    if destination.keeps_bytes() {
        let by_uid = |mut events: Vec<Received>| {
            events.sort_by_key(|event| event.event_uid);
            events
        };
        assert!(by_uid(received) == by_uid(sent), "a body is not as it was sent");
    }
}

fn limits_let_an_event_through(destination: &impl Destination) {
    let limits = destination.sink().batch_limits();
    assert!(limits.max_events > 0 && limits.max_bytes > 0, "{limits:?}");
    assert!(limits.max_event_bytes != Some(0), "{limits:?}");
}

/// State goes by it: one that changed would have everything sent again, and one that did not would have
/// another receiver stay empty.
async fn a_receiver_is_one_destination_and_no_other<D: Destination>(one: &D, other: &D) {
    let found = async |receiver: &D| receiver.sink().destination().await.expect("a destination");
    let before = found(one).await;
    assert!(!before.as_str().trim().is_empty(), "a destination that says nothing");
    assert!(before.as_str().len() <= 4_096, "a long destination: {before}");
    if one.has_address() {
        assert_ne!(before, found(other).await, "another receiver");
    }
    let mut cycle = Cycle::start(one, &inventory("contoso", "defender"));
    cycle.deliver(&cycle.upserts(0..1, 0)).await;
    cycle.finish().await;
    assert_eq!(found(one).await, before, "the same receiver, once it has events");
}

async fn a_cycle_without_events_leaves_nothing(destination: &impl Destination) {
    Cycle::start(destination, &inventory("contoso", "defender")).finish().await;
    assert_eq!(destination.received().await, []);
}

async fn every_event_arrives_unchanged_and_in_order(destination: &impl Destination) {
    let mut cycle = Cycle::start(destination, &inventory("contoso", "defender"));
    let most = destination.sink().batch_limits().max_events.min(MANY);
    let batches = [0..most, most..most * 2, most * 2..most * 2 + 1].map(|n| cycle.upserts(n, 0));
    for batch in &batches {
        cycle.deliver(batch).await;
    }
    cycle.finish().await;
    assert_received(destination, &batches.each_ref()).await;
}

async fn a_full_batch_is_taken(destination: &impl Destination) {
    let mut cycle = Cycle::start(destination, &inventory("contoso", "defender"));
    let limits = destination.sink().batch_limits();
    let events = limits.max_events.min(MANY);
    let size = (limits.max_bytes / events).min(1024);
    let mut batch = cycle.upserts(0..events, size);
    while batch.bytes() > limits.max_bytes && batch.events.len() > 1 {
        batch.events.pop();
    }
    cycle.deliver(&batch).await;
    cycle.finish().await;
    assert_received(destination, &[&batch]).await;
}

async fn a_batch_of_the_most_bytes_is_taken(destination: &impl Destination) {
    let mut cycle = Cycle::start(destination, &inventory("contoso", "defender"));
    let limits = destination.sink().batch_limits();
    let most = limits.max_bytes.min(LARGE).min(limits.max_event_bytes.unwrap_or(usize::MAX));
    let batch = cycle.upserts(0..1, most);
    cycle.deliver(&batch).await;
    cycle.finish().await;
    assert_received(destination, &[&batch]).await;
}

async fn the_largest_event_goes_alone(destination: &impl Destination) {
    let mut cycle = Cycle::start(destination, &inventory("contoso", "defender"));
    let limits = destination.sink().batch_limits();
    // A larger one than `max_event_bytes` never reaches a sink.
    let size = limits.max_event_bytes.unwrap_or(usize::MAX).min(limits.max_bytes.min(LARGE) + 1);
    let batch = cycle.upserts(0..1, size);
    cycle.deliver(&batch).await;
    cycle.finish().await;
    assert_received(destination, &[&batch]).await;
}

async fn inventories_and_cycles_do_not_disturb_each_other(destination: &impl Destination) {
    let inventories = [
        inventory("contoso", "defender"),
        inventory("contoso", "intune"),
        inventory("fabrikam/é", "defender"),
    ];
    let mut sent = Vec::new();
    for round in 0..2 {
        let mut cycles = inventories.each_ref().map(|of| Cycle::start(destination, of));
        for part in 0..2 {
            for cycle in &mut cycles {
                let first = (round * 2 + part) * 3;
                let batch = cycle.upserts(first..first + 3, 0);
                cycle.deliver(&batch).await;
                sent.push(batch);
            }
        }
        for cycle in &mut cycles {
            cycle.finish().await;
        }
    }
    let received = destination.received().await;
    for inventory in &inventories {
        let sent = sent.iter().filter(|batch| {
            (&batch.tenant, &batch.source) == (&inventory.tenant, &inventory.source)
        });
        let sent: Vec<_> =
            sent.flat_map(|batch| &batch.events).map(|event| event.event_uid.as_uuid()).collect();
        let mut found: Vec<_> =
            received.iter().map(|event| event.event_uid).filter(|uid| sent.contains(uid)).collect();
        if !destination.keeps_order() {
            found.sort_by_key(|uid| sent.iter().position(|sent| sent == uid));
        }
        assert_eq!(found, sent, "events of {inventory:?}");
    }
    assert_eq!(received.len(), sent.iter().map(|batch| batch.events.len()).sum::<usize>());
}

async fn a_batch_may_come_twice(destination: &impl Destination) {
    let mut cycle = Cycle::start(destination, &inventory("contoso", "defender"));
    let batch = cycle.upserts(0..2, 0);
    cycle.deliver(&batch).await;
    cycle.deliver(&batch).await;
    cycle.finish().await;
    let sent = batch.events.iter().map(|event| event.event_uid.as_uuid()).collect();
    assert_eq!(uids(&destination.received().await), sent, "at least once");
}

async fn a_cycle_may_be_finished_twice(destination: &impl Destination) {
    let mut cycle = Cycle::start(destination, &inventory("contoso", "defender"));
    let batch = cycle.upserts(0..2, 0);
    cycle.deliver(&batch).await;
    cycle.finish().await;
    cycle.finish().await;
    assert_received(destination, &[&batch]).await;
}

/// As after a cycle that was cut short: what was not safe is sent again by the next one.
async fn a_cycle_that_is_never_finished_loses_nothing(destination: &impl Destination) {
    let contoso = inventory("contoso", "defender");
    let mut first = Cycle::start(destination, &contoso);
    let batch = first.upserts(0..2, 0);
    first.deliver(&batch).await;
    let mut second = Cycle::start(destination, &contoso);
    let mut again = second.upserts(0..3, 0);
    again.events.retain(|event| !first.safe.contains(&event.event_uid.as_uuid()));
    second.deliver(&again).await;
    second.finish().await;
    let sent = batch.events.iter().chain(&again.events);
    let sent = sent.map(|event| event.event_uid.as_uuid()).collect();
    assert_eq!(uids(&destination.received().await), sent, "at least once");
}

async fn a_batch_that_fails_in_part_settles_what_it_says(destination: &impl Destination) {
    if !destination.fail_in_part().await {
        return;
    }
    let mut cycle = Cycle::start(destination, &inventory("contoso", "defender"));
    let most = destination.sink().batch_limits().max_events.min(10);
    let batch = cycle.upserts(0..most, 0);
    let failed = destination.sink().write_batch(&batch).await;
    let Err(SinkError::Failed { settled, .. }) = failed else { panic!("no failure: {failed:?}") };
    let Settled { acknowledged, refused } = settled;
    let indexes = acknowledged.iter().copied().chain(refused.iter().map(|refusal| refusal.index));
    check_refusals(indexes.clone(), most);
    let received = uids(&destination.received().await);
    for index in &acknowledged {
        let uid = batch.events[*index].event_uid.as_uuid();
        assert!(received.contains(&uid), "event {index} is settled, and not at the receiver");
    }
    let settled: BTreeSet<_> = indexes.collect();
    let mut rest = batch.clone();
    rest.events = (0..most)
        .filter(|index| !settled.contains(index))
        .map(|i| batch.events[i].clone())
        .collect();
    if !rest.events.is_empty() {
        cycle.deliver(&rest).await;
    }
    cycle.finish().await;
    let refused: BTreeSet<_> = refused.iter().map(|refusal| refusal.index).collect();
    let taken = (0..most).filter(|index| !refused.contains(index));
    let taken = taken.map(|index| batch.events[index].event_uid.as_uuid()).collect();
    assert_eq!(uids(&destination.received().await), taken, "the rest can be sent");
}

async fn a_removed_device_is_removed_and_may_come_back(destination: &impl Destination) {
    let mut cycle = Cycle::start(destination, &inventory("contoso", "defender"));
    let batch = cycle.upserts(0..2, 0);
    cycle.deliver(&batch).await;
    let gone = batch.events[0].uid.clone();
    let removal = EventUid::derive(&cycle.inventory, &gone, content(2), None);
    let removals = cycle.batch(EventKind::Removal, vec![(gone.clone(), removal, Bytes::new())]);
    // Not by `deliver`: a removal is not among the events that the receiver lists.
    let acknowledgement = destination.sink().write_batch(&removals).await.unwrap();
    assert_eq!(acknowledgement.refused, [], "a known device can be removed");
    cycle.finish().await;
    assert_eq!(destination.removed().await, [gone]);
    let mut cycle = Cycle::start(destination, &cycle.inventory.clone());
    let batch = cycle.upserts(0..1, 0);
    cycle.deliver(&batch).await;
    cycle.finish().await;
    assert_eq!(destination.removed().await, [], "a device that is there again is not removed");
}
