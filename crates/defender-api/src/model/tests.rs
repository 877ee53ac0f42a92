use stocktake_odata::{WireObject as _, parse_page};

use super::*;

fn machine(body: &str) -> Machine {
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_machine_reads_as_documented() {
    let machine = machine(
        r#"{"id":"1e5bc9d7e413ddd7902c2932e418702b84d0cc07",
            "computerDnsName":"mymachine1.contoso.com",
            "firstSeen":"2018-08-02T14:55:03.7791856Z","lastSeen":"2024-12-01T10:00:00Z",
            "osPlatform":"Windows10","osBuild":18209,"onboardingstatus":"Onboarded",
            "rbacGroupId":"140","machineTags":["test tag 1","test tag 2"],
            "aadDeviceId":"80fe8ff8-2624-418e-9591-41f0491218f9",
            "ipAddresses":[{"ipAddress":"172.17.230.209","macAddress":"11:22:33:44:55:66",
                            "type":"Ethernet"}]}"#,
    );
    assert_eq!(machine.uid(), "1e5bc9d7e413ddd7902c2932e418702b84d0cc07");
    assert_eq!(machine.first_seen.unwrap().timestamp_millis(), 1_533_221_703_779);
    assert_eq!(machine.last_seen.unwrap().timestamp(), 1_733_047_200);
    assert_eq!(machine.os_build, Some(18209));
    assert_eq!(machine.onboarding_status.as_deref(), Some("Onboarded"));
    assert_eq!(machine.rbac_group_id.as_deref(), Some("140"));
    assert_eq!(machine.machine_tags, ["test tag 1", "test tag 2"]);
    assert_eq!(machine.ip_addresses[0].kind.as_deref(), Some("Ethernet"));
    let id = Uuid::from_u128(0x80fe_8ff8_2624_418e_9591_41f0_4912_18f9);
    assert_eq!(machine.join_key(), Some(id));
}

