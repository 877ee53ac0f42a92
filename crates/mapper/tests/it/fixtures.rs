//! Records and events from `tests/data`.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;
use stocktake_connector_core::{Enrichment, Mapper as _};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_ocsf_model::{Dialect, Written};

/// Every dialect, with the ending of its golden files.
pub(crate) const DIALECTS: [(&str, Dialect); 3] = [
    ("ocsf", Dialect::Ocsf),
    ("sekoia", Dialect::Sekoia { extra_fields: false }),
    ("sekoia-extra", Dialect::Sekoia { extra_fields: true }),
];

pub(crate) fn data(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

pub(crate) fn read(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&fs::read(data(path)).unwrap()).unwrap()
}

pub(crate) fn now() -> DateTime<Utc> {
    "2024-12-24T12:00:00.123Z".parse().unwrap()
}

pub(crate) fn mapper(dialect: Dialect) -> DefenderMapper {
    let tenant = "00000000-0000-0000-0000-000000000001";
    DefenderMapper::new(MapperOptions::new(dialect).with_tenant_uid(tenant))
}

/// A machine and what enriches it.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) machine: Machine,
    pub(crate) enrichment: Enrichment<ManagedDevice>,
}

impl Pair {
    /// The event as `dialect` writes it.
    pub(crate) fn event(&self, dialect: Dialect) -> Value {
        let event = mapper(dialect).map(&self.machine, &self.enrichment, now()).unwrap();
        serde_json::to_value(Written { event: &event, dialect }).unwrap()
    }
}

/// Every record of `tests/data/records`, by name.
pub(crate) fn records() -> Vec<Pair> {
    let mut files: Vec<_> =
        fs::read_dir(data("records")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let record = read(&path);
            let enrichment = match record["enrichment"].as_str() {
                None => Enrichment::Matched(
                    serde_json::from_value(record["managedDevice"].clone()).unwrap(),
                ),
                Some("no match") => Enrichment::NoMatch,
                Some("unavailable") => Enrichment::Unavailable,
                Some(other) => panic!("{}: enrichment {other:?}", path.display()),
            };
            Pair {
                name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
                machine: serde_json::from_value(record["machine"].clone()).unwrap(),
                enrichment,
            }
        })
        .collect()
}
