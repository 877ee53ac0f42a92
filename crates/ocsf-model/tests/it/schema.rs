use serde_json::Value;
use stocktake_ocsf_model::{RiskLevelId, Version, attribute_exists};

/// The facts file of a version, which the table is made from.
fn facts(version: Version) -> (String, Value) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema");
    let text = std::fs::read_to_string(format!("{folder}/ocsf-{version}.json")).unwrap();
    let facts = serde_json::from_str(&text).unwrap();
    (text, facts)
}

#[test]
fn the_facts_hold_no_texts_and_name_their_origin() {
    for version in Version::ALL {
        let (text, facts) = facts(version);
        assert!(!text.contains("description") && !text.contains("<code>"), "{version}");
        assert_eq!(facts["origin"]["ocsf_version"], version.as_str());
        assert_eq!(facts["origin"]["package"], "ocsf-json-schema");
        assert_eq!(facts["origin"]["sha256"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn the_facts_are_those_of_the_class_and_every_object_that_it_reaches() {
    let (_, facts) = facts(Version::default());
    let objects = facts["objects"].as_object().unwrap();
    let attributes = |object: &Value| object["attributes"].as_object().unwrap().len();
    assert_eq!(objects.len(), 93);
    assert_eq!(objects.values().map(attributes).sum::<usize>(), 972);
    assert_eq!(facts["class"]["uid"], 5001);
}

#[test]
fn a_path_exists_where_the_schema_has_it() {
    for path in [
        "time",
        "device.last_seen_time",
        "metadata.processed_time",
        "device.network_interfaces.mac",
        "device.network_interfaces[].mac",
        "device.network_interfaces[]",
        "enrichments[].data.value",
        "unmapped.anything",
        "cloud.region",
    ] {
        assert!(attribute_exists(path), "{path}");
    }
}

#[test]
fn a_path_that_the_schema_lacks_does_not_exist() {
    for path in [
        "",
        ".",
        "device.",
        "device.last_seen",
        "Device.uid",
        "time.seconds",
        "device[].uid",
        "device.uid[]",
        "unmapped.",
        "device..uid",
    ] {
        assert!(!attribute_exists(path), "{path}");
    }
}

#[test]
fn members_are_listed_with_their_captions() {
    assert_eq!(RiskLevelId::MEMBERS.first(), Some(&(0, "Info")));
    for (id, caption) in RiskLevelId::MEMBERS {
        assert_eq!(RiskLevelId::from_id(*id).caption(), Some(*caption));
    }
}
