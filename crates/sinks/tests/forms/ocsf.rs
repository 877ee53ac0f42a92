use serde_json::{Value, json};
use stocktake_connector_core::{
    DeviceUid, EventUid, Fingerprint, Inventory, SourceName, TenantName,
};
use stocktake_ocsf_model::{Version, validate};
use stocktake_sinks::{OcsfForm, VOLATILE};

use crate::{encode, event, mapping, value};

fn form(version: Version) -> OcsfForm {
    OcsfForm::new(version, mapping(), VOLATILE)
}

fn uid() -> EventUid {
    let tenant = TenantName::new("contoso").unwrap();
    let inventory = Inventory { tenant, source: SourceName::new("defender").unwrap() };
    EventUid::derive(&inventory, &DeviceUid::new("d1").unwrap(), Fingerprint::of([]), None)
}

#[test]
fn an_event_of_any_version_is_valid_and_says_which_it_is() {
    for version in Version::ALL {
        let event = value(&form(version), &event());
        assert_eq!(event["metadata"]["version"], version.as_str());
        assert_eq!(validate(&event, version), [], "{version}");
    }
}

#[test]
fn the_whole_event_is_written_where_the_version_has_all_of_it() {
    let mut expected = event().to_value();
    expected["metadata"]["uid"] = json!(EventUid::PLACEHOLDER);
    assert_eq!(value(&form(Version::default()), &event()), expected);
}

#[test]
fn what_the_version_lacks_is_unmapped() {
    let event = value(&form("1.3.0".parse().unwrap()), &event());
    assert_eq!(event["device"].get("model"), None);
    assert_eq!(event["unmapped"]["device.model"], "Surface Pro 9");
}

#[test]
fn the_event_uid_has_its_place_in_every_version() {
    for version in Version::ALL {
        let (encoded, body) = encode(&form(version), &event());
        let mut body = body.into_bytes();
        uid().write_into(&mut body, encoded.uid_at.unwrap());
        let event: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(event["metadata"]["uid"], uid().to_string(), "{version}");
    }
}

#[test]
fn an_event_knows_when_it_happened() {
    let (encoded, _) = encode(&form(Version::default()), &event());
    assert_eq!(encoded.time.timestamp_millis(), event().time.as_millis());
}

#[test]
fn a_name_of_the_operating_system_that_nobody_knows_is_unknown() {
    let mut event = event();
    event.device.os.as_mut().unwrap().name = "".into();
    assert_eq!(value(&form(Version::default()), &event)["device"]["os"]["name"], "Unknown");
}
