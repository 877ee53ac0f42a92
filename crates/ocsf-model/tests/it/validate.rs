use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stocktake_ocsf_model::{Rule, Version, Violation, validate_as_declared};

use crate::{event, ocsf};

fn validate(event: &Value) -> Vec<Violation> {
    stocktake_ocsf_model::validate(event, Version::default())
}

/// The rules that the full event breaks once `change` is made, and where.
fn broken(change: impl FnOnce(&mut Value)) -> Vec<(String, Rule)> {
    let mut event = ocsf(&event());
    change(&mut event);
    validate(&event).into_iter().map(|violation| (violation.path, violation.rule)).collect()
}

fn at(path: &str, rule: Rule) -> Vec<(String, Rule)> {
    vec![(path.to_owned(), rule)]
}

#[test]
fn the_full_event_is_valid() {
    assert_eq!(broken(|_| {}), []);
}

#[test]
fn a_required_attribute_may_not_be_missing() {
    let broken = broken(|event| {
        event["device"].as_object_mut().unwrap().remove("type_id");
    });
    assert_eq!(broken, at("device.type_id", Rule::Required));
}

#[test]
fn at_least_one_of_a_group_must_be_there() {
    let broken = broken(|event| event["metadata"]["product"] = json!({ "version": "1" }));
    assert_eq!(broken, at("metadata.product", Rule::AtLeastOne));
}

#[test]
fn exactly_one_of_a_group_must_be_there() {
    let finding = |vulnerability: Value| {
        broken(|event| {
            event["metadata"]["profiles"] = json!(["osint"]);
            event["osint"] =
                json!([{ "type_id": 1, "value": "v", "vulnerabilities": [vulnerability] }]);
        })
    };
    let cve = json!({ "uid": "CVE-2024-1" });
    let cwe = json!({ "uid": "CWE-1" });
    let place = "osint[0].vulnerabilities[0]";
    assert_eq!(finding(json!({ "cve": cve })), []);
    assert_eq!(finding(json!({})), at(place, Rule::JustOne));
    assert_eq!(finding(json!({ "cve": cve, "cwe": cwe })), at(place, Rule::JustOne));
}

#[test]
fn an_attribute_that_the_schema_lacks_is_refused() {
    assert_eq!(
        broken(|event| event["device"]["os"]["flavour"] = json!("x")),
        at("device.os.flavour", Rule::Unknown)
    );
}

#[test]
fn an_attribute_of_a_profile_needs_the_profile() {
    let risk = |event: &mut Value| event["risk_level_id"] = json!(1);
    assert_eq!(broken(risk), at("risk_level_id", Rule::Unknown));
    let listed = broken(|event| {
        risk(event);
        event["metadata"]["profiles"] = json!(["security_control"]);
    });
    assert_eq!(listed, []);
}

#[test]
fn a_profile_brings_its_requirements() {
    assert_eq!(
        broken(|event| event["metadata"]["profiles"] = json!(["cloud"])),
        at("cloud", Rule::Required)
    );
}

#[test]
fn a_value_must_have_its_type() {
    for (name, value) in [
        ("is_managed", json!("yes")),
        ("hostname", json!(5)),
        ("last_seen_time", json!("2024-12-01T10:00:00Z")),
        ("last_seen_time", json!(1.5)),
        ("uid", Value::Null),
        ("os", json!("Windows")),
        ("os", json!([])),
        ("network_interfaces", json!({})),
        ("imei_list", json!("123")),
    ] {
        let place = format!("device.{name}");
        assert_eq!(broken(|event| event["device"][name] = value), at(&place, Rule::Type));
    }
    assert_eq!(
        broken(|event| event["device"]["imei_list"] = json!(["1", 2])),
        at("device.imei_list[1]", Rule::Type)
    );
    assert_eq!(validate(&json!([]))[0].rule, Rule::Type);
}

#[test]
fn a_whole_number_with_a_fraction_of_zero_is_an_integer() {
    assert_eq!(broken(|event| event["time"] = json!(1733047200.0)), []);
}

#[test]
fn a_text_must_look_as_its_type_demands() {
    for (name, value) in [
        ("ip", "1.2.3"),
        ("ip", "300.1.1.1"),
        ("mac", "AABBCCDDEEFF"),
        // Python's `$` would take it; that of JSON Schema does not.
        ("mac", "AA:BB:CC:DD:EE:FF\n"),
        ("os_machine_uuid", "1234"),
    ] {
        let place = format!("device.{name}");
        assert_eq!(broken(|event| event["device"][name] = json!(value)), at(&place, Rule::Pattern));
    }
    for (name, value) in [("ip", "fe80::1%eth0"), ("ip", "::"), ("mac", "aa-bb-cc-dd-ee-ff")] {
        assert_eq!(broken(|event| event["device"][name] = json!(value)), [], "{value}");
    }
    assert_eq!(
        broken(|event| event["device"]["owner"] = json!({ "name": "u", "email_addr": "nobody" })),
        at("device.owner.email_addr", Rule::Pattern)
    );
}

#[test]
fn a_text_may_not_be_longer_than_its_type() {
    let subnet =
        |length: usize| broken(|event| event["device"]["subnet"] = json!("é".repeat(length)));
    assert_eq!(subnet(42), []);
    assert_eq!(subnet(43), at("device.subnet", Rule::Length));
}

