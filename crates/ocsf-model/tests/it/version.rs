use serde_json::{Value, json};
use stocktake_ocsf_model::{Version, validate};

use crate::{event, ocsf};

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn projected(version: Version, event: &Value) -> Value {
    let mut event = event.clone();
    version.project(&mut event);
    event
}

#[test]
fn a_version_is_read_as_it_is_written_and_no_other_text_is_one() {
    for version in Version::ALL {
        assert_eq!(version.to_string().parse(), Ok(version));
        let json = serde_json::to_string(&version).unwrap();
        assert_eq!(serde_json::from_str::<Version>(&json).unwrap(), version);
    }
    assert_eq!(Version::default().as_str(), "1.5.0");
    for text in ["", "1.5", "1.2.0", "9.9.9"] {
        let error = text.parse::<Version>().unwrap_err().to_string();
        assert!(error.ends_with("1.3.0, 1.4.0, 1.5.0, 1.6.0, 1.7.0, 1.8.0"), "{error}");
    }
}

#[test]
fn the_full_event_is_valid_in_every_version() {
    for version in Version::ALL {
        let event = projected(version, &ocsf(&event()));
        assert_eq!(event["metadata"]["version"], version.as_str());
        assert_eq!(validate(&event, version), [], "{version}");
    }
}

#[test]
fn a_version_that_has_everything_changes_nothing_but_the_version() {
    let whole = ocsf(&event());
    for version in Version::ALL.into_iter().filter(|version| version.has_all_of_the_types()) {
        let mut expected = whole.clone();
        expected["metadata"]["version"] = version.as_str().into();
        assert_eq!(projected(version, &whole), expected, "{version}");
    }
    assert!(!version("1.4.0").has_all_of_the_types());
}

#[test]
fn what_a_version_lacks_moves_to_unmapped_under_its_path() {
    let mut whole = ocsf(&event());
    whole["unmapped"] = json!({ "raw": 1 });
    whole["device"]["owner"] = json!({ "name": "u", "display_name": "U" });
    let event = projected(version("1.3.0"), &whole);
    assert_eq!(
        event["unmapped"],
        json!({
            "raw": 1,
            "device.is_supervised": false,
            "device.model": "Surface Pro 9",
            "device.owner.display_name": "U",
            "device.vendor_name": "Microsoft Corporation",
        })
    );
    assert_eq!(event["device"]["owner"], json!({ "name": "u" }));
    assert_eq!(event["device"].get("model"), None);
    assert_eq!(validate(&event, version("1.3.0")), []);
}

#[test]
fn an_attribute_inside_an_array_names_its_element() {
    let mut whole = ocsf(&event());
    whole["observables"] = json!([
        { "name": "device.uid", "type_id": 1 },
        { "name": "device.uid", "type_id": 1, "event_uid": "e" },
    ]);
    let event = projected(version("1.4.0"), &whole);
    assert_eq!(event["unmapped"]["observables[1].event_uid"], "e");
    assert_eq!(event["observables"][1], json!({ "name": "device.uid", "type_id": 1 }));
}

#[test]
fn text_that_a_version_refuses_moves_to_unmapped() {
    let mut whole = ocsf(&event());
    // Only version 1.3.0 says what a host name looks like.
    whole["device"]["hostname"] = json!("a_host");
    assert_eq!(projected(version("1.4.0"), &whole)["device"]["hostname"], "a_host");
    let event = projected(version("1.3.0"), &whole);
    assert_eq!(event["device"].get("hostname"), None);
    assert_eq!(event["unmapped"]["device.hostname"], "a_host");
    assert_eq!(validate(&event, version("1.3.0")), []);
}

#[test]
fn an_id_that_a_version_lacks_becomes_other_and_keeps_its_caption() {
    let mut whole = ocsf(&event());
    whole["observables"] = json!([
        { "name": "a", "type_id": 37, "type": "Serial Number" },
        { "name": "b", "type_id": 37 },
        { "name": "c", "type_id": 1, "type": "Hostname" },
    ]);
    let event = projected(version("1.3.0"), &whole);
    assert_eq!(
        event["observables"],
        json!([
            { "name": "a", "type_id": 99, "type": "Serial Number" },
            { "name": "b", "type_id": 99, "type": "37" },
            { "name": "c", "type_id": 1, "type": "Hostname" },
        ])
    );
    assert_eq!(validate(&event, version("1.3.0")), []);
    whole["device"]["os"]["type_id"] = json!(4711);
    let os = &projected(version("1.3.0"), &whole)["device"]["os"];
    assert_eq!((&os["type_id"], &os["type"]), (&json!(99), &json!("Windows")));
    // Where there is no `Other`, the id has no place at all.
    whole["class_uid"] = json!(1);
    assert_eq!(projected(version("1.3.0"), &whole)["unmapped"]["class_uid"], 99);
}
