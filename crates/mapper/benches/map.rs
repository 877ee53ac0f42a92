//! What mapping costs for each device: `cargo bench -p stocktake-mapper`.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Utc};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use stocktake_connector_core::{Enrichment, Mapper as _};
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_ocsf_model::Dialect;

fn main() {
    divan::main();
}

fn map(bencher: Bencher<'_, '_>, dialect: Dialect) {
    let machine = serde_json::from_str(include_str!("../tests/data/machine.json")).unwrap();
    let device = serde_json::from_str(include_str!("../tests/data/managed-device.json")).unwrap();
    let enrichment = Enrichment::Matched(device);
    let now: DateTime<Utc> = "2024-12-24T12:00:00Z".parse().unwrap();
    let mapper = DefenderMapper::new(MapperOptions::new(dialect));
    bencher
        .counter(ItemsCount::new(1u32))
        .bench(|| mapper.map(black_box(&machine), black_box(&enrichment), now).unwrap());
}

#[divan::bench]
fn map_a_record_to_ocsf(bencher: Bencher<'_, '_>) {
    map(bencher, Dialect::Ocsf);
}

#[divan::bench]
fn map_a_record_to_sekoia(bencher: Bencher<'_, '_>) {
    map(bencher, Dialect::Sekoia { extra_fields: false });
}
