//! The stores as their users see them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod agreement;
mod backup;
mod conformance;
mod crash;
mod migration;
mod one_writer;
mod opening;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    CycleClose, CycleId, CycleReport, Delivery, DeviceUid, Fence, Fingerprint, Inventory, Scope,
    SinkName, SourceName, StateStore, TenantName, WorkerName,
};

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_000_000 + millis).unwrap()
}

fn device(number: usize) -> DeviceUid {
    DeviceUid::new(format!("d{number:06}")).unwrap()
}

fn content(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 16])
}

fn inventory() -> Inventory {
    Inventory {
        tenant: TenantName::new("contoso").unwrap(),
        source: SourceName::new("defender").unwrap(),
    }
}

fn lake() -> Scope {
    inventory().at(&SinkName::new("lake").unwrap())
}

/// The fence of a tenant's present claim, which is made if there is none.
async fn fence_of(store: &dyn StateStore, tenant: &TenantName) -> Fence {
    let leases = store.leases().await.unwrap();
    if let Some(lease) = leases.iter().find(|lease| lease.tenant == *tenant) {
        return lease.fence();
    }
    let worker = WorkerName::new("w1").unwrap();
    let hour = std::time::Duration::from_secs(3600);
    store.claim(tenant, &worker, hour).await.unwrap().unwrap().fence()
}

async fn commit(store: &dyn StateStore, delivery: Delivery) {
    let fence = fence_of(store, &delivery.scope.inventory.tenant).await;
    store.commit(&fence, delivery).await.unwrap();
}

async fn close_cycle(store: &dyn StateStore, close: CycleClose) {
    let fence = fence_of(store, &close.report.tenant).await;
    store.close_cycle(&fence, close).await.unwrap();
}

fn delivery(devices: std::ops::Range<usize>) -> Delivery {
    Delivery {
        cycle: CycleId::random(),
        scope: lake(),
        at: at(0),
        acknowledged: devices.map(|number| (device(number), content(1))).collect(),
        removed: Vec::new(),
        refused: Vec::new(),
    }
}

fn close() -> CycleClose {
    CycleClose {
        report: CycleReport {
            finished_at: at(1),
            ..CycleReport::empty(inventory().tenant, inventory().source, at(0))
        },
        checkpoints: Default::default(),
        facts: None,
        removed: Vec::new(),
        returned: Vec::new(),
    }
}
