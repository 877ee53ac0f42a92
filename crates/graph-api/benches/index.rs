//! The join index: bytes for each managed device, and the time of building and asking it.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use serde_json::json;
use stocktake_graph_api::{JoinIndex, JoinIndexBuilder, ManagedDevice};
use uuid::Uuid;

const DEVICES: u64 = 100_000;

fn main() {
    let index = build(&devices());
    let each = index.bytes() as f64 / index.len() as f64;
    println!("join index: {each:.0} bytes for each of {} managed devices", index.len());
    divan::main();
}

/// Devices as a list gives them: their own names, users and ids, models and versions in common.
fn devices() -> Vec<ManagedDevice> {
    let device = |n: u64| {
        let user = format!("firstname.lastname{n}@contoso.com");
        serde_json::from_value(json!({
            "id": guid(n, 1), "azureADDeviceId": guid(n, 2), "userId": guid(n, 3),
            "deviceName": format!("DESKTOP-{n:07}"), "serialNumber": format!("PF{n:08}"),
            "operatingSystem": "Windows", "osVersion": format!("10.0.22631.{}", n % 50),
            "model": format!("Latitude {}", n % 300), "manufacturer": "Dell Inc.",
            "imei": "", "meid": "", "udid": null, "iccid": "",
            "wiFiMacAddress": format!("{n:012X}"), "ethernetMacAddress": null,
            "physicalMemoryInBytes": 0, "complianceState": "compliant",
            "managedDeviceOwnerType": "company", "managementAgent": "mdm",
            "managementState": "managed", "isSupervised": false,
            "enrolledDateTime": format!("2024-0{}-01T10:{:02}:00Z", 1 + n % 9, n % 60),
            "lastSyncDateTime": format!("2024-12-0{}T10:{:02}:31.1234567Z", 1 + n % 9, n % 60),
            "userPrincipalName": user, "emailAddress": user,
            "userDisplayName": format!("Firstname Lastname {n}"),
        }))
        .unwrap()
    };
    (1..=DEVICES).map(device).collect()
}

/// A GUID that looks as random as real ones.
fn guid(n: u64, kind: u64) -> String {
    let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23) ^ n;
    Uuid::from_u64_pair(spread(n * 4 + kind), spread(n * 4 + kind + 1)).to_string()
}

fn build(devices: &[ManagedDevice]) -> JoinIndex {
    let mut builder = JoinIndexBuilder::with_capacity(devices.len());
    devices.iter().for_each(|device| builder.add(device));
    builder.build()
}

#[divan::bench(sample_count = 10)]
fn build_an_index(bencher: Bencher<'_, '_>) {
    let devices = devices();
    bencher.counter(ItemsCount::new(DEVICES)).bench_local(|| build(black_box(&devices)));
}

#[divan::bench(sample_count = 10)]
fn find_every_device(bencher: Bencher<'_, '_>) {
    let devices = devices();
    let index = build(&devices);
    let keys: Vec<Uuid> = devices.iter().filter_map(ManagedDevice::azure_ad_device_id).collect();
    bencher
        .counter(ItemsCount::new(DEVICES))
        .bench_local(|| keys.iter().filter(|key| index.get(**key).is_some()).count());
}
