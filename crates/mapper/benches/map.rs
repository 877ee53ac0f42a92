//! What mapping costs for each device, alone and with the forms: `cargo bench -p stocktake-mapper`.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Utc};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use stocktake_connector_core::{Enrichment, Form, Mapper as _};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_ocsf_model::{InventoryInfo, Version};
use stocktake_sinks::{OcsfForm, SekoiaForm, VOLATILE};

fn main() {
    divan::main();
}

fn records() -> (Machine, Enrichment<ManagedDevice>) {
    let machine = serde_json::from_str(include_str!("../tests/data/machine.json")).unwrap();
    let device = serde_json::from_str(include_str!("../tests/data/managed-device.json")).unwrap();
    (machine, Enrichment::Matched(device))
}

fn now() -> DateTime<Utc> {
    "2024-12-24T12:00:00Z".parse().unwrap()
}

#[divan::bench]
fn map_a_record(bencher: Bencher<'_, '_>) {
    let ((machine, enrichment), now) = (records(), now());
    let mapper = DefenderMapper::new(MapperOptions::default());
    bencher.counter(ItemsCount::new(1u32)).bench(|| {
        black_box(mapper.map(black_box(&machine), black_box(&enrichment), now).unwrap());
    });
}

fn map_and_encode(bencher: Bencher<'_, '_>, form: &dyn for<'a> Form<InventoryInfo<'a>>) {
    let ((machine, enrichment), now) = (records(), now());
    let mapper = DefenderMapper::new(MapperOptions::default());
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| {
        out.clear();
        let event = mapper.map(black_box(&machine), black_box(&enrichment), now).unwrap();
        form.encode(&event, &mut out).unwrap()
    });
}

#[divan::bench]
fn map_and_encode_ocsf(bencher: Bencher<'_, '_>) {
    let mapping = DefenderMapper::new(MapperOptions::default()).fingerprint();
    map_and_encode(bencher, &OcsfForm::new(Version::default(), mapping, VOLATILE));
}

#[divan::bench]
fn map_and_encode_sekoia(bencher: Bencher<'_, '_>) {
    let mapping = DefenderMapper::new(MapperOptions::default()).fingerprint();
    map_and_encode(bencher, &SekoiaForm::new(false, mapping, VOLATILE));
}