#[test]
fn odd_machines_that_exist_in_the_field_are_read() {
    // One line for each oddity; each was met in public samples of the API.
    for (body, check) in [
        (r#"{"osBuild":null}"#, (|m| m.os_build.is_none()) as fn(&Machine) -> bool),
        (r#"{"osBuild":6,"version":"20.4"}"#, |m| m.os_build == Some(6)),
        (r#"{"rbacGroupId":0,"rbacGroupName":null}"#, |m| m.rbac_group_id.as_deref() == Some("0")),
        (r#"{"isAadJoined":true,"aadDeviceId":null}"#, |m| m.join_key().is_none()),
        (r#"{"aadDeviceId":"00000000-0000-0000-0000-000000000000"}"#, |m| m.join_key().is_none()),
        (r#"{"aadDeviceId":"{80FE8FF8-2624-418E-9591-41F0491218F9}"}"#, |m| m.join_key().is_some()),
        (r#"{"aadDeviceId":"not a guid"}"#, |m| {
            m.join_key().is_none() && m.join_rule() == JoinRule::KeyUnreadable
        }),
        (
            r#"{"firstSeen":"0001-01-01T00:00:00Z","healthStatus":"Active","osPlatform":null}"#,
            |m| m.first_seen.is_none() && m.health_status.is_some(),
        ),
        (r#"{"firstSeen":1533221703,"lastSeen":"2024-12-01T10:00:00.123456Z"}"#, |m| {
            m.first_seen.is_none() && m.last_seen.is_some()
        }),
        (r#"{"ipAddresses":null,"machineTags":null,"vmMetadata":null}"#, |m| {
            *m == Machine::default()
        }),
        (
            r#"{"ipAddresses":[{"ipAddress":"","macAddress":"A434D9000001"},{"ipAddress":"::1"}]}"#,
            |m| m.ip_addresses.len() == 2 && m.ip_addresses[0].ip_address.is_none(),
        ),
        (r#"{"vm_metadata":{"vmId":"v","cloudProvider":"Azure"}}"#, |m| m.vm_metadata.is_some()),
        (r#"{"onboardingStatus":"CanBeOnboarded","riskScore":null}"#, |m| {
            m.onboarding_status.as_deref() == Some("CanBeOnboarded") && m.risk_score.is_none()
        }),
        (r#"{"onboardingstatus":"onboarded","onboardingStatus":null}"#, |m| {
            m.onboarding_status.as_deref() == Some("onboarded")
        }),
        (r#"{"newField":{"a":[1,2,{"b":null}]},"id":" x "}"#, |m| m.uid() == "x"),
    ] {
        let machine = machine(body);
        assert!(check(&machine), "{body} became {machine:?}");
    }
}

#[test]
fn a_payload_reads_as_the_same_machine() {
    let machine = machine(
        r#"{"id":"a","firstSeen":"2018-08-02T14:55:03.779Z","osBuild":1,"rbacGroupId":7,
            "isAadJoined":false,"vmMetadata":{"vmId":"v"},"ipAddresses":[{"type":"Other"}]}"#,
    );
    assert_eq!(serde_json::from_str::<Machine>(&machine.payload()).unwrap(), machine);
}

#[test]
fn a_record_that_another_one_has_replaced_leaves_the_intune_record_to_it() {
    for (body, rule) in [
        (r#"{"mergedIntoMachineId":"b"}"#, JoinRule::Yields),
        (r#"{"mergedIntoMachineId":" A "}"#, JoinRule::ByKey),
        (r#"{"mergedIntoMachineId":null}"#, JoinRule::ByKey),
        (r#"{"isExcluded":true,"isPotentialDuplication":true}"#, JoinRule::Yields),
        (r#"{"isExcluded":"True","exclusionReason":"duplicatedevice"}"#, JoinRule::Yields),
        (r#"{"isExcluded":true,"exclusionReason":"InactiveDevice"}"#, JoinRule::ByKey),
        (r#"{"isExcluded":true}"#, JoinRule::ByKey),
        (r#"{"isPotentialDuplication":true}"#, JoinRule::ByKey),
        (r#"{"isExcluded":false,"exclusionReason":"DuplicateDevice"}"#, JoinRule::ByKey),
        (r#"{"mergedIntoMachineId":"b","aadDeviceId":[]}"#, JoinRule::Yields),
    ] {
        let body = body.replacen('{', r#"{"id":"a","#, 1);
        assert_eq!(machine(&body).join_rule(), rule, "{body}");
    }
}

#[test]
fn of_two_records_of_a_device_the_one_that_is_plainly_older_yields() {
    let present = r#"{"onboardingStatus":"Onboarded","healthStatus":"Active","lastSeen":"2024-06-10T00:00:00Z"}"#;
    for (body, yields) in [
        (r#"{"onboardingStatus":"CanBeOnboarded","lastSeen":"2024-06-11T00:00:00Z"}"#, true),
        (r#"{"healthStatus":"inactive","lastSeen":"2024-06-11T00:00:00Z"}"#, true),
        (r#"{"healthStatus":"Active","lastSeen":"2024-06-07T23:00:00Z"}"#, true),
        (r#"{"healthStatus":"ImpairedCommunication","lastSeen":"2024-06-01T00:00:00Z"}"#, true),
        // Both are alive, or it cannot be known.
        (r#"{"healthStatus":"Active","lastSeen":"2024-06-09T00:00:00Z"}"#, false),
        (r#"{"healthStatus":"Active","lastSeen":"2024-07-01T00:00:00Z"}"#, false),
        (r#"{"healthStatus":"Active"}"#, false),
        (r#"{"healthStatus":"Active","lastSeen":"soon"}"#, false),
        ("{}", false),
    ] {
        assert_eq!(machine(body).yields_to(&machine(present)), yields, "{body}");
        if yields {
            assert!(!machine(present).yields_to(&machine(body)), "{body}");
        }
    }
}

/// Values of every JSON type, well-formed and not.
const VALUES: [&str; 22] = [
    "null",
    "true",
    "5",
    "1.5",
    "-0.0",
    "123456789012345678901234567890",
    "1e999",
    "NaN",
    r#""text""#,
    r#""""#,
    r#"" ""#,
    r#""\ud83d""#,
    "[]",
    "[[]]",
    "[null]",
    r#"["a"]"#,
    "[1.5]",
    r#"["a",{}]"#,
    r#"[{"a":1}]"#,
    "{}",
    r#"{"id":"x","value":[1]}"#,
    "[1e999]",
];

/// Whether a field of this kind reads a value, or takes it for absent.
fn reads(name: &str, value: &str) -> bool {
    if ["null", r#""""#, r#"" ""#].contains(&value) {
        return true;
    }
    match name {
        "id" => value == r#""text""#,
        "firstSeen" | "lastSeen" | "aadDeviceId" | "lastIpAddress" | "lastExternalIpAddress" => {
            false
        }
        "osBuild" => ["5", "-0.0"].contains(&value),
        "isAadJoined" | "isPotentialDuplication" | "isExcluded" => value == "true",
        "machineTags" => ["[]", "[null]", r#"["a"]"#].contains(&value),
        "ipAddresses" => ["[]", "[null]", r#"[{"a":1}]"#].contains(&value),
        "vmMetadata" | "vm_metadata" => value.starts_with('{'),
        _ => ["5", r#""text""#].contains(&value),
    }
}

#[test]
fn a_value_of_a_wrong_type_costs_exactly_its_field_whatever_field_and_type() {
    for name in Machine::WIRE_NAMES {
        let field = match *name {
            "onboardingstatus" => "machine.onboardingStatus".to_owned(),
            "vm_metadata" => "machine.vmMetadata".to_owned(),
            name => format!("machine.{name}"),
        };
        for value in VALUES {
            let body = format!(
                r#"{{"value":[{{"id":"kept","version":"kept","{name}":{value}}},{{"id":"b"}}]}}"#
            );
            let page = parse_page::<Machine>(body.as_bytes()).unwrap();
            if *name == "id" && !reads(name, value) {
                assert_eq!((page.records.len(), page.malformed.len()), (1, 1), "{body}");
                continue;
            }
            assert_eq!((page.records.len(), page.malformed.len()), (2, 0), "{body}");
            let machine = &page.records[0];
            let noted: Vec<_> = machine.unreadable().iter().map(|value| value.field).collect();
            let expected: &[&str] = if reads(name, value) { &[] } else { &[&field] };
            assert_eq!(noted, expected, "{body}");
            assert!(machine.unreadable().iter().all(|value| !value.example.is_empty()), "{body}");
            if *name != "version" {
                assert_eq!(machine.version.as_deref(), Some("kept"), "{body}");
            }
        }
    }
}

#[test]
fn a_value_of_a_wrong_type_within_an_object_costs_that_value_alone() {
    let machine = machine(
        r#"{"id":"a","vmMetadata":{"vmId":[],"cloudProvider":"Azure"},
            "ipAddresses":[{"ipAddress":"n/a","macAddress":"A434D9000001","type":true},
                           {"ipAddress":"10.0.0.1","type":"Ethernet"},"text"]}"#,
    );
    assert_eq!(machine.vm_metadata.unwrap().cloud_provider.as_deref(), Some("Azure"));
    assert_eq!(machine.ip_addresses.len(), 2);
    let noted: Vec<_> = machine.unreadable.iter().map(|it| (it.field, &*it.example)).collect();
    let expected = [
        ("machine.vmMetadata.vmId", "a list"),
        ("machine.ipAddresses[].ipAddress", r#""n/a""#),
        ("machine.ipAddresses[].type", "true"),
        ("machine.ipAddresses", r#""text""#),
    ];
    assert_eq!(noted, expected);
}
