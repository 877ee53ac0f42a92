use serde_json::{Value, json};
use stocktake_ocsf_model::{
    DeviceTypeId, Dialect, Group, InventoryInfo, NetworkInterface, OsTypeId, RiskLevelId,
    SeverityId, Timestamp, WriteError, Written, write,
};

use crate::{event, written};

const PLAIN: Dialect = Dialect::Sekoia { extra_fields: false };
const EXTRA: Dialect = Dialect::Sekoia { extra_fields: true };

fn sekoia(event: &InventoryInfo, dialect: Dialect) -> Value {
    serde_json::from_str(&written(event, dialect)).unwrap()
}

#[test]
fn the_example_comes_out_value_for_value_and_in_its_order() {
    let example = include_str!("../data/sekoia-event.json");
    let expected: Value = serde_json::from_str(example).unwrap();
    assert_eq!(sekoia(&event(), PLAIN), expected);
    // The example is indented by one space a level; without white space the texts are the same.
    let compact: String = example.lines().map(str::trim_start).collect();
    assert_eq!(written(&event(), PLAIN), compact.replace("\": ", "\":"));
}

#[test]
fn times_are_seconds_with_a_fraction_of_zero() {
    let mut event = event();
    for (milliseconds, seconds) in [
        (1_733_047_200_999, "1733047200.0"),
        (0, "0.0"),
        (999, "0.0"),
        (-1, "-1.0"),
        (-1500, "-2.0"),
    ] {
        event.time = Timestamp(milliseconds);
        let line = written(&event, PLAIN);
        assert!(line.contains(&format!("\"time\":{seconds},")), "{milliseconds}: {line}");
    }
}

#[test]
fn device_types_fold_into_those_that_the_model_knows() {
    let mut event = event();
    for (type_id, id, caption) in [
        (DeviceTypeId::Unknown, 0, "Unknown"),
        (DeviceTypeId::Server, 1, "Server"),
        (DeviceTypeId::Desktop, 2, "Desktop"),
        (DeviceTypeId::Laptop, 2, "Desktop"),
        (DeviceTypeId::Tablet, 5, "Mobile"),
        (DeviceTypeId::Mobile, 5, "Mobile"),
        (DeviceTypeId::Virtual, 6, "Virtual"),
        (DeviceTypeId::Iot, 99, "Other"),
        (DeviceTypeId::Firewall, 9, "Firewall"),
        (DeviceTypeId::Switch, 10, "Switch"),
        (DeviceTypeId::Router, 99, "Other"),
        (DeviceTypeId::Unlisted(77), 99, "Other"),
    ] {
        event.device.type_id = type_id;
        let device = &sekoia(&event, PLAIN)["device"];
        assert_eq!((&device["type_id"], &device["type"]), (&json!(id), &json!(caption)));
    }
}

#[test]
fn os_types_are_lower_case() {
    let mut event = event();
    let stocktake_ocsf_model::Members::Numbers(listed) = OsTypeId::MEMBERS else { panic!() };
    for (id, caption) in listed {
        event.device.os.as_mut().unwrap().type_id = OsTypeId::from_id(*id);
        let os = &sekoia(&event, PLAIN)["device"]["os"];
        assert_eq!((&os["type_id"], &os["type"]), (&json!(id), &json!(caption.to_lowercase())));
    }
    event.device.os.as_mut().unwrap().type_id = OsTypeId::Unlisted(7);
    let os = &sekoia(&event, PLAIN)["device"]["os"];
    assert_eq!((&os["type_id"], &os["type"]), (&json!(99), &json!("other")));
}

#[test]
fn captions_that_the_model_would_refuse_are_written_from_their_ids() {
    let mut event = event();
    event.severity_id = SeverityId::Unlisted(42);
    event.severity = Some("Weird".into());
    event.device.risk_level_id = Some(RiskLevelId::Unlisted(42));
    event.device.risk_level = Some("Weird".into());
    event.activity_name = None;
    let event = sekoia(&event, PLAIN);
    assert_eq!((&event["severity_id"], &event["severity"]), (&json!(99), &json!("Other")));
    assert_eq!(event["device"]["risk_level_id"], 99);
    assert_eq!(event["device"]["risk_level"], "Other");
    assert_eq!(event["activity_name"], "Collect");
}

