//! One case for each rule of the table that the modules behind it do not test themselves.

use serde_json::{Value, json};

use super::*;

fn now() -> DateTime<Utc> {
    "2024-12-24T12:00:00.123Z".parse().unwrap()
}

fn mapped(machine: Value, enrichment: Enrichment<Value>) -> Value {
    let mut machine: Machine = serde_json::from_value(machine).unwrap();
    machine.id.get_or_insert_with(|| "d1".to_owned());
    let enrichment = match enrichment {
        Enrichment::Matched(device) => Enrichment::Matched(serde_json::from_value(device).unwrap()),
        Enrichment::NoMatch => Enrichment::NoMatch,
        Enrichment::Uncertain => Enrichment::Uncertain,
        Enrichment::Unavailable => Enrichment::Unavailable,
    };
    let mapper = DefenderMapper::new(MapperOptions::default());
    mapper.map(&machine, &enrichment, now()).unwrap().to_value()
}

/// What stands at `pointer` in the event of `machine` and `device`.
fn at(machine: Value, device: Value, pointer: &str) -> Value {
    let event = mapped(machine, Enrichment::Matched(device));
    event.pointer(pointer).cloned().unwrap_or(Value::Null)
}

#[test]
fn a_machine_without_an_id_is_refused_and_the_error_names_the_field() {
    let mapper = DefenderMapper::new(MapperOptions::default());
    for id in [None, Some(""), Some(" ")] {
        let machine = Machine { id: id.map(str::to_owned), ..Machine::default() };
        let error = mapper.map(&machine, &Enrichment::NoMatch, now()).unwrap_err();
        assert_eq!(error.field, "id");
        assert_eq!(error.to_string(), "`id` is missing or empty");
    }
}

#[test]
fn the_hostname_falls_back_to_intunes_name_and_then_to_the_id() {
    let hostname = |machine, device| at(machine, device, "/device/hostname");
    let intune = json!({"deviceName": "DESKTOP-1"});
    assert_eq!(hostname(json!({"computerDnsName": "a.b"}), intune.clone()), "a.b");
    assert_eq!(hostname(json!({"computerDnsName": ""}), intune.clone()), "DESKTOP-1");
    assert_eq!(hostname(json!({"computerDnsName": null}), intune), "DESKTOP-1");
    assert_eq!(hostname(json!({"id": "0a1b"}), json!({"deviceName": ""})), "0a1b");
}

#[test]
fn the_name_of_the_operating_system_is_the_most_exact_that_is_known() {
    let name = |machine, device| at(machine, device, "/device/os/name");
    let machine = json!({"osPlatform": "Windows10", "osBuild": 18209});
    let intune = json!({"osVersion": "10.0.22631.3880"});
    assert_eq!(name(machine.clone(), intune), "10.0.22631.3880");
    assert_eq!(name(machine, json!({"osVersion": ""})), "Windows10 (Build 18209)");
    assert_eq!(name(json!({"osPlatform": "Ubuntu"}), json!({})), "Ubuntu");
    assert_eq!(name(json!({"osBuild": 7}), json!({})), "");
}

#[test]
fn the_time_of_the_event_is_last_seen_else_first_seen_else_now() {
    let time = |machine| at(machine, json!({}), "/time");
    let (first, last) = ("2018-08-02T14:55:03.7791856Z", "2024-12-01T10:00:00Z");
    assert_eq!(time(json!({"firstSeen": first, "lastSeen": last})), 1_733_047_200_000_i64);
    assert_eq!(time(json!({"firstSeen": first})), 1_533_221_703_779_i64);
    let none = json!({"firstSeen": "0001-01-01T00:00:00Z", "lastSeen": "9999-12-31T23:59:59Z"});
    assert_eq!(time(none), 1_735_041_600_123_i64);
}

