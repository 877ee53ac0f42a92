//! Look-ups and commits of 1,000 rows in a delivered set of 100,000 devices.
//!
//! `cargo bench -p stocktake-state`

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use chrono::DateTime;
use divan::{Bencher, counter::ItemsCount};
use stocktake_connector_core::{
    CycleId, Delivery, DeviceUid, Fence, Fingerprint, Inventory, Scope, SinkName, SourceName,
    StateStore, TenantName, WorkerName,
};
use stocktake_state::{MemoryStore, SqliteStore};
use tokio::runtime::Runtime;

const DEVICES: usize = 100_000;

fn main() {
    divan::main();
}

fn scope() -> Scope {
    Scope {
        inventory: Inventory {
            tenant: TenantName::new("contoso").unwrap(),
            source: SourceName::new("defender").unwrap(),
        },
        sink: SinkName::new("lake").unwrap(),
    }
}

/// Uids as Defender makes them: 40 hex digits in no order.
fn device(number: usize) -> DeviceUid {
    let digest = Fingerprint::of([number.to_le_bytes().as_slice()]).to_string();
    DeviceUid::new(format!("{digest}{:.8}", digest)).unwrap()
}

fn delivery(devices: &[DeviceUid], round: usize) -> Delivery {
    let content = Fingerprint::of([round.to_le_bytes().as_slice()]);
    Delivery {
        cycle: CycleId::random(),
        scope: scope(),
        at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        acknowledged: devices.iter().map(|uid| (uid.clone(), content)).collect(),
        removed: Vec::new(),
        refused: Vec::new(),
    }
}

struct Filled<S> {
    store: S,
    fence: Fence,
    devices: Vec<DeviceUid>,
    runtime: Runtime,
}

fn filled<S: StateStore>(store: S) -> Filled<S> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (tenant, worker) = (scope().inventory.tenant, WorkerName::new("w1").unwrap());
    let hour = Duration::from_secs(3600);
    let fence = runtime.block_on(store.claim(&tenant, &worker, hour)).unwrap().unwrap().fence();
    let devices: Vec<_> = (0..DEVICES).map(device).collect();
    for part in devices.chunks(1_000) {
        runtime.block_on(store.commit(&fence, delivery(part, 0))).unwrap();
    }
    Filled { store, fence, devices, runtime }
}

fn look_up<S: StateStore>(bencher: Bencher<'_, '_>, filled: Filled<S>, rows: usize) {
    let mut parts = filled.devices.chunks(rows).cycle();
    bencher.counter(ItemsCount::new(rows)).bench_local(|| {
        let part = parts.next().unwrap();
        filled.runtime.block_on(filled.store.known(&scope(), part)).unwrap()
    });
}

fn commit<S: StateStore>(bencher: Bencher<'_, '_>, filled: Filled<S>, rows: usize) {
    let mut round = 0;
    let mut parts = filled.devices.chunks(rows).cycle();
    bencher
        .counter(ItemsCount::new(rows))
        .with_inputs(|| {
            round += 1;
            delivery(parts.next().unwrap(), round)
        })
        .bench_local_values(|delivery| {
            filled.runtime.block_on(filled.store.commit(&filled.fence, delivery)).unwrap();
        });
}

#[divan::bench(args = [100, 1_000, 10_000])]
fn known_in_a_file(bencher: Bencher<'_, '_>, rows: usize) {
    let folder = tempfile::tempdir().unwrap();
    look_up(bencher, filled(SqliteStore::open(folder.path().join("state.db")).unwrap()), rows);
}

#[divan::bench(args = [100, 1_000, 5_000])]
fn commit_to_a_file(bencher: Bencher<'_, '_>, rows: usize) {
    let folder = tempfile::tempdir().unwrap();
    commit(bencher, filled(SqliteStore::open(folder.path().join("state.db")).unwrap()), rows);
}

#[divan::bench(args = [1_000])]
fn known_in_memory(bencher: Bencher<'_, '_>, rows: usize) {
    look_up(bencher, filled(MemoryStore::new()), rows);
}

#[divan::bench(args = [1_000])]
fn commit_to_memory(bencher: Bencher<'_, '_>, rows: usize) {
    commit(bencher, filled(MemoryStore::new()), rows);
}
