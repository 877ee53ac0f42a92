//! The table against the events: neither has what the other lacks.

use std::collections::BTreeSet;

use serde_json::Value;
use stocktake_mapper::TABLE;
use stocktake_ocsf_model::Dialect;

use crate::fixtures::{DIALECTS, mapper, now, records};

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

/// JSON pointers of the values in `event` that no row of `dialect` accounts for.
pub(crate) fn unexplained(event: &Value, dialect: Dialect) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    leaves("", event, &mut found);
    for row in TABLE.iter().filter(|row| row.dialects.contains(dialect)) {
        for (place, value) in row.places(event) {
            let mut explained = BTreeSet::new();
            leaves(&place, value, &mut explained);
            found.retain(|leaf| !explained.contains(leaf));
        }
    }
    found
}

#[test]
fn every_value_of_an_event_has_its_row_and_stands_in_a_dialect_of_the_row() {
    for pair in records() {
        for (_, dialect) in DIALECTS {
            let unexplained = unexplained(&pair.event(dialect), dialect);
            assert!(unexplained.is_empty(), "{} {dialect:?}: {unexplained:?}", pair.name);
        }
    }
}

#[test]
fn every_row_is_seen_in_some_event_of_each_of_its_dialects() {
    for (_, dialect) in DIALECTS {
        let events: Vec<Value> = records().iter().map(|pair| pair.event(dialect)).collect();
        for row in TABLE.iter().filter(|row| row.dialects.contains(dialect)) {
            let seen = events.iter().any(|event| !row.places(event).is_empty());
            assert!(seen, "no event in {dialect:?} has {}", row.ocsf);
        }
    }
}

#[test]
fn every_source_of_a_row_is_a_field_of_some_record() {
    let mut seen = BTreeSet::new();
    for pair in records() {
        let explained =
            mapper(Dialect::Ocsf).explain(&pair.machine, &pair.enrichment, now()).unwrap();
        for row in explained {
            seen.extend(row.seen.iter().filter(|(_, v)| v.is_some()).map(|(source, _)| *source));
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
    let mapper = mapper(Dialect::Sekoia { extra_fields: false });
    let explained = mapper.explain(&example.machine, &example.enrichment, now()).unwrap();
    let row = |path: &str| explained.iter().find(|e| e.row.ocsf == path).unwrap();

    let name = row("device.os.name");
    assert_eq!(name.value, Some("10.0.22631.3880".into()));
    let seen = [Some("10.0.22631.3880".into()), Some("Windows10".into()), Some(18209.into())];
    assert_eq!(name.seen.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(), seen);

    assert_eq!(row("time").value, Some(1_733_047_200.0.into()));
    assert_eq!(row("enrichments[name=health_status].value").value, Some("Active".into()));
    assert_eq!(
        row("device.network_interfaces[name=wifi].mac").value,
        Some("AA:BB:CC:DD:EE:FF".into())
    );
    assert!(
        explained.iter().all(|e| e.row.dialects.contains(Dialect::Sekoia { extra_fields: false }))
    );
}