#[test]
fn a_device_is_managed_when_intune_manages_it_and_unknown_when_intune_was_not_asked() {
    let managed = |enrichment| mapped(json!({}), enrichment)["device"]["is_managed"].clone();
    for (device, expected) in [
        (json!({"managementAgent": "mdm", "managementState": "managed"}), true),
        (json!({"managementAgent": "mdm", "managementState": "retireIssued"}), true),
        (json!({"managementAgent": "hologram"}), true),
        (json!({}), true),
        (json!({"managementAgent": "eas"}), false),
        (json!({"managementAgent": "msSense"}), false),
        (json!({"managementAgent": "mdm", "managementState": "discovered"}), false),
    ] {
        assert_eq!(managed(Enrichment::Matched(device.clone())), expected, "{device}");
    }
    assert_eq!(managed(Enrichment::NoMatch), false);
    assert_eq!(managed(Enrichment::Uncertain), Value::Null);
    assert_eq!(managed(Enrichment::Unavailable), Value::Null);
}

#[test]
fn compliance_and_ownership_are_told_only_when_intune_tells_them() {
    let compliant = |device| at(json!({}), device, "/device/is_compliant");
    assert_eq!(compliant(json!({"complianceState": "compliant"})), true);
    assert_eq!(compliant(json!({"complianceState": "inGracePeriod"})), false);
    assert_eq!(compliant(json!({"complianceState": "unknown"})), false);
    assert_eq!(compliant(json!({"complianceState": "brandNew"})), false);
    assert_eq!(compliant(json!({"complianceState": null})), Value::Null);
    let personal = |device| at(json!({}), device, "/device/is_personal");
    assert_eq!(personal(json!({"managedDeviceOwnerType": "personal"})), true);
    assert_eq!(personal(json!({"managedDeviceOwnerType": "company"})), false);
    assert_eq!(personal(json!({"managedDeviceOwnerType": ""})), Value::Null);
    let supervised = |device| at(json!({}), device, "/device/is_supervised");
    assert_eq!(supervised(json!({"isSupervised": true})), true);
    assert_eq!(supervised(json!({"isSupervised": null})), Value::Null);
}

#[test]
fn an_enrichment_has_its_value_as_data_too() {
    let device = json!({"complianceState": "inGracePeriod", "managementAgent": "mdm"});
    let event = mapped(json!({}), Enrichment::Matched(device));
    assert_eq!(
        event["enrichments"],
        json!([
            {"name": "management_agent", "value": "mdm", "data": {"value": "mdm"}},
            {
                "name": "compliance_state",
                "value": "inGracePeriod",
                "data": {"value": "inGracePeriod"},
            },
        ])
    );
}

#[test]
fn an_event_without_enrichments_has_no_empty_list_of_them() {
    let event = mapped(json!({}), Enrichment::Unavailable);
    assert_eq!(event.get("enrichments"), None);
    for name in ["network_interfaces", "agent_list"] {
        assert_eq!(event["device"].get(name), None);
    }
    assert_eq!(event["metadata"].get("labels"), None);
}

#[test]
fn risk_is_omitted_when_there_is_none() {
    let risk = |score| {
        let event = mapped(json!({"riskScore": score}), Enrichment::Unavailable);
        json!([event["device"]["risk_level_id"], event["device"]["risk_level"]])
    };
    assert_eq!(risk(json!("Low")), json!([1, "Low"]));
    assert_eq!(risk(json!("None")), json!([null, null]));
}

/// Every id of `value` that has a sibling, with it.
fn ids_with_siblings(value: &Value, found: &mut Vec<(String, i64, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let sibling = name.strip_suffix("_id").and_then(|name| fields.get(name));
                if let (Some(id), Some(sibling)) = (value.as_i64(), sibling) {
                    found.push((name.clone(), id, sibling.clone()));
                }
                ids_with_siblings(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| ids_with_siblings(item, found)),
        _ => {}
    }
}

