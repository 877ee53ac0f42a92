use stocktake_odata::{WireObject as _, parse_page};

use super::*;

fn device(body: &str) -> ManagedDevice {
    serde_json::from_str(body).unwrap()
}

#[test]
fn odd_managed_devices_that_exist_in_the_field_are_read() {
    // One line for each oddity; each was met in public samples of the API.
    for (body, check) in [
        (
            r#"{"azureADDeviceId":"00000000-0000-0000-0000-000000000000","userId":"",
                "managementState":"retireIssued"}"#,
            (|d| d.azure_ad_device_id().is_none() && d.user_id.is_none() && d.is_managed())
                as fn(&ManagedDevice) -> bool,
        ),
        (
            r#"{"lastSyncDateTime":"0001-01-01T00:00:00Z",
                "enrolledDateTime":"9999-12-31T23:59:59.9999999Z"}"#,
            |d| d.last_sync_date_time.is_none() && d.enrolled_date_time.is_none(),
        ),
        (r#"{"enrolledDateTime":"2016-12-31T23:58:46-08:00"}"#, |d| d.enrolled_date_time.is_some()),
        (r#"{"deviceName":"Zoë’s MacBook Pro"}"#, |d| d.device_name.is_some()),
        (r#"{"osVersion":"11.2.1 (20D74)"}"#, |d| d.os_version.is_some()),
        (r#"{"imei":"Provisioning:x","serialNumber":"0"}"#, |d| d.imei.is_some()),
        (r#"{"wiFiMacAddress":"","ethernetMacAddress":null}"#, |d| *d == ManagedDevice::default()),
        (r#"{"wiFiMacAddress":"a434d9000001"}"#, |d| d.wifi_mac_address.is_some()),
        (r#"{"managementAgent":"fromTheFuture"}"#, |d| {
            d.management_agent == Some(ManagementAgent::Other("fromTheFuture".into()))
        }),
        (r#"{"complianceState":"Compliant"}"#, |d| {
            d.compliance_state == Some(ComplianceState::Compliant)
        }),
        (r#"{"complianceState":null}"#, |d| d.compliance_state.is_none()),
    ] {
        let device = device(body);
        assert!(check(&device), "{body} became {device:?}");
    }
}

#[test]
fn what_only_exchange_or_defender_or_discovery_knows_is_not_managed() {
    for (body, managed) in [
        (r#"{"managementAgent":"mdm","managementState":"managed"}"#, true),
        (r#"{"managementAgent":"easMdm"}"#, true),
        ("{}", true),
        (r#"{"managementAgent":"eas"}"#, false),
        (r#"{"managementAgent":"msSense"}"#, false),
        (r#"{"managementAgent":"mdm","managementState":"discovered"}"#, false),
    ] {
        assert_eq!(device(body).is_managed(), managed, "{body}");
    }
}

#[test]
fn of_several_records_the_managed_the_latest_and_the_lowest_id_stands_for_the_device() {
    // Each beats all that follow.
    let ordered = [
        r#"{"id":"a","lastSyncDateTime":"2024-05-01T00:00:00Z"}"#,
        r#"{"id":"c","lastSyncDateTime":"2024-04-01T00:00:00Z","enrolledDateTime":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"a","lastSyncDateTime":"2024-04-01T00:00:00Z","enrolledDateTime":"2024-01-01T00:00:00Z"}"#,
        r#"{"id":"b","lastSyncDateTime":"2024-04-01T00:00:00Z","enrolledDateTime":"2024-01-01T00:00:00Z"}"#,
        r#"{"id":"a"}"#,
        r#"{"id":"0","managementAgent":"msSense","lastSyncDateTime":"2024-06-01T00:00:00Z"}"#,
    ]
    .map(device);
    for (rank, better) in ordered.iter().enumerate() {
        for worse in &ordered[rank + 1..] {
            assert_eq!(better.precedence(worse), Ordering::Greater, "{better:?} {worse:?}");
            assert_eq!(worse.precedence(better), Ordering::Less);
        }
    }
}

#[test]
fn a_written_managed_device_uses_the_names_of_the_api() {
    let body = concat!(
        r#"{"id":"a","azureADDeviceId":"80fe8ff8-2624-418e-9591-41f0491218f9","#,
        r#""wiFiMacAddress":"c","managementAgent":"msSense"}"#
    );
    assert_eq!(serde_json::to_string(&device(body)).unwrap(), body);
}

/// Values of every JSON type, well-formed and not.
const VALUES: [&str; 18] = [
    "null",
    "true",
    "5",
    "1.5",
    "1e999",
    "NaN",
    r#""text""#,
    r#""""#,
    r#"" ""#,
    r#""\ud83d""#,
    "[]",
    "[[]]",
    r#"["a"]"#,
    "[1.5]",
    "{}",
    r#"{"id":"x"}"#,
    r#""/Date(x)/""#,
    "123456789012345678901234567890",
];

fn reads(name: &str, value: &str) -> bool {
    if ["null", r#""""#, r#"" ""#].contains(&value) {
        return true;
    }
    let is_text = [r#""text""#, r#""/Date(x)/""#].contains(&value);
    match name {
        "azureADDeviceId" | "enrolledDateTime" | "lastSyncDateTime" => false,
        "physicalMemoryInBytes" => value == "5",
        "isSupervised" | "isEncrypted" => value == "true",
        "complianceState" | "managedDeviceOwnerType" | "managementAgent" | "managementState" => {
            is_text
        }
        _ => value == "5" || is_text,
    }
}

#[test]
fn a_value_of_a_wrong_type_costs_exactly_its_field_whatever_field_and_type() {
    assert_eq!(ManagedDevice::WIRE_NAMES, ManagedDevice::SELECTED);
    for name in ManagedDevice::WIRE_NAMES {
        for value in VALUES {
            let body = format!(r#"{{"value":[{{"{name}":{value}}},{{"id":"b"}}]}}"#);
            let page = parse_page::<ManagedDevice>(body.as_bytes()).unwrap();
            assert_eq!((page.records.len(), page.malformed.len()), (2, 0), "{body}");
            let device = &page.records[0];
            let noted: Vec<_> = device.unreadable.iter().map(|value| value.field).collect();
            let field = format!("managedDevice.{name}");
            let expected: &[&str] = if reads(name, value) { &[] } else { &[&field] };
            assert_eq!(noted, expected, "{body}");
            assert_eq!(
                device.is_key_unreadable(),
                *name == "azureADDeviceId" && !reads(name, value)
            );
        }
    }
}

#[test]
fn of_two_enrolments_with_times_in_the_form_of_powershell_the_later_one_stands() {
    let old = device(r#"{"id":"a","lastSyncDateTime":"\/Date(1609459200000)\/"}"#);
    let new = device(r#"{"id":"b","lastSyncDateTime":"/Date(1717200000000+0200)/"}"#);
    assert_eq!(new.precedence(&old), Ordering::Greater);
    let unreadable = device(r#"{"id":"0","lastSyncDateTime":"06/01/2024 00:00:00"}"#);
    assert_eq!(unreadable.precedence(&old), Ordering::Less, "a time that is known decides");
}
