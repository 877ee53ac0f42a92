use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn options(machines: usize, managed_devices: usize) -> FleetOptions {
    FleetOptions {
        machines,
        managed_devices,
        seed: 7,
        odd_records: false,
        now: "2026-11-24T08:00:00Z".parse().unwrap(),
    }
}

fn odd(machines: usize, managed_devices: usize) -> Fleet {
    Fleet::new(FleetOptions { odd_records: true, ..options(machines, managed_devices) })
}

fn values(lines: &[u8]) -> Vec<Value> {
    lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[test]
fn one_seed_gives_one_fleet_and_another_seed_another() {
    let one = Fleet::new(options(500, 400));
    assert_eq!(one.machines_json(), Fleet::new(options(500, 400)).machines_json());
    assert_eq!(one.managed_devices_json(), Fleet::new(options(500, 400)).managed_devices_json());
    let other = Fleet::new(FleetOptions { seed: 8, ..options(500, 400) });
    assert_ne!(one.machines_json(), other.machines_json());
}

#[test]
fn a_machine_is_the_same_in_a_small_and_in_a_large_fleet() {
    let small = Fleet::new(options(50, 0)).machine_json(42);
    assert_eq!(small, Fleet::new(options(1_000_000, 0)).machine_json(42));
}

#[test]
fn the_first_device_is_the_example_pair() {
    let fleet = odd(100, 80);
    let machine: Value = serde_json::from_slice(&fleet.machine_json(0).unwrap()).unwrap();
    let example: Value = serde_json::from_str(include_str!("example_machine.json")).unwrap();
    assert_eq!(machine, example);
    let mut out = Vec::new();
    fleet.snapshot().managed_device(0).write(&Selection::default(), Depth::Detailed, &mut out);
    let device: Value = serde_json::from_slice(&out).unwrap();
    let example: Value = serde_json::from_str(include_str!("example_managed_device.json")).unwrap();
    for (name, value) in example.as_object().unwrap() {
        assert_eq!(&device[name], value, "{name}");
    }
}

#[test]
fn a_list_hides_what_only_a_read_by_id_shows() {
    let fleet = Fleet::new(options(10, 10));
    let listed = &values(&fleet.managed_devices_ndjson())[0];
    assert_eq!(listed["ethernetMacAddress"], Value::Null);
    assert_eq!(listed["physicalMemoryInBytes"], 0);
    assert_eq!(listed["udid"], "");
    assert_eq!(listed["wiFiMacAddress"], "AA:BB:CC:DD:EE:FF");
}

#[test]
fn every_device_can_be_read_by_id() {
    let fleet = Fleet::new(options(300, 300));
    let snapshot = fleet.snapshot();
    let mut of_apple = HashSet::new();
    for index in 0..300 {
        let mut out = Vec::new();
        snapshot.managed_device(index).write(&Selection::default(), Depth::Detailed, &mut out);
        let device: Value = serde_json::from_slice(&out).unwrap();
        let udid = device["udid"].as_str().unwrap();
        if device["operatingSystem"] == "iOS" {
            assert!(udid.len() == 40 && udid.bytes().all(|b| b.is_ascii_hexdigit()), "{udid}");
            assert!(!udid.contains("0000000000"), "{udid}");
            assert!(of_apple.insert(udid.to_owned()), "{udid} twice");
        } else {
            assert_eq!(udid, "");
        }
    }
    assert!(of_apple.len() > 2);
}

#[test]
fn a_machine_takes_about_a_kilobyte() {
    let fleet = Fleet::new(options(10_000, 0));
    let mean = fleet.machines_json().len() / 10_000;
    assert!((900..=1_200).contains(&mean), "{mean}");
}

#[test]
fn ids_are_unique_and_every_record_of_a_regular_fleet_is_valid() {
    let fleet = Fleet::new(options(3_000, 2_000));
    let machines = values(&fleet.machines_ndjson());
    let ids: HashSet<_> = machines.iter().map(|machine| machine["id"].to_string()).collect();
    assert_eq!(ids.len(), 3_000);
    let devices = values(&fleet.managed_devices_ndjson());
    let ids: HashSet<_> = devices.iter().map(|device| device["id"].to_string()).collect();
    assert_eq!(ids.len(), 2_000);
}

#[test]
fn a_fleet_mixes_platforms_healths_and_risks() {
    let machines = values(&Fleet::new(options(3_000, 0)).machines_ndjson());
    let kinds = |name: &str| {
        machines.iter().map(|machine| machine[name].to_string()).collect::<HashSet<_>>().len()
    };
    assert!(kinds("osPlatform") >= 15);
    assert_eq!(kinds("riskScore"), 5);
    assert!(kinds("healthStatus") >= 4);
    assert!(kinds("rbacGroupName") >= 4);
}

#[test]
fn the_expectation_agrees_with_a_count_of_what_is_listed() {
    let fleet = Fleet::new(options(2_000, 1_500));
    fleet.add(21);
    fleet.remove(10);
    let expected = fleet.expectation();
    let devices = values(&fleet.managed_devices_ndjson());
    let joined: HashSet<_> = devices
        .iter()
        .map(|device| device["azureADDeviceId"].as_str().unwrap().to_ascii_lowercase())
        .collect();
    let machines = values(&fleet.machines_ndjson());
    let enriched = machines
        .iter()
        .filter_map(|machine| machine["aadDeviceId"].as_str())
        .filter(|id| joined.contains(*id))
        .count();
    assert_eq!(expected.machines, machines.len());
    assert_eq!(expected.machines, 2_011);
    assert_eq!(expected.devices, 2_011);
    assert_eq!(expected.managed_devices, devices.len());
    assert_eq!(expected.enriched, enriched);
    // Some of both listings have no partner, or this fleet would show nothing.
    assert!(enriched < devices.len() && enriched > 1_000, "{enriched}");
}

#[test]
fn some_directory_ids_repeat_some_are_zero_and_some_are_upper_case() {
    let devices = values(&Fleet::new(options(500, 500)).managed_devices_ndjson());
    let ids: Vec<_> =
        devices.iter().map(|device| device["azureADDeviceId"].as_str().unwrap()).collect();
    assert!(ids.iter().any(|id| id.starts_with("00000000-0000-0000")));
    assert!(ids.iter().any(|id| *id != id.to_ascii_lowercase()));
    let folded: HashSet<_> = ids.iter().map(|id| id.to_ascii_lowercase()).collect();
    assert!(folded.len() < ids.len() - 5);
}

#[test]
fn a_fleet_of_a_hundred_has_every_oddity_and_its_figures_add_up() {
    let fleet = odd(100, 64);
    let expected = fleet.expectation();
    assert_eq!(expected.machines, 100);
    let dead = ODDITIES.iter().filter(|oddity| oddity.outcome == Outcome::DeadLetter).count();
    assert_eq!(expected.dead_letters, dead);
    assert_eq!(expected.duplicates, 1);
    assert_eq!(expected.machines, expected.devices + expected.duplicates + expected.dead_letters);
    assert_eq!(fleet.device_ids().len(), expected.devices);
    assert_eq!(fleet.device_ids().iter().collect::<HashSet<_>>().len(), expected.devices);
}

#[test]
fn each_record_that_is_no_object_with_an_id_is_a_dead_letter_and_no_other() {
    let fleet = odd(100, 64);
    for position in 0..100 {
        let record = fleet.machine_json(position).unwrap();
        // A text that is not UTF-8 costs its field.
        let id = serde_json::from_str::<Value>(&String::from_utf8_lossy(&record))
            .ok()
            .and_then(|value| value.get("id")?.as_str().map(str::to_owned))
            .filter(|id| !id.is_empty());
        let outcome = fleet.snapshot().machine_outcome(position);
        assert_eq!(id.is_none(), outcome == Outcome::DeadLetter, "{position}: {record:?}");
    }
}

#[test]
fn the_duplicate_carries_the_id_of_its_twin_and_other_content() {
    let fleet = odd(100, 64);
    let twin: Value = serde_json::from_slice(&fleet.machine_json(9).unwrap()).unwrap();
    let duplicate: Value = serde_json::from_slice(&fleet.machine_json(10).unwrap()).unwrap();
    assert_eq!(twin["id"], duplicate["id"]);
    assert_ne!(twin, duplicate);
}

#[test]
fn a_change_moves_risk_and_last_seen_of_just_the_named_machines() {
    let fleet = odd(200, 150);
    let before: Vec<_> = (0..200).map(|position| fleet.machine_json(position).unwrap()).collect();
    let changed: HashSet<_> = fleet.change(30).into_iter().collect();
    assert_eq!(changed.len(), 30);
    let mut differing = 0;
    for (position, before) in before.iter().enumerate() {
        let after = fleet.machine_json(position).unwrap();
        if *before == after {
            continue;
        }
        differing += 1;
        let before: Value = serde_json::from_slice(before).unwrap();
        let after: Value = serde_json::from_slice(&after).unwrap();
        assert!(changed.contains(after["id"].as_str().unwrap()));
        assert_ne!(before["riskScore"], after["riskScore"]);
        assert!(after["lastSeen"].as_str() > before["lastSeen"].as_str());
    }
    assert_eq!(differing, 30);
}

#[test]
fn added_machines_come_last_and_removed_ones_answer_to_nothing() {
    let fleet = odd(200, 150);
    let added = fleet.add(5);
    let removed = fleet.remove(4);
    let ids = fleet.device_ids();
    assert!(ids.ends_with(&added) || added.iter().any(|id| removed.contains(id)));
    assert_eq!(removed.len(), 4);
    for id in &removed {
        assert!(!ids.contains(id));
        assert_eq!(fleet.snapshot().find_machine(id), None);
    }
    assert_eq!(fleet.expectation().machines, 201);
}

#[test]
fn a_fleet_too_small_for_a_change_changes_what_it_can() {
    let fleet = Fleet::new(options(3, 0));
    assert_eq!(fleet.change(10).len(), 2);
    assert_eq!(fleet.remove(10).len(), 2);
    assert_eq!(fleet.remove(1), Vec::<String>::new());
    assert_eq!(Fleet::new(options(0, 0)).change(1), Vec::<String>::new());
    assert_eq!(Fleet::new(options(0, 0)).machines_json(), br#"{"value":[]}"#);
}

proptest! {
    #[test]
    fn every_listed_device_is_found_by_its_id(machines in 1usize..400, share in 0usize..=100, odd_records: bool) {
        let fleet = Fleet::new(FleetOptions { odd_records, ..options(machines, machines * share / 100) });
        fleet.add(3);
        fleet.remove(machines / 10);
        let state = fleet.snapshot();
        for index in state.machines_from(0) {
            if state.machine_outcome(index) == Outcome::Mapped {
                prop_assert_eq!(state.find_machine(&state.machine_id(index)), Some(index));
            }
        }
        for managed in 0..state.managed_devices() {
            let device = state.managed_device(managed);
            prop_assert_eq!(state.find_managed_device(&device.id().to_string()), Some(managed));
            let mut out = Vec::new();
            device.write(&Selection::parse("azureADDeviceId").unwrap(), Depth::Listed, &mut out);
            let written: Value = serde_json::from_slice(&out).unwrap();
            let joined = Guid::parse(written["azureADDeviceId"].as_str().unwrap()).unwrap();
            prop_assert!(state.managed_devices_with(joined).contains(&managed));
        }
    }

    #[test]
    fn positions_step_over_what_is_removed(machines in 2usize..300, removed in 0usize..40) {
        let fleet = Fleet::new(options(machines, 0));
        fleet.remove(removed);
        let state = fleet.snapshot();
        let listed: Vec<_> = state.machines_from(0).collect();
        prop_assert_eq!(listed.len(), state.machines());
        for (position, index) in listed.iter().enumerate() {
            prop_assert_eq!(state.machine_at(position), Some(*index));
        }
        prop_assert_eq!(state.machine_at(listed.len()), None);
    }
}