#[test]
fn absent_attributes_are_left_out() {
    let mut event = event();
    event.device.ip = None;
    event.device.os = None;
    event.device.is_managed = None;
    event.device.network_interfaces.clear();
    event.enrichments.clear();
    let event = sekoia(&event, PLAIN);
    let device = event["device"].as_object().unwrap();
    for name in ["ip", "os", "is_managed", "network_interfaces"] {
        assert!(!device.contains_key(name), "{name}");
    }
    assert_eq!(event.get("enrichments"), None);
}

#[test]
fn extra_fields_add_what_the_model_takes_and_nothing_else_does() {
    let mut event = event();
    event.device.uid_alt = Some("80fe8ff8".into());
    event.device.groups = vec![
        Group { name: Some("The-A-Team".into()), uid: Some("140".into()), ..Default::default() },
        // The model refuses it.
        Group { uid: Some("141".into()), ..Default::default() },
    ];
    event.device.imei_list = vec!["1".into(), "2".into()];
    event.device.meid = Some("m".into());
    event.device.iccid = Some("i".into());
    event.device.udid = Some("u".into());
    event.device.network_interfaces[0].ip = Some("10.0.0.1".into());

    let example: Value = serde_json::from_str(include_str!("../data/sekoia-event.json")).unwrap();
    assert_eq!(sekoia(&event, PLAIN), example);

    let mut expected = example;
    let device = expected["device"].as_object_mut().unwrap();
    device.insert("uid_alt".into(), json!("80fe8ff8"));
    device.insert("groups".into(), json!([{ "name": "The-A-Team", "uid": "140" }]));
    device.insert("imei_list".into(), json!(["1", "2"]));
    device.insert("meid".into(), json!("m"));
    device.insert("iccid".into(), json!("i"));
    device.insert("udid".into(), json!("u"));
    device.insert(
        "network_interfaces".into(),
        json!([
            {
                "mac": "11:22:33:44:55:66", "name": "ethernet", "ip": "10.0.0.1",
                "type": "Wired", "type_id": 1
            },
            { "mac": "AA:BB:CC:DD:EE:FF", "name": "wifi", "type": "Wireless", "type_id": 2 },
        ]),
    );
    assert_eq!(sekoia(&event, EXTRA), expected);
}

#[test]
fn interfaces_without_a_name_are_written_only_where_none_has_one() {
    let unnamed = NetworkInterface { ip: Some("10.0.0.1".into()), ..Default::default() };
    let count = |event: &InventoryInfo, dialect| {
        let event = sekoia(event, dialect);
        event["device"]["network_interfaces"].as_array().map_or(0, Vec::len)
    };
    let mut mixed = event();
    mixed.device.network_interfaces.push(unnamed.clone());
    assert_eq!((count(&mixed, PLAIN), count(&mixed, EXTRA)), (2, 2));

    let mut none_named = event();
    none_named.device.network_interfaces = vec![unnamed];
    assert_eq!((count(&none_named, PLAIN), count(&none_named, EXTRA)), (0, 1));
}

#[test]
fn an_event_that_the_model_would_refuse_names_what_is_missing_and_writes_nothing() {
    let mut event = event();
    event.device.hostname = None;
    let mut out = b"before".to_vec();
    let error = write(&event, PLAIN, &mut out).unwrap_err();
    assert!(matches!(error, WriteError::Missing { path: "device.hostname", .. }));
    assert_eq!(error.to_string(), "`device.hostname` is missing; the sekoia dialect needs it");
    assert_eq!(out, b"before");

    let written = Written { event: &event, dialect: PLAIN };
    assert!(serde_json::to_string(&written).unwrap_err().to_string().contains("device.hostname"));
}

#[test]
fn any_serializer_gets_the_same_event() {
    let event = event();
    for dialect in [Dialect::Ocsf, PLAIN, EXTRA] {
        let direct = serde_json::to_string(&Written { event: &event, dialect }).unwrap();
        assert_eq!(direct, written(&event, dialect), "{}", dialect.name());
    }
}
