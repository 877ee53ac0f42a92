//! A receiver that commits later than it takes, takes removals, and settles batches in part: rules of the
//! suite that no sink of this crate needs, and the defects that the suite must find.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use stocktake_connector_core::conformance::{self, Destination, Received};
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, CycleEnd, CycleId, DeviceUid, EncodedEvent, ErrorCode,
    EventKind, EventUid, Failure, Inventory, Recovery, Settled, Sink, SinkCapabilities,
    SinkDestination, SinkError,
};

/// Batches that are staged before one is committed with them.
const STAGED: usize = 3;

/// What a broken warehouse does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defect {
    /// It forgets what it staged when the cycle ends.
    LosesStaged,
    /// It calls safe what is only staged.
    CallsStagedSafe,
    /// It stages, and does not declare it.
    HidesStaging,
    /// It ignores removals.
    IgnoresRemovals,
    /// It calls events settled that it did not take.
    SettlesTooMuch,
    /// It mixes up the inventories when it commits.
    MixesInventories,
    /// It names one destination for all.
    MixesDestinations,
    /// It names another destination each time.
    Wanders,
    /// It names no destination.
    HidesDestination,
}

/// Columns rather than JSON, and no order: bodies are made and read by [`Destination`] alone.
#[derive(Debug)]
struct Warehouse {
    address: CycleId,
    defect: Option<Defect>,
    tables: Mutex<Tables>,
}

impl Default for Warehouse {
    fn default() -> Self {
        Self { address: CycleId::random(), defect: None, tables: Mutex::default() }
    }
}

#[derive(Debug, Default)]
struct Tables {
    staged: BTreeMap<Inventory, Vec<EncodedEvent>>,
    batches: usize,
    rows: Vec<EncodedEvent>,
    removed: BTreeSet<DeviceUid>,
    fails_in_part: bool,
}

impl Tables {
    fn commit(&mut self, inventory: &Inventory) {
        for event in self.staged.remove(inventory).into_iter().flatten() {
            match event.kind {
                EventKind::Upsert => {
                    self.removed.remove(&event.uid);
                    self.rows.push(event);
                }
                EventKind::Removal => {
                    self.removed.insert(event.uid);
                }
            }
        }
    }
}

impl Warehouse {
    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }
}

#[async_trait]
impl Sink for Warehouse {
    fn batch_limits(&self) -> BatchLimits {
        BatchLimits { max_events: 50, max_bytes: 16 * 1024, max_event_bytes: Some(2 * 1024) }
    }

    async fn destination(&self) -> Option<SinkDestination> {
        let address = match self.defect {
            Some(Defect::MixesDestinations) => "warehouse".to_owned(),
            Some(Defect::Wanders) => CycleId::random().to_string(),
            Some(Defect::HidesDestination) => return None,
            _ => self.address.to_string(),
        };
        Some(SinkDestination::new(&address))
    }

    fn capabilities(&self) -> SinkCapabilities {
        let mut capabilities = SinkCapabilities::default();
        capabilities.removals = true;
        capabilities.staging = !self.has(Defect::HidesStaging);
        capabilities
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let tables = &mut *self.tables.lock().unwrap();
        let inventory = Inventory { tenant: batch.tenant.clone(), source: batch.source.clone() };
        if std::mem::take(&mut tables.fails_in_part) {
            tables.rows.extend(batch.events.iter().take(2).cloned());
            let claimed = if self.has(Defect::SettlesTooMuch) { 3 } else { 2 };
            let failure = Failure::new(ErrorCode::SinkUnavailable, Recovery::Retry, "full for now");
            let settled = Settled { acknowledged: (0..claimed).collect(), refused: Vec::new() };
            return Err(SinkError::Failed { failure, settled });
        }
        let events = batch
            .events
            .iter()
            .filter(|event| event.kind == EventKind::Upsert || !self.has(Defect::IgnoresRemovals));
        let events: Vec<_> = events.cloned().collect();
        tables.staged.entry(inventory.clone()).or_default().extend(events);
        tables.batches += 1;
        if tables.batches.is_multiple_of(STAGED) {
            tables.commit(&inventory);
            return Ok(Acknowledgement::ALL);
        }
        Ok(if self.has(Defect::CallsStagedSafe) {
            Acknowledgement::ALL
        } else {
            Acknowledgement::STAGED
        })
    }

    async fn finish_cycle(&self, end: &CycleEnd) -> Result<Acknowledgement, SinkError> {
        let tables = &mut *self.tables.lock().unwrap();
        let inventory = Inventory { tenant: end.tenant.clone(), source: end.source.clone() };
        if self.has(Defect::LosesStaged) {
            tables.staged.remove(&inventory);
        }
        if self.has(Defect::MixesInventories)
            && let Some((_, events)) = tables.staged.pop_last()
        {
            tables.staged.insert(inventory.clone(), events);
        }
        tables.commit(&inventory);
        Ok(Acknowledgement::ALL)
    }
}

#[async_trait]
impl Destination for Warehouse {
    fn sink(&self) -> &dyn Sink {
        self
    }

    async fn received(&self) -> Vec<Received> {
        let tables = self.tables.lock().unwrap();
        // What comes out of a query has neither the order nor the bytes of what went in.
        let mut rows: Vec<_> = tables
            .rows
            .iter()
            .map(|event| Received { event_uid: event.event_uid.as_uuid(), body: Bytes::new() })
            .collect();
        rows.sort_by_key(|row| row.event_uid);
        rows
    }

    async fn removed(&self) -> Vec<DeviceUid> {
        self.tables.lock().unwrap().removed.iter().cloned().collect()
    }

    fn keeps_bytes(&self) -> bool {
        false
    }

    fn keeps_order(&self) -> bool {
        false
    }

    fn body(&self, event_uid: EventUid, size: usize) -> Bytes {
        format!("{event_uid};{}", "x".repeat(size.saturating_sub(37))).into()
    }

    async fn fail_in_part(&self) -> bool {
        self.tables.lock().unwrap().fails_in_part = true;
        true
    }
}

#[tokio::test]
async fn a_sink_that_stages_and_takes_removals_conforms() {
    conformance::sink(async || Warehouse::default()).await;
}

#[tokio::test]
async fn the_suite_finds_every_defect() {
    for defect in [
        Defect::LosesStaged,
        Defect::CallsStagedSafe,
        Defect::HidesStaging,
        Defect::IgnoresRemovals,
        Defect::SettlesTooMuch,
        Defect::MixesInventories,
        Defect::MixesDestinations,
        Defect::Wanders,
        Defect::HidesDestination,
    ] {
        let suite = conformance::sink(move || async move {
            Warehouse { defect: Some(defect), ..Warehouse::default() }
        });
        let found = tokio::spawn(suite).await;
        assert!(found.is_err_and(|error| error.is_panic()), "{defect:?} is not found");
    }
}
