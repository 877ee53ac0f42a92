//! What one event costs to write with its fingerprint, beside writing it plainly.
//!
//! `cargo bench -p stocktake-sinks`

#![allow(clippy::unwrap_used)]

use divan::Bencher;
use stocktake_connector_core::{Encoder, Fingerprint};
use stocktake_ocsf_model::{Dialect, InventoryInfo, write};
use stocktake_sinks::{DialectEncoder, VOLATILE};

const DIALECTS: [Dialect; 2] = [Dialect::Ocsf, Dialect::Sekoia { extra_fields: false }];

fn main() {
    divan::main();
}

fn event() -> InventoryInfo {
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

fn encoder(dialect: Dialect) -> DialectEncoder {
    DialectEncoder::new(dialect, Fingerprint::of([b"mapping".as_slice()]), VOLATILE)
}

#[divan::bench(args = DIALECTS)]
fn encode(bencher: Bencher<'_, '_>, dialect: Dialect) {
    let (encoder, event) = (encoder(dialect), event());
    let mut out = Vec::new();
    bencher.with_inputs(|| event.clone()).bench_local_values(|event| {
        out.clear();
        encoder.encode(event, &mut out).unwrap();
    });
}

#[divan::bench(args = DIALECTS)]
fn write_plainly(bencher: Bencher<'_, '_>, dialect: Dialect) {
    let event = event();
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        write(&event, dialect, &mut out).unwrap();
    });
}
