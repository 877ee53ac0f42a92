use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stocktake_ocsf_model::{
    Cvss, Depth, Device, DeviceTypeId, Dialect, Enrichment, InventoryInfo, NetworkInterface,
    NetworkInterfaceTypeId, Process, RiskLevelId, SeverityId, Timestamp, TypeUid, write,
};

use crate::{event, ocsf};

fn parse(value: Value) -> InventoryInfo {
    serde_json::from_value(value).unwrap()
}

/// JSON as an attribute may hold it. Null is left out: an optional attribute reads it as absent.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any::<String>(), inner), 0..4)
                .prop_map(|pairs| Value::from(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn interface() -> impl Strategy<Value = NetworkInterface> {
    let parts = (of(any::<String>()), of(any::<String>()), of(any::<i64>()), any::<i64>());
    parts.prop_map(|(mac, name, subnet_prefix, type_id)| NetworkInterface {
        mac,
        name,
        subnet_prefix,
        type_id: NetworkInterfaceTypeId::from_id(type_id),
        ..Default::default()
    })
}

fn device() -> impl Strategy<Value = Device> {
    let parts = (
        of(any::<String>()),
        any::<i64>(),
        of(any::<i64>()),
        of(any::<bool>()),
        of(any::<i64>()),
        vec(interface(), 0..3),
        vec(any::<String>(), 0..3),
    );
    parts.prop_map(|(uid, type_id, last_seen, managed, risk, network_interfaces, imei_list)| {
        Device {
            uid,
            type_id: DeviceTypeId::from_id(type_id),
            last_seen_time: last_seen.map(Timestamp),
            is_managed: managed,
            risk_level_id: risk.map(RiskLevelId::from_id),
            network_interfaces,
            imei_list,
            ..Default::default()
        }
    })
}

fn any_event() -> impl Strategy<Value = InventoryInfo> {
    let enrichment = (any::<String>(), json_value()).prop_map(|(name, data)| Enrichment {
        name,
        data,
        ..Default::default()
    });
    let unmapped = of(vec((any::<String>(), json_value()), 0..3));
    let parts =
        (any::<i64>(), any::<i64>(), any::<i64>(), device(), vec(enrichment, 0..3), unmapped);
    parts.prop_map(|(time, severity, type_uid, device, enrichments, unmapped)| InventoryInfo {
        time: Timestamp(time),
        severity_id: SeverityId::from_id(severity),
        type_uid: TypeUid::from_id(type_uid),
        device: Box::new(device),
        enrichments,
        unmapped: unmapped.map(|pairs| pairs.into_iter().collect()),
        ..Default::default()
    })
}

proptest! {
    #[test]
    fn an_event_read_back_is_the_event_that_was_written(event in any_event()) {
        let mut out = Vec::new();
        write(&event, Dialect::Ocsf, &mut out).unwrap();
        prop_assert_eq!(serde_json::from_slice::<InventoryInfo>(&out).unwrap(), event);
    }

    #[test]
    fn an_enum_keeps_every_id(id in any::<i64>()) {
        prop_assert_eq!(DeviceTypeId::from_id(id).id(), id);
    }
}

#[test]
fn the_full_event_survives() {
    assert_eq!(parse(ocsf(&event())), event());
}

#[test]
fn values_of_a_later_schema_survive() {
    let mut later = ocsf(&event());
    later["device"]["type_id"] = json!(4711);
    let read = parse(later.clone());
    assert_eq!(read.device.type_id, DeviceTypeId::Unlisted(4711));
    assert_eq!(read.device.type_id.caption(), None);
    assert_eq!(ocsf(&read), later);

    let depth: Depth = serde_json::from_str("\"Sideways\"").unwrap();
    assert_eq!(depth, Depth::Unlisted("Sideways".into()));
    assert_eq!(serde_json::to_string(&depth).unwrap(), "\"Sideways\"");
    assert_eq!(Depth::from_id("Base"), Depth::Base);
    let cvss = Cvss { depth: Some(depth), ..Default::default() };
    let text = serde_json::to_string(&cvss).unwrap();
    assert_eq!(serde_json::from_str::<Cvss>(&text).unwrap(), cvss);
}

#[test]
fn objects_may_contain_themselves() {
    let parent = Process { name: Some("parent".into()), ..Default::default() };
    let process = Process { parent_process: Some(Box::new(parent)), ..Default::default() };
    let text = serde_json::to_string(&process).unwrap();
    assert_eq!(text, r#"{"parent_process":{"name":"parent"}}"#);
    assert_eq!(serde_json::from_str::<Process>(&text).unwrap(), process);
}

#[test]
fn the_default_event_is_of_the_class() {
    let event = InventoryInfo::default();
    assert_eq!((event.class_uid.id(), event.category_uid.id()), (5001, 5));
    assert_eq!((event.activity_id.id(), event.type_uid.id()), (0, 500_100));
}

#[test]
fn unknown_attributes_are_read_over() {
    let mut event = ocsf(&event());
    event["device"]["invented"] = json!(1);
    assert_eq!(parse(event), crate::event());
}