#[test]
fn beside_every_id_of_other_stands_the_sources_own_text() {
    let machine = json!({
        "osPlatform": "Solaris",
        "riskScore": "Elevated",
        "ipAddresses": [
            {"ipAddress": "10.0.0.1", "macAddress": "A434D9123456", "type": "Ieee1394"},
            {"ipAddress": "10.0.0.2", "type": "Ppp"},
        ],
        "osProcessor": "sparc",
        "osArchitecture": "128-bit",
        "onboardingStatus": "Onboarded",
    });
    let device = json!({"wiFiMacAddress": "B434D9123456", "managementAgent": "hologram"});
    let event = mapped(machine, Enrichment::Matched(device));
    let mut found = Vec::new();
    ids_with_siblings(&event, &mut found);
    let mut others: Vec<_> = found.iter().filter(|(_, id, _)| *id == 99).collect();
    others.sort_by_key(|(_, _, text)| text.to_string());
    let texts: Vec<_> = others.iter().map(|(_, _, text)| text.as_str().unwrap()).collect();
    assert_eq!(texts, ["Elevated", "Ieee1394", "Ppp", "Solaris"]);
    assert!(found.iter().all(|(_, _, text)| text != "Other"), "{found:?}");
}

#[test]
fn what_stands_in_for_a_value_is_no_value() {
    let machine = json!({
        "computerDnsName": "iPad Pro 12.9",
        "lastIpAddress": "127.0.0.1",
        "ipAddresses": [{"ipAddress": "0.0.0.0", "macAddress": "020000000000", "type": "Ethernet"}],
    });
    let device = json!({
        "wiFiMacAddress": "02:00:00:00:00:00", "ethernetMacAddress": "FFFFFFFFFFFF",
        "serialNumber": "System Serial Number", "model": "System Product Name",
        "manufacturer": "To Be Filled By O.E.M.", "imei": "004999010640000",
        "meid": "00000000000000", "iccid": "00000000000000000000", "udid": "0000-0000",
        "userId": "00000000-0000-0000-0000-000000000000",
    });
    let event = mapped(machine, Enrichment::Matched(device));
    let device = event["device"].as_object().unwrap();
    for name in [
        "domain",
        "ip",
        "network_interfaces",
        "hw_info",
        "model",
        "vendor_name",
        "imei_list",
        "meid",
        "iccid",
        "udid",
        "owner",
    ] {
        assert_eq!(device.get(name), None, "{name}");
    }
    assert_eq!(device["hostname"], "iPad Pro 12.9");
}

