//! The suite of [`Sink`].

use std::collections::BTreeSet;

use async_trait::async_trait;
use bytes::Bytes;

use super::{content, device, tenant};
use crate::{Batch, CycleId, EncodedEvent, Sink, TenantName};

/// A sink together with the place that it delivers to.
#[async_trait]
pub trait Destination {
    /// The sink.
    fn sink(&self) -> &dyn Sink;

    /// The bodies of every event that arrived so far: those of one tenant in the order of arrival,
    /// one tenant after the other or mixed.
    async fn arrived(&self) -> Vec<Bytes>;
}

/// Most events that the suite puts into one batch, for sinks whose limit is greater.
const MANY: usize = 1_000;

/// Tries every rule of [`Sink`] on sinks that `fresh` makes, each with an empty destination.
///
/// # Panics
/// When a rule does not hold.
pub async fn sink<D: Destination>(fresh: impl AsyncFn() -> D) {
    limits_let_an_event_through(&fresh().await);
    a_cycle_without_events_leaves_nothing(&fresh().await).await;
    every_event_arrives_unchanged_and_in_order(&fresh().await).await;
    a_full_batch_is_taken(&fresh().await).await;
    a_large_event_goes_alone(&fresh().await).await;
    tenants_and_cycles_do_not_disturb_each_other(&fresh().await).await;
    a_batch_may_come_twice(&fresh().await).await;
    a_cycle_may_be_finished_twice(&fresh().await).await;
}

fn batch(tenant: &TenantName, cycle: CycleId, bodies: &[String]) -> Batch {
    let event = |(index, body): (usize, &String)| EncodedEvent {
        uid: device(&format!("d{index}")),
        fingerprint: content(1),
        body: Bytes::from(body.clone()),
    };
    Batch { tenant: tenant.clone(), cycle, events: bodies.iter().enumerate().map(event).collect() }
}

fn bodies(name: &str, numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!(r#"{{"device":"{name}{number}","é":"\n"}}"#)).collect()
}

/// Delivers a batch whose events are all in order.
async fn deliver(sink: &dyn Sink, batch: &Batch) {
    let acknowledgement = sink.write_batch(batch).await.unwrap();
    let refused: BTreeSet<_> = acknowledgement.refused.iter().map(|r| r.index).collect();
    assert_eq!(refused.len(), acknowledgement.refused.len(), "an event is refused once");
    assert!(refused.iter().all(|index| *index < batch.events.len()), "refused {refused:?}");
    assert_eq!(acknowledgement.refused, [], "events in order are not refused");
}

async fn arrived(destination: &impl Destination) -> Vec<String> {
    let bodies = destination.arrived().await;
    bodies.into_iter().map(|body| String::from_utf8(body.to_vec()).unwrap()).collect()
}

fn limits_let_an_event_through(destination: &impl Destination) {
    let limits = destination.sink().batch_limits();
    assert!(limits.max_events > 0 && limits.max_bytes > 0, "{limits:?}");
}

async fn a_cycle_without_events_leaves_nothing(destination: &impl Destination) {
    destination.sink().finish_cycle(&tenant("contoso"), CycleId::random()).await.unwrap();
    assert_eq!(arrived(destination).await, [""; 0]);
}

async fn every_event_arrives_unchanged_and_in_order(destination: &impl Destination) {
    let (contoso, cycle) = (tenant("contoso"), CycleId::random());
    let most = destination.sink().batch_limits().max_events.min(MANY);
    let all = bodies("d", 0..most * 2 + 1);
    for some in all.chunks(most) {
        deliver(destination.sink(), &batch(&contoso, cycle, some)).await;
    }
    destination.sink().finish_cycle(&contoso, cycle).await.unwrap();
    assert_eq!(arrived(destination).await, all);
}

async fn a_full_batch_is_taken(destination: &impl Destination) {
    let (contoso, cycle) = (tenant("contoso"), CycleId::random());
    let limits = destination.sink().batch_limits();
    let events = limits.max_events.min(MANY);
    let size = (limits.max_bytes / events).min(1024);
    let all: Vec<_> = (0..events).map(|number| format!("{number:0>size$}")).map(quoted).collect();
    deliver(destination.sink(), &batch(&contoso, cycle, &all)).await;
    destination.sink().finish_cycle(&contoso, cycle).await.unwrap();
    assert_eq!(arrived(destination).await, all);
}

/// A JSON text as long as `text`.
fn quoted(text: String) -> String {
    let inner: String = text.chars().skip(2).collect();
    format!("\"{inner}\"")
}

async fn a_large_event_goes_alone(destination: &impl Destination) {
    let (contoso, cycle) = (tenant("contoso"), CycleId::random());
    let size = destination.sink().batch_limits().max_bytes.min(4 * 1024 * 1024) + 1;
    let all = vec![quoted("x".repeat(size))];
    deliver(destination.sink(), &batch(&contoso, cycle, &all)).await;
    destination.sink().finish_cycle(&contoso, cycle).await.unwrap();
    assert_eq!(arrived(destination).await, all);
}

async fn tenants_and_cycles_do_not_disturb_each_other(destination: &impl Destination) {
    let tenants = [tenant("contoso"), tenant("fabrikam/é")];
    let mut expected = Vec::new();
    for round in 0..2 {
        let cycles = [CycleId::random(), CycleId::random()];
        for part in 0..2 {
            for (tenant, cycle) in tenants.iter().zip(cycles) {
                let some = bodies(&format!("{tenant}-{round}-{part}-"), 0..3);
                deliver(destination.sink(), &batch(tenant, cycle, &some)).await;
                expected.extend(some);
            }
        }
        for (tenant, cycle) in tenants.iter().zip(cycles) {
            destination.sink().finish_cycle(tenant, cycle).await.unwrap();
        }
    }
    let found = arrived(destination).await;
    for tenant in &tenants {
        let of = |all: &[String]| -> Vec<String> {
            all.iter().filter(|body| body.contains(tenant.as_str())).cloned().collect()
        };
        assert_eq!(of(&found), of(&expected), "events of {tenant}");
    }
    assert_eq!(found.len(), expected.len());
}

async fn a_batch_may_come_twice(destination: &impl Destination) {
    let (contoso, cycle) = (tenant("contoso"), CycleId::random());
    let one = batch(&contoso, cycle, &bodies("d", 0..2));
    deliver(destination.sink(), &one).await;
    deliver(destination.sink(), &one).await;
    destination.sink().finish_cycle(&contoso, cycle).await.unwrap();
    let found: BTreeSet<_> = arrived(destination).await.into_iter().collect();
    assert_eq!(found, bodies("d", 0..2).into_iter().collect(), "at least once");
}

async fn a_cycle_may_be_finished_twice(destination: &impl Destination) {
    let (contoso, cycle) = (tenant("contoso"), CycleId::random());
    let all = bodies("d", 0..2);
    deliver(destination.sink(), &batch(&contoso, cycle, &all)).await;
    destination.sink().finish_cycle(&contoso, cycle).await.unwrap();
    destination.sink().finish_cycle(&contoso, cycle).await.unwrap();
    assert_eq!(arrived(destination).await, all);
}
