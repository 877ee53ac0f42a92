//! What one event costs to write with its fingerprint: `cargo bench -p stocktake-sinks`.

#![allow(clippy::unwrap_used)]

use divan::Bencher;
use stocktake_connector_core::{Fingerprint, Form};
use stocktake_ocsf_model::{InventoryInfo, Paths, Version, write};
use stocktake_sinks::{OcsfForm, SekoiaForm, VOLATILE};

fn main() {
    divan::main();
}

fn event() -> InventoryInfo<'static> {
    serde_json::from_value(serde_json::json!({
        "activity_id": 2, "activity_name": "Collect", "category_name": "Discovery",
        "category_uid": 5, "class_name": "Device Inventory Info", "class_uid": 5001,
        "type_name": "Device Inventory Info: Collect", "type_uid": 500102,
        "severity": "Informational", "severity_id": 1, "time": 1733047200000_i64,
        "metadata": {
            "product": {"name": "Microsoft Defender for Endpoint", "version": "1.0"},
            "version": "1.5.0"
        },
        "device": {
            "type_id": 2, "type": "Desktop", "uid": "1e5bc9d7e413ddd7902c2932e418702b84d0cc07",
            "hostname": "mymachine1.contoso.com", "ip": "172.17.230.209",
            "os": {"name": "10.0.22631.3880", "type": "Windows", "type_id": 100},
            "model": "Surface Pro 9", "vendor_name": "Microsoft Corporation",
            "first_seen_time": 1533221703000_i64, "last_seen_time": 1733047200000_i64,
            "risk_level": "Low", "risk_level_id": 1,
            "network_interfaces": [
                {"mac": "11:22:33:44:55:66", "name": "ethernet", "type_id": 1},
                {"mac": "AA:BB:CC:DD:EE:FF", "name": "wifi", "type_id": 2}
            ],
            "is_compliant": true, "is_managed": true, "is_personal": false
        },
        "enrichments": [
            {"name": "azure_ad_device_id", "value": "80fe8ff8", "data": {"value": "80fe8ff8"}},
            {"name": "health_status", "value": "Active", "data": {"value": "Active"}}
        ]
    }))
    .unwrap()
}

fn encode(bencher: Bencher<'_, '_>, form: &dyn for<'a> Form<InventoryInfo<'a>>) {
    let event = event();
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        form.encode(&event, &mut out).unwrap()
    });
}

fn mapping() -> Fingerprint {
    Fingerprint::of([b"mapping".as_slice()])
}

#[divan::bench]
fn encode_sekoia(bencher: Bencher<'_, '_>) {
    encode(bencher, &SekoiaForm::new(false, mapping(), VOLATILE));
}

/// The first version needs a projection, the others write the event as it is.
#[divan::bench(args = ["1.3.0", "1.5.0", "1.8.0"])]
fn encode_ocsf(bencher: Bencher<'_, '_>, version: &str) {
    let version: Version = version.parse().unwrap();
    encode(bencher, &OcsfForm::new(version, mapping(), VOLATILE));
}

#[divan::bench]
fn write_plainly(bencher: Bencher<'_, '_>) {
    let event = event();
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        write(&event, &Paths::default(), &mut out)
    });
}