#[test]
fn an_agent_is_one_that_runs_on_the_device() {
    let names = |machine, device| {
        let agents = at(machine, device, "/device/agent_list");
        let agents = agents.as_array().cloned().unwrap_or_default();
        agents
            .iter()
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (sensor, client) = ("Microsoft Defender for Endpoint", "Microsoft Intune");
    let unmanaged = json!({"managementAgent": "eas"});
    for (machine, device, expected) in [
        (json!({"onboardingStatus": "onboarded"}), json!({}), format!("{sensor}, {client}")),
        (json!({"agentVersion": "10.1"}), unmanaged.clone(), sensor.to_owned()),
        (
            json!({"onboardingStatus": "CanBeOnboarded", "agentVersion": "1"}),
            json!({}),
            client.into(),
        ),
        (json!({}), unmanaged, String::new()),
    ] {
        assert_eq!(names(machine.clone(), device), expected, "{machine}");
    }
    let version = at(json!({"agentVersion": "10.1"}), json!({}), "/device/agent_list/0/version");
    assert_eq!(version, "10.1");
}

#[test]
fn an_address_that_does_not_parse_is_omitted() {
    let ip = |text| at(json!({"lastIpAddress": text}), json!({}), "/device/ip");
    assert_eq!(ip("2001:db8::17"), "2001:db8::17");
    assert_eq!(ip("not an address"), Value::Null);
}

#[test]
fn adapters_of_intune_come_before_those_that_only_defender_reports() {
    let machine = json!({"ipAddresses": [
        {"ipAddress": "10.0.0.1", "macAddress": "A434D9123456", "type": "Ethernet"},
    ]});
    let macs = |device| {
        let event = mapped(machine.clone(), Enrichment::Matched(device));
        let list = event["device"]["network_interfaces"].as_array().cloned().unwrap_or_default();
        list.iter().map(|i| i["mac"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(macs(json!({})), "A4:34:D9:12:34:56");
    let wifi = json!({"wiFiMacAddress": "B434D9123456"});
    assert_eq!(macs(wifi), "B4:34:D9:12:34:56 A4:34:D9:12:34:56");
}

#[test]
fn a_device_group_has_a_name_or_a_number_other_than_zero() {
    let groups = |id: Value, name: Value| {
        let machine = json!({"rbacGroupId": id, "rbacGroupName": name});
        at(machine, json!({}), "/device/groups")
    };
    let full = json!([{"name": "Team", "uid": "140"}]);
    assert_eq!(groups(json!("140"), json!("Team")), full);
    assert_eq!(groups(json!(140), json!("Team")), full);
    assert_eq!(groups(json!(0), json!("Team")), json!([{"name": "Team"}]));
    assert_eq!(groups(json!(140), json!(null)), json!([{"uid": "140"}]));
    assert_eq!(groups(json!(0), json!(null)), Value::Null);
}

#[test]
fn intunes_facts_refine_the_type() {
    let device = json!({"model": "MacBookPro18,3"});
    assert_eq!(at(json!({"osPlatform": "macOS"}), device, "/device/type"), "Laptop");
}

#[test]
fn metadata_of_a_virtual_machine_counts_only_when_it_names_one() {
    let of = |vm| at(json!({"vmMetadata": vm}), json!({}), "/device/type");
    assert_eq!(of(json!({"vmId": "a"})), "Virtual");
    assert_eq!(of(json!({"cloudProvider": "Azure"})), "Virtual");
    assert_eq!(of(json!({"cloudProvider": "unknown"})), "Unknown");
    assert_eq!(of(json!({})), "Unknown");
}

#[test]
fn the_version_of_the_operating_system_skips_what_is_none() {
    let version = |machine, device| at(machine, device, "/device/os/version");
    let machine = json!({"osVersion": "2", "version": "3"});
    assert_eq!(version(machine.clone(), json!({"osVersion": "1"})), "1");
    assert_eq!(version(machine, json!({})), "2");
    assert_eq!(version(json!({"version": "22H2"}), json!({})), "22H2");
    assert_eq!(version(json!({"version": "Other"}), json!({})), Value::Null);
}

#[test]
fn the_domain_is_what_follows_the_first_dot_of_a_name() {
    for (name, expected) in [
        ("a.contoso.com", Some("contoso.com")),
        ("a.contoso.com.", Some("contoso.com")),
        ("a", None),
        ("a.", None),
        (".b", None),
        ("10.0.0.1", None),
        ("a-1.corp_2.contoso.com", Some("corp_2.contoso.com")),
        ("zoë.münchen.de", Some("münchen.de")),
        ("iPad Pro 12.9", None),
        ("iPad.12.9", None),
        ("Kim's Mac.local", None),
        ("a..b", None),
        ("a.b c", None),
        ("a.b:80", None),
    ] {
        assert_eq!(domain(name), expected, "{name}");
    }
}

#[test]
fn the_zero_guid_of_entra_is_no_identifier() {
    let machine = json!({"aadDeviceId": "00000000-0000-0000-0000-000000000000"});
    let event = mapped(machine, Enrichment::NoMatch);
    assert_eq!(event["device"].get("uid_alt"), None);
    assert_eq!(event.get("enrichments"), None);
}

#[test]
fn the_tenant_is_named_when_it_is_configured() {
    let machine = Machine { id: Some("d1".into()), ..Machine::default() };
    let tenant_uid = DirectoryId::new("t1").unwrap();
    let mapper = DefenderMapper::new(MapperOptions::default().with_tenant_uid(tenant_uid));
    let event = mapper.map(&machine, &Enrichment::NoMatch, now()).unwrap();
    assert_eq!(event.metadata.tenant_uid.as_deref(), Some("t1"));
    assert_eq!(event.metadata.processed_time.unwrap().as_millis(), 1_735_041_600_123);
}

#[test]
fn switching_details_sends_every_device_once_again() {
    let plain = MapperOptions::default();
    let detailed = plain.clone().with_details(true);
    let [plain, detailed] =
        [plain, detailed].map(|options| DefenderMapper::new(options).fingerprint());
    assert_ne!(plain, detailed);
    assert_eq!(plain, table::fingerprint(), "what was delivered without details stays delivered");
}
