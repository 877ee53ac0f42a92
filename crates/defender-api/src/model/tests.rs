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
        (r#"{"aadDeviceId":"not a guid"}"#, |m| m.join_key().is_none()),
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
