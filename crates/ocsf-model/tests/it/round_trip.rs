use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stocktake_ocsf_model::{
    Device, DeviceTypeId, Enrichment, InventoryInfo, Json, NetworkInterface,
    NetworkInterfaceTypeId, Observable, RiskLevelId, SeverityId, Timestamp, TypeUid,
};

use crate::{event, ocsf};

fn parse(value: Value) -> InventoryInfo<'static> {
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

fn interface() -> impl Strategy<Value = NetworkInterface<'static>> {
    let parts = (of(any::<String>()), of(any::<String>()), of(any::<i64>()), any::<i64>());
    parts.prop_map(|(mac, name, subnet_prefix, type_id)| NetworkInterface {
        mac: mac.map(Into::into),
        name: name.map(Into::into),
        subnet_prefix,
        type_id: NetworkInterfaceTypeId::from_id(type_id),
        ..Default::default()
    })
}

fn device() -> impl Strategy<Value = Device<'static>> {
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
            uid: uid.map(Into::into),
            type_id: DeviceTypeId::from_id(type_id),
            last_seen_time: last_seen.map(Timestamp),
            is_managed: managed,
            risk_level_id: risk.map(RiskLevelId::from_id),
            network_interfaces,
            imei_list: imei_list.into_iter().map(Into::into).collect(),
            ..Default::default()
        }
    })
}

fn any_event() -> impl Strategy<Value = InventoryInfo<'static>> {
    let enrichment = (any::<String>(), json_value()).prop_map(|(name, data)| Enrichment {
        name: name.into(),
        data: data.into(),
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
        unmapped: unmapped.map(|pairs| Value::Object(pairs.into_iter().collect()).into()),
        ..Default::default()
    })
}

proptest! {
    #[test]
    fn an_event_read_back_is_the_event_that_was_written(event in any_event()) {
        prop_assert_eq!(parse(event.to_value()), event);
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
}

#[test]
fn an_object_without_a_struct_is_kept_as_it_is() {
    let mut event = ocsf(&event());
    event["device"]["location"] = json!({ "city": "Rennes", "coordinates": [-1.7, 48.1] });
    event["observables"] = json!([{ "name": "x", "type_id": 1, "reputation": { "score_id": 1 } }]);
    let read = parse(event.clone());
    assert!(matches!(read.device.location, Some(Json::Object(_))));
    assert!(matches!(&read.observables[..], [Observable { reputation: Some(_), .. }]));
    assert_eq!(ocsf(&read), event);
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
