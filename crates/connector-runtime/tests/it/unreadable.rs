//! Values that cannot be read, and records of one device: what the program makes of them.

use serde_json::{Value, json};

use crate::site::{Ended, Site, fleet, odd_fleet};

#[tokio::test(flavor = "multi_thread")]
async fn values_that_cannot_be_read_cost_their_fields_and_are_reported() {
    let site = Site::of(odd_fleet(200, 160)).await;

    let ended = site.sync().await;

    let report = ended.report();
    let found: Vec<_> = report
        .unreadable
        .iter()
        .map(|(name, field)| (name, field.count, field.example.as_str()))
        .collect();
    let expected = [
        ("machine.computerDnsName", 1, "\"caf\u{fffd}-pc.contoso.com\""),
        ("machine.ipAddresses", 1, "\"System.Object[]\""),
        ("machine.lastIpAddress", 1, "\"not-an-address\""),
        ("machine.lastSeen", 1, "1700000000"),
    ];
    assert_eq!(found, expected);
    let warnings = ended.stderr.matches("values of records could not be read").count();
    assert_eq!(warnings, 1, "{}", ended.stderr);

    let text = site.run(&["sync", "--full"]).await;
    let line = text.stdout.lines().find(|line| line.contains("unreadable ")).unwrap();
    assert!(
        line.starts_with("  unreadable  4 values: machine.computerDnsName: 1, such as"),
        "{line}"
    );

    let clean = Site::of(fleet(20, 10)).await.sync().await;
    assert!(clean.report().unreadable.is_empty());
    assert!(!clean.stderr.contains("could not be read"), "{}", clean.stderr);
}

/// Runs a command on files of machines and managed devices.
async fn on_files(command: &[&str], machines: Value, devices: Option<Value>) -> Ended {
    let site = Site::of(fleet(0, 0)).await;
    let machines_file = site.path("machines.json");
    std::fs::write(&machines_file, machines.to_string()).unwrap();
    let mut arguments = command.to_vec();
    arguments.extend(["--machines", machines_file.to_str().unwrap()]);
    let devices_file = site.path("devices.json");
    if let Some(devices) = devices {
        std::fs::write(&devices_file, devices.to_string()).unwrap();
        arguments.extend(["--managed-devices", devices_file.to_str().unwrap()]);
    }
    site.run(&arguments).await
}

fn events(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn map_and_explain_say_what_could_not_be_read() {
    let machines = json!({"value": [
        {"id": "a", "lastSeen": "05/01/2024 10:00:00", "firstSeen": "/Date(1571240587193)/",
         "ipAddresses": "text", "osBuild": [], "computerDnsName": "host.contoso.com"},
        {"id": "b", "osBuild": {}},
    ]});

    let mapped = on_files(&["map", "--form", "sekoia"], machines.clone(), None).await;

    assert_eq!(mapped.code, Some(0), "{mapped:#?}");
    let events = events(&mapped);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["time"], 1_571_240_587.0, "the first time that can be read");
    for part in [
        "4 values could not be read",
        "machine.ipAddresses: 1, such as \"text\"",
        "machine.lastSeen: 1, such as \"05/01/2024 10:00:00\"",
        "machine.osBuild: 2, such as a list",
    ] {
        assert!(mapped.stderr.contains(part), "{part} is not in {}", mapped.stderr);
    }

    let explained = on_files(&["explain", "device.last_seen_time"], machines, None).await;
    let line = "    machine.lastSeen cannot be read: \"05/01/2024 10:00:00\"";
    assert!(explained.stdout.lines().any(|it| it == line), "{}", explained.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intune_record_goes_to_the_record_that_stands_for_the_device() {
    let key = "80fe8ff8-2624-418e-9591-41f0491218f9";
    let devices = json!([{"id": "i", "azureADDeviceId": key, "serialNumber": "5CD0123ABC"}]);
    let present = json!({"id": "new", "aadDeviceId": key, "healthStatus": "Active",
        "onboardingStatus": "Onboarded", "lastSeen": "2024-06-10T00:00:00Z"});
    let with = |changes: Value| {
        let mut old = present.clone();
        old["id"] = "old".into();
        old.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        old
    };
    for (old, why) in [
        (with(json!({"mergedIntoMachineId": "new"})), "merged it into new"),
        (with(json!({"isExcluded": true, "isPotentialDuplication": true})), "as a duplicate"),
        (with(json!({"isExcluded": true, "exclusionReason": "DuplicateDevice"})), "as a duplicate"),
        (with(json!({"onboardingStatus": "CanBeOnboarded"})), "another record"),
        (with(json!({"healthStatus": "Inactive"})), "another record"),
        (with(json!({"lastSeen": "2024-05-01T00:00:00Z"})), "another record"),
    ] {
        for machines in [json!([old, present]), json!([present, old])] {
            let mapped =
                on_files(&["map", "--form", "ocsf"], machines.clone(), Some(devices.clone())).await;
            for event in events(&mapped) {
                let device = &event["device"];
                let is_old = device["uid"] == "old";
                let managed = if is_old { Value::Null } else { true.into() };
                assert_eq!(device["is_managed"], managed, "{old}");
                assert_eq!(device.get("hw_info").is_none(), is_old, "{old}");
            }
            let explained = on_files(&["explain"], machines, Some(devices.clone())).await;
            let lines: Vec<_> = explained
                .stdout
                .lines()
                .filter(|line| line.starts_with("  without Intune"))
                .collect();
            assert!(lines.len() == 1 && lines[0].contains(why), "{old}: {lines:?}");
        }
    }
}
