//! Finds sinks that deliver elsewhere than before. Another destination is another sink: it has nothing
//! yet, and what the old one has says nothing about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{CycleId, Mapper, SinkDestination, SinkName, StateError};
use stocktake_telemetry::field;
use tokio_util::task::AbortOnDropHandle;

use crate::collector::Collector;
use crate::fenced_store::FencedStore;
use crate::stop::Stop;

/// Notes where each sink delivers. Returns the sinks that have moved, each with where it delivered
/// before; state has forgotten what that place has.
pub(crate) async fn note_destinations<S, E, M: Mapper>(
    collector: &Collector<S, E, M>,
    store: &FencedStore,
    cycle: CycleId,
    now: DateTime<Utc>,
    stop: &Stop,
) -> Result<BTreeMap<SinkName, SinkDestination>, StateError> {
    let inventory = &collector.inventory;
    // All at the same time: a file system that does not respond delays the cycle once.
    let asked = collector.forms.iter().flat_map(|form| &form.sinks).map(|(name, sink)| {
        let sink = Arc::clone(sink);
        let asking = tokio::spawn(async move { sink.destination().await });
        (name, AbortOnDropHandle::new(asking))
    });
    let asked: Vec<_> = asked.collect();
    let mut moved = BTreeMap::new();
    for (name, asking) in asked {
        let found = tokio::select! {
            biased;
            () = stop.immediate.cancelled() => break,
            found = asking => found,
        };
        // Where that is unknown, or a defect, the next cycle asks again.
        let Ok(Some(destination)) = found else { continue };
        let Some(before) = store.note_destination(&inventory.at(name), &destination, now).await?
        else {
            continue;
        };
        tracing::warn!(
            { field::TENANT_NAME } = %inventory.tenant,
            { field::SOURCE } = %inventory.source,
            { field::SINK } = %name,
            { field::CYCLE_ID } = %cycle,
            %before,
            %destination,
            "the sink delivers elsewhere than before; every device is sent to the new destination"
        );
        moved.insert(name.clone(), before);
    }
    Ok(moved)
}
