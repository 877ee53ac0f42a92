//! A page of machines: typed reading beside the floor of reading it into untyped JSON.
#![allow(clippy::unwrap_used)]

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use stocktake_defender_api::Machine;
use stocktake_odata::parse_page;

const MACHINES: usize = 1_000;

fn main() {
    divan::main();
}

/// A page as the API sends it, undocumented fields included.
fn page(broken: bool) -> Vec<u8> {
    let machine = |n: usize| {
        json!({
            "id": format!("{n:040x}"), "mergedIntoMachineId": null,
            "isPotentialDuplication": false, "isExcluded": false, "exclusionReason": null,
            "computerDnsName": format!("desktop-{n:07}.contoso.com"),
            "firstSeen": "2018-08-02T14:55:03.7791856Z", "lastSeen": "2024-12-01T10:00:00.123456Z",
            "osPlatform": "Windows11", "osVersion": null, "osProcessor": "x64", "version": "22H2",
            "lastIpAddress": format!("10.1.{}.{}", n / 256 % 256, n % 256),
            "lastExternalIpAddress": "167.220.196.71", "agentVersion": "10.8295.22621.1019",
            "osBuild": 22621, "healthStatus": "Active", "deviceValue": "Normal",
            "rbacGroupId": 140, "rbacGroupName": "The-A-Team", "riskScore": "Low",
            "exposureLevel": "Medium", "isAadJoined": true,
            "aadDeviceId": format!("80fe8ff8-2624-418e-9591-{n:012x}"),
            "machineTags": ["test tag 1", "test tag 2"], "defenderAvStatus": "Updated",
            "onboardingStatus": "Onboarded", "osArchitecture": "64-bit", "managedBy": "Intune",
            "managedByStatus": "Success", "vmMetadata": null,
            "ipAddresses": [
                {"ipAddress": "10.1.2.3", "macAddress": "A434D9000001", "type": "Ethernet",
                 "operationalStatus": "Up"},
                {"ipAddress": "fe80::1c2f:ffff:fe00:1", "macAddress": "A434D9000001",
                 "type": "Ethernet", "operationalStatus": "Up"},
                {"ipAddress": "127.0.0.1", "macAddress": null, "type": "SoftwareLoopback",
                 "operationalStatus": "Up"},
            ],
        })
    };
    let mut machines: Vec<Value> = (0..MACHINES).map(machine).collect();
    if broken {
        machines.last_mut().unwrap()["osBuild"] = json!([]);
    }
    json!({"@odata.context": "x", "value": machines}).to_string().into_bytes()
}

fn bench<T>(bencher: Bencher<'_, '_>, page: &[u8], read: impl Fn(&[u8]) -> T) {
    bencher
        .counter(ItemsCount::new(MACHINES))
        .counter(BytesCount::of_slice(page))
        .bench_local(|| read(black_box(page)));
}

#[divan::bench]
fn typed(bencher: Bencher<'_, '_>) {
    bench(bencher, &page(false), |page| parse_page::<Machine>(page).unwrap());
}

/// The page is cut, because its last record is malformed.
#[divan::bench]
fn typed_with_a_malformed_record(bencher: Bencher<'_, '_>) {
    bench(bencher, &page(true), |page| parse_page::<Machine>(page).unwrap());
}

#[divan::bench]
fn untyped(bencher: Bencher<'_, '_>) {
    bench(bencher, &page(false), |page| serde_json::from_slice::<Value>(page).unwrap());
}

#[divan::bench]
fn skipped(bencher: Bencher<'_, '_>) {
    bench(bencher, &page(false), |page| serde_json::from_slice::<IgnoredAny>(page).unwrap());
}