#[test]
fn a_number_must_be_in_the_range_of_its_type() {
    let port = |port: i64| {
        broken(|event| {
            let url = json!({ "path": "/", "port": port });
            let file = json!({ "name": "f", "type_id": 1, "url": url });
            event["actor"] = json!({ "process": { "pid": 1, "file": file } });
        })
    };
    assert_eq!(port(65535), []);
    assert_eq!(port(65536), at("actor.process.file.url.port", Rule::Range));
    assert_eq!(port(-1), at("actor.process.file.url.port", Rule::Range));
}

#[test]
fn an_enum_takes_its_members_only() {
    assert_eq!(
        broken(|event| {
            event["device"]["type_id"] = json!(4711);
            event["class_uid"] = json!(5001);
        }),
        at("device.type_id", Rule::Enum)
    );
    assert_eq!(
        broken(|event| {
            event["class_uid"] = json!(5002);
            event["type_uid"] = json!(500_202);
        }),
        [("class_uid".to_owned(), Rule::Enum), ("type_uid".to_owned(), Rule::Enum)]
    );
}

#[test]
fn a_caption_must_agree_with_its_id() {
    assert_eq!(
        broken(|event| event["device"]["type"] = json!("Toaster")),
        at("device.type_id", Rule::Sibling)
    );
    // The source's own word is what `Other` is for.
    let other = broken(|event| {
        event["device"]["type_id"] = json!(99);
        event["device"]["type"] = json!("Toaster");
    });
    assert_eq!(other, []);
    // An id may go without its caption.
    let alone = broken(|event| {
        event["device"].as_object_mut().unwrap().remove("type");
    });
    assert_eq!(alone, []);
}

#[test]
fn captions_of_an_array_agree_one_by_one() {
    let url = |categories: Value| {
        broken(|event| {
            let url = json!({ "path": "/", "category_ids": [0, 99], "categories": categories });
            let file = json!({ "name": "f", "type_id": 1, "url": url });
            event["actor"] = json!({ "process": { "pid": 1, "file": file } });
        })
    };
    assert_eq!(url(json!(["Unknown", "Mine"])), []);
    assert_eq!(
        url(json!(["Mine", "Mine"])),
        at("actor.process.file.url.category_ids", Rule::Sibling)
    );
}

#[test]
fn an_event_can_be_validated_by_the_version_that_it_declares() {
    let declared = |version: Value| -> Vec<(String, Rule)> {
        let mut event = ocsf(&event());
        event["metadata"]["version"] = version;
        let violations = validate_as_declared(&event);
        violations.iter().map(|violation| (violation.path.clone(), violation.rule)).collect()
    };
    assert_eq!(declared(json!("1.5.0")), []);
    assert_eq!(declared(json!("1.8.0")), []);
    // Version 1.4.0 has no `is_supervised`.
    assert_eq!(declared(json!("1.4.0")), at("device.is_supervised", Rule::Unknown));
    assert_eq!(declared(json!("9.9.9")), at("metadata.version", Rule::Version));
    assert_eq!(declared(json!(1.5)), at("metadata.version", Rule::Type));

    let mut unknown = ocsf(&event());
    unknown["metadata"]["version"] = json!("9.9.9");
    assert_eq!(
        validate_as_declared(&unknown)[0].to_string(),
        "metadata.version: is not a version of OCSF that is known here; it must be one of \
         1.3.0, 1.4.0, 1.5.0, 1.6.0, 1.7.0, 1.8.0"
    );
}

#[test]
fn the_type_follows_from_class_and_activity() {
    assert_eq!(
        broken(|event| {
            event["type_uid"] = json!(500_101);
            event["type_name"] = json!("Device Inventory Info: Log");
        }),
        at("type_uid", Rule::TypeUid)
    );
}

#[test]
fn nesting_and_the_number_of_violations_are_bounded() {
    let mut process = json!({ "pid": 1 });
    for _ in 0..200 {
        process = json!({ "pid": 1, "parent_process": process });
    }
    let deep = broken(|event| event["actor"] = json!({ "process": process }));
    assert_eq!(deep.len(), 1);
    assert_eq!(deep[0].1, Rule::Depth);

    let many: Map<_, _> = (0..2000).map(|at| (format!("a{at}"), Value::Null)).collect();
    let many = validate(&Value::Object(many));
    assert_eq!(many.len(), 1001);
    assert_eq!(many[1000].rule, Rule::Truncated);
}

#[test]
fn a_violation_reads_as_place_and_fact() {
    let mut event = ocsf(&event());
    event["device"]["network_interfaces"][1]["mac"] = json!("secret");
    event["device"]["os"]["a\nb"] = json!(1);
    let lines: Vec<_> = validate(&event).iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "device.network_interfaces[1].mac: is not a valid mac_t",
            "device.os[\"a\\nb\"]: os has no such attribute",
        ]
    );
    assert_eq!(validate(&json!(1))[0].to_string(), "event: must be an object (inventory_info)");
}

/// Any JSON, with names that the schema knows so that the validator goes deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "device",
        "metadata",
        "os",
        "type_id",
        "type",
        "ip",
        "mac",
        "network_interfaces",
        "owner",
        "profiles",
        "product",
        "actor",
        "process",
        "time",
        "class_uid",
        "activity_id",
        "type_uid",
    ]);
    let name = prop_oneof![names.prop_map(str::to_owned), any::<String>()];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|pairs| Value::from(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn validating_and_projecting_never_panics(event in any_json()) {
        for violation in validate(&event) {
            prop_assert!(!violation.to_string().contains('\n'));
        }
        for version in Version::ALL {
            version.project(&mut event.clone());
        }
    }
}
