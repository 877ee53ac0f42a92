//! Golden files: `STOCKTAKE_UPDATE_GOLDEN=1 cargo test -p stocktake-mapper` writes them anew.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use stocktake_connector_core::{Fingerprint, Mapper as _};
use stocktake_ocsf_model::{Version, validate};

use crate::coverage::leaves;
use crate::fixtures::{data, forms, mapper, ocsf, read, records, sekoia};

/// `<mapping fingerprint> <digest of every golden event>`, one line for each mapping that ever was.
const FINGERPRINTS: &str = "fingerprints.txt";

fn updating() -> bool {
    std::env::var_os("STOCKTAKE_UPDATE_GOLDEN").is_some()
}

#[test]
fn the_example_pair_becomes_the_example_event_value_for_value() {
    let records = records();
    let example = records.iter().find(|pair| pair.name == "example-pair").unwrap();
    let event = example.event(&*sekoia(false));
    assert_eq!(event, read("event.json"));
    assert_eq!(serde_json::to_string(&event["time"]).unwrap(), "1733047200.0");
}

#[test]
fn every_record_becomes_its_golden_event_in_every_form() {
    for pair in records() {
        for (ending, form) in forms() {
            let event = pair.event(&*form);
            let path = data(format!("events/{}.{ending}.json", pair.name));
            if updating() {
                let text = serde_json::to_string_pretty(&event).unwrap() + "\n";
                fs::write(&path, text).unwrap();
            }
            let golden: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            assert_eq!(event, golden, "{} differs from {}", pair.name, path.display());
        }
    }
}

#[test]
fn every_golden_event_has_its_record() {
    let expected = records().len() * forms().len();
    assert_eq!(fs::read_dir(data("events")).unwrap().count(), expected);
}

#[test]
fn every_event_is_valid_in_every_version() {
    for version in Version::ALL {
        for pair in records() {
            let event = pair.event(&*ocsf(version));
            assert_eq!(validate(&event, version), [], "{} {version}", pair.name);
        }
    }
}

#[test]
fn output_changes_only_with_the_fingerprint() {
    let mut parts = Vec::new();
    for pair in records() {
        for (_, form) in forms() {
            // Leaf by leaf: the order of attributes is no part of what an event says.
            let event = pair.event(&*form);
            let mut places = BTreeSet::new();
            leaves("", &event, &mut places);
            for place in places {
                parts.extend([event.pointer(&place).unwrap().to_string(), place]);
            }
        }
    }
    let digest = Fingerprint::of(parts.iter().map(String::as_bytes)).to_string();
    let fingerprint = mapper().fingerprint().to_string();
    let line = format!("{fingerprint} {digest}");

    let mut known = fs::read_to_string(data(FINGERPRINTS)).unwrap_or_default();
    let mut lines = known.lines();
    match lines.find(|known| known.starts_with(&fingerprint)) {
        Some(known) => assert_eq!(
            known, line,
            "events changed but the mapping fingerprint did not: no device would be sent again. \
             Raise `VERSION` in src/table.rs and update the golden files"
        ),
        None if updating() => {
            known.push_str(&format!("{line}\n"));
            fs::write(data(FINGERPRINTS), known).unwrap();
        }
        None => panic!("the mapping fingerprint is new: update the golden files to add `{line}`"),
    }
}
