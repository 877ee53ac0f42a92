//! Records and events from `tests/data`.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;
use stocktake_connector_core::{DirectoryId, Enrichment, Fingerprint, Form, Mapper as _};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_mapper::{DefenderMapper, MapperOptions};
use stocktake_ocsf_model::{InventoryInfo, Version};
use stocktake_sinks::{OcsfForm, SekoiaForm, VOLATILE};

/// Any form of the events.
pub(crate) type AnyForm = dyn for<'a> Form<InventoryInfo<'a>>;

pub(crate) fn ocsf(version: Version) -> Box<AnyForm> {
    Box::new(OcsfForm::new(version, Fingerprint::of([]), VOLATILE))
}

pub(crate) fn sekoia(extra_fields: bool) -> Box<AnyForm> {
    Box::new(SekoiaForm::new(extra_fields, Fingerprint::of([]), VOLATILE))
}

/// Every form, with the ending of its golden files.
pub(crate) fn forms() -> [(&'static str, Box<AnyForm>); 3] {
    [("ocsf", ocsf(Version::default())), ("sekoia", sekoia(false)), ("sekoia-extra", sekoia(true))]
}

/// The event as `form` writes it, without the uid, which names a sending and comes from no record.
pub(crate) fn encoded(form: &AnyForm, event: &InventoryInfo<'_>) -> Value {
    let mut body = Vec::new();
    form.encode(event, &mut body).unwrap();
    let mut event: Value = serde_json::from_slice(&body).unwrap();
    event["metadata"].as_object_mut().unwrap().remove("uid");
    event
}

pub(crate) fn data(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

pub(crate) fn read(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&fs::read(data(path)).unwrap()).unwrap()
}

pub(crate) fn now() -> DateTime<Utc> {
    "2024-12-24T12:00:00.123Z".parse().unwrap()
}

pub(crate) fn mapper() -> DefenderMapper {
    let tenant = DirectoryId::new("00000000-0000-0000-0000-000000000001").unwrap();
    DefenderMapper::new(MapperOptions::default().with_tenant_uid(tenant))
}

/// A machine and what enriches it.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) machine: Machine,
    pub(crate) enrichment: Enrichment<ManagedDevice>,
}

impl Pair {
    /// The event as `form` writes it.
    pub(crate) fn event(&self, form: &AnyForm) -> Value {
        encoded(form, &mapper().map(&self.machine, &self.enrichment, now()).unwrap())
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
