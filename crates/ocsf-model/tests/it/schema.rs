use serde_json::Value;
use stocktake_ocsf_model::{Members, RiskLevelId, VERSION, attribute_exists};

const FACTS: &str = include_str!("../../schema/ocsf-1.5.0.json");

#[test]
fn the_facts_hold_no_texts() {
    assert!(!FACTS.contains("description"));
    assert!(!FACTS.contains("<code>"));
}

#[test]
fn the_facts_name_their_origin() {
    let facts: Value = serde_json::from_str(FACTS).unwrap();
    assert_eq!(facts["origin"]["ocsf_version"], VERSION);
    assert_eq!(facts["origin"]["package"], "ocsf-json-schema");
    assert_eq!(facts["origin"]["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn the_facts_are_those_of_the_class_and_every_object_that_it_reaches() {
    let facts: Value = serde_json::from_str(FACTS).unwrap();
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
    let Members::Numbers(members) = RiskLevelId::MEMBERS else { panic!() };
    assert_eq!(members.first(), Some(&(0, "Info")));
    for (id, caption) in members {
        assert_eq!(RiskLevelId::from_id(*id).caption(), Some(*caption));
    }
}
