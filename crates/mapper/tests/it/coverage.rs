//! The table against the events: neither has what the other lacks.

use std::collections::BTreeSet;

use serde_json::Value;
use stocktake_mapper::{TABLE, carried_by};
use stocktake_ocsf_model::Version;

use crate::fixtures::{AnyForm, forms, mapper, now, ocsf, records, sekoia};

/// JSON pointers of all values in `event` that hold no other value.
pub(crate) fn leaves(at: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(name, value)| leaves(&format!("{at}/{name}"), value, found));
        }
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| leaves(&format!("{at}/{index}"), item, found));
        }
        _ => {
            found.insert(at.to_owned());
        }
    }
}

/// JSON pointers of the values in `event` that no row which `form` carries accounts for.
pub(crate) fn unexplained(event: &Value, form: &AnyForm) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    leaves("", event, &mut found);
    for row in carried_by(form) {
        for (place, value) in row.places(event) {
            let mut explained = BTreeSet::new();
            leaves(&place, value, &mut explained);
            found.retain(|leaf| !explained.contains(leaf));
        }
    }
    found
}

#[test]
fn every_value_of_an_event_has_a_row_that_its_form_carries() {
    for pair in records() {
        for (name, form) in forms() {
            let unexplained = unexplained(&pair.event(&*form), &*form);
            assert!(unexplained.is_empty(), "{} {name}: {unexplained:?}", pair.name);
        }
    }
}

#[test]
fn every_row_is_seen_in_some_event_of_each_form_that_carries_it() {
    for (name, form) in forms() {
        let events: Vec<Value> = records().iter().map(|pair| pair.event(&*form)).collect();
        for row in carried_by(&*form) {
            let seen = events.iter().any(|event| !row.places(event).is_empty());
            assert!(seen, "no event in {name} has {}", row.ocsf);
        }
    }
}

#[test]
fn each_form_carries_what_it_should() {
    let carries =
        |form: Box<AnyForm>, path: &str| carried_by(&*form).iter().any(|row| row.ocsf == path);
    for (path, in_extra, in_plain) in [
        ("device.uid", true, true),
        ("device.groups[].name", true, false),
        ("device.network_interfaces[].ip", true, false),
        ("device.owner.name", false, false),
        ("enrichments[].data", false, false),
        ("enrichments[name=compliance_state].value", true, false),
        ("enrichments[name=onboarding_status].value", true, false),
        ("metadata.labels[]", false, false),
        ("device.agent_list[].name", false, false),
    ] {
        assert!(carries(ocsf(Version::default()), path), "{path}");
        assert_eq!(carries(sekoia(true), path), in_extra, "{path}");
        assert_eq!(carries(sekoia(false), path), in_plain, "{path}");
    }
    assert_eq!(carried_by(&*ocsf(Version::default())).len(), TABLE.len());
    assert!(!carries(ocsf("1.3.0".parse().unwrap()), "device.model"));
}

#[test]
fn every_source_of_a_row_is_a_field_of_some_record() {
    let mut seen = BTreeSet::new();
    for pair in records() {
        let form = ocsf(Version::default());
        let explained = mapper().explain(&pair.machine, &pair.enrichment, now(), &*form).unwrap();
        for row in explained {
            seen.extend(
                row.seen.iter().filter(|seen| seen.value.is_some()).map(|seen| seen.source),
            );
        }
    }
    for source in TABLE.iter().flat_map(|row| row.sources) {
        assert!(seen.contains(source), "no record has {source}");
    }
}

#[test]
fn an_explanation_shows_both_ends_of_each_row() {
    let records = records();
    let example = records.iter().find(|pair| pair.name == "example-pair").unwrap();
    let form = sekoia(false);
    let explained = mapper().explain(&example.machine, &example.enrichment, now(), &*form).unwrap();
    let row = |path: &str| explained.iter().find(|e| e.row.ocsf == path).unwrap();

    let name = row("device.os.name");
    assert_eq!(name.value, Some("10.0.22631.3880".into()));
    let seen = [Some("10.0.22631.3880".into()), Some("Windows10".into()), Some(18209.into())];
    assert_eq!(name.seen.iter().map(|seen| seen.value.clone()).collect::<Vec<_>>(), seen);

    assert_eq!(row("time").value, Some(1_733_047_200.0.into()));
    assert_eq!(row("enrichments[name=health_status].value").value, Some("Active".into()));
    assert_eq!(
        row("device.network_interfaces[name=wifi].mac").value,
        Some("AA:BB:CC:DD:EE:FF".into())
    );
    assert_eq!(explained.len(), carried_by(&*form).len());
}
