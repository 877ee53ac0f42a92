use serde_json::{Value, json};
use stocktake_connector_core::Form as _;
use stocktake_ocsf_model::{
    DeviceTypeId, Group, InventoryInfo, NetworkInterface, NetworkInterfaceTypeId, OsTypeId,
    RiskLevelId, SeverityId, Timestamp,
};
use stocktake_sinks::{SekoiaForm, VOLATILE};

use crate::judge::judge;
use crate::{encode, event, mapping, value};

/// Whether `extra_fields` is on.
const PLAIN: bool = false;
const EXTRA: bool = true;

fn form(extra_fields: bool) -> SekoiaForm {
    SekoiaForm::new(extra_fields, mapping(), VOLATILE)
}

fn written(event: &InventoryInfo<'_>, extra_fields: bool) -> String {
    encode(&form(extra_fields), event).1
}

fn sekoia(event: &InventoryInfo<'_>, extra_fields: bool) -> Value {
    value(&form(extra_fields), event)
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
fn a_virtual_machine_has_the_type_of_its_platform() {
    let mut event = event();
    event.device.type_id = DeviceTypeId::Virtual;
    for (os, id, caption) in [
        (OsTypeId::Windows, 2, "Desktop"),
        (OsTypeId::Macos, 2, "Desktop"),
        (OsTypeId::Android, 5, "Mobile"),
        (OsTypeId::Linux, 0, "Unknown"),
        (OsTypeId::Other, 0, "Unknown"),
    ] {
        event.device.os.as_mut().unwrap().type_id = os;
        let device = &sekoia(&event, PLAIN)["device"];
        assert_eq!((&device["type_id"], &device["type"]), (&json!(id), &json!(caption)), "{os:?}");
    }
    event.device.os = None;
    assert_eq!(sekoia(&event, PLAIN)["device"]["type"], "Virtual");
}

#[test]
fn a_name_of_the_operating_system_that_nobody_knows_is_left_out() {
    let mut event = event();
    event.device.os.as_mut().unwrap().name = "".into();
    assert_eq!(sekoia(&event, PLAIN)["device"]["os"], json!({ "type": "windows", "type_id": 100 }));
}

#[test]
fn os_types_are_lower_case() {
    let mut event = event();
    for (id, caption) in OsTypeId::MEMBERS {
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
    expected["enrichments"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "compliance_state", "value": "compliant" }));
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
                "mac": "11:22:33:44:55:66", "name": "ethernet", "type": "Wired", "type_id": 1
            },
            { "mac": "AA:BB:CC:DD:EE:FF", "name": "wifi", "type": "Wireless", "type_id": 2 },
        ]),
    );
    assert_eq!(sekoia(&event, EXTRA), expected);
}

#[test]
fn interfaces_without_a_name_are_written_only_where_none_has_one() {
    let unnamed = NetworkInterface { ip: Some("10.0.0.1".into()), ..Default::default() };
    let count = |event: &InventoryInfo<'_>, extra_fields| {
        let event = sekoia(event, extra_fields);
        event["device"]["network_interfaces"].as_array().map_or(0, Vec::len)
    };
    let mut mixed = event();
    mixed.device.network_interfaces.push(unnamed.clone());
    assert_eq!((count(&mixed, PLAIN), count(&mixed, EXTRA)), (2, 2));

    let mut none_named = event();
    none_named.device.network_interfaces = vec![unnamed];
    assert_eq!((count(&none_named, PLAIN), count(&none_named, EXTRA)), (0, 1));
    let interface = &sekoia(&none_named, EXTRA)["device"]["network_interfaces"][0];
    assert_eq!(interface["ip"], "10.0.0.1");
}

#[test]
fn an_event_that_the_model_would_refuse_names_what_is_missing_and_writes_nothing() {
    let mut event = event();
    event.device.hostname = None;
    let mut out = b"before".to_vec();
    let error = form(PLAIN).encode(&event, &mut out).unwrap_err().to_string();
    assert!(error.contains("`device.hostname` is missing; the sekoia form needs it"), "{error}");
    assert_eq!(out, b"before");
}

#[test]
fn the_models_of_the_receiver_take_every_field_that_is_written() {
    let mut full = event();
    full.device.uid_alt = Some("alt".into());
    full.device.groups =
        vec![Group { name: Some("g".into()), uid: Some("1".into()), ..Default::default() }];
    full.device.imei_list = vec!["1".into()];
    full.device.meid = Some("m".into());
    full.device.iccid = Some("i".into());
    full.device.udid = Some("u".into());
    let mut unnamed = full.clone();
    for interface in &mut unnamed.device.network_interfaces {
        (interface.name, interface.ip) = (None, Some("10.0.0.1".into()));
    }
    let mut lines = vec![
        written(&event(), PLAIN),
        written(&full, PLAIN),
        written(&full, EXTRA),
        written(&unnamed, EXTRA),
    ];
    // Every member of the enums, and one that the schema does not list.
    for id in (0..=500).chain([4711]) {
        let mut event = full.clone();
        event.severity_id = SeverityId::from_id(id);
        event.device.type_id = DeviceTypeId::from_id(id);
        event.device.risk_level_id = Some(RiskLevelId::from_id(id));
        event.device.os.as_mut().unwrap().type_id = OsTypeId::from_id(id);
        event.device.network_interfaces[0].type_id = NetworkInterfaceTypeId::from_id(id);
        lines.push(written(&event, EXTRA));
    }
    // The judge must be able to say no.
    lines.push(lines[0].replace("\"mac\"", "\"mac_address\""));
    let events = lines.join("\n") + "\n";
    let Some(judgement) = judge("sekoia_judge.py", &["--verdicts"], events.into()) else { return };
    assert!(judgement.is_valid, "{}", judgement.output);
    let verdicts: Vec<_> = judgement.output.lines().collect();
    let refused: Vec<_> = (0..lines.len()).filter(|at| verdicts[*at] != "ok").collect();
    assert_eq!(refused, [lines.len() - 1]);
}
