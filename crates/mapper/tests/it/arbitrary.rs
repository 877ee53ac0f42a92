//! Arbitrary records: known values, near misses and noise in every field.

use chrono::{DateTime, Utc};
use proptest::option::of;
use proptest::prelude::*;
use stocktake_connector_core::Enrichment;
use stocktake_defender_api::{IpAddress, Machine, VmMetadata};
use stocktake_graph_api::ManagedDevice;

/// Texts that some rule looks at, beside any text at all.
fn text() -> impl Strategy<Value = Option<String>> {
    let known = prop::sample::select(vec![
        "",
        " ",
        "0",
        "None",
        "Unknown",
        "Windows11",
        "WindowsServer2022",
        "Windows10WVD",
        "macOS",
        "iOS",
        "iPadOS",
        "Android",
        "Ubuntu",
        "KaliLinux",
        "IOS-XE",
        "High",
        "informational",
        "compliant",
        "64-bit",
        "x64",
        "arm64",
        "Virtual Machine",
        "MacBookPro18,3",
        "iPad Pro",
        "host.contoso.com",
        ".",
        "a.",
        ".b",
        "10.0.0.1",
        "10.0.0.1.",
        "Default string",
        "Ethernet",
        "SoftwareLoopback",
        "Tunnel",
        "user@contoso.com",
        "00000000-0000-0000-0000-000000000000",
        "80fe8ff8-2624-418e-9591-41f0491218f9",
        "356938035643809",
        "A10000009296F2",
    ]);
    of(prop_oneof![
        3 => known.prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[a-zA-Z0-9@.:% -]{0,60}",
    ])
}

fn ip() -> impl Strategy<Value = Option<String>> {
    of(prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|ip| ip.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|ip| ip.to_string()),
        any::<std::net::Ipv4Addr>().prop_map(|ip| format!("::ffff:{ip}")),
        any::<std::net::Ipv4Addr>().prop_map(|ip| format!("0000:0000:0000:0000:0000:ffff:{ip}")),
        "[0-9a-fA-F:.%]{0,45}",
        prop::sample::select(vec!["127.0.0.1", "::1", "::", "fe80::1%12", "169.254.1.1"])
            .prop_map(str::to_owned),
    ])
}

fn mac() -> impl Strategy<Value = Option<String>> {
    of(prop_oneof![
        2 => "[0-9A-F]{12}",
        1 => "0{11}[01]",
        1 => "([0-9a-f]{2}[:-]){5}[0-9a-f]{2}",
        1 => any::<String>(),
    ])
}

fn time() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    let whole = DateTime::<Utc>::MIN_UTC.timestamp()..=DateTime::<Utc>::MAX_UTC.timestamp();
    of((prop_oneof![0..=4_000_000_000_i64, whole], 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanoseconds)| DateTime::from_timestamp(seconds, nanoseconds).unwrap()))
}

fn adapter() -> impl Strategy<Value = IpAddress> {
    (ip(), mac(), text()).prop_map(|(ip_address, mac_address, kind)| IpAddress {
        ip_address,
        mac_address,
        kind,
        ..IpAddress::default()
    })
}

/// A machine with an id.
pub(crate) fn machine() -> impl Strategy<Value = Machine> {
    let texts = prop::collection::vec(text(), 12);
    let vm = of((text(), text()).prop_map(|(vm_id, cloud_provider)| VmMetadata {
        vm_id,
        cloud_provider,
        ..VmMetadata::default()
    }));
    let numbers = of(any::<i64>());
    let adapters = prop::collection::vec(adapter(), 0..6);
    ("[0-9a-f]{1,40}", texts, (time(), time()), ip(), numbers, adapters, vm).prop_map(
        |(id, mut texts, (first_seen, last_seen), last_ip_address, os_build, ip_addresses, vm)| {
            let mut next = || texts.pop().flatten();
            Machine {
                id: Some(id),
                computer_dns_name: next(),
                first_seen,
                last_seen,
                os_platform: next(),
                os_version: next(),
                version: next(),
                os_build,
                os_architecture: next(),
                os_processor: next(),
                last_ip_address,
                health_status: next(),
                rbac_group_id: next(),
                rbac_group_name: next(),
                risk_score: next(),
                exposure_level: next(),
                aad_device_id: next(),
                ip_addresses,
                vm_metadata: vm,
                ..Machine::default()
            }
        },
    )
}

fn managed_device() -> impl Strategy<Value = ManagedDevice> {
    let texts = prop::collection::vec(text(), 18);
    (texts, mac(), mac(), of(any::<i64>()), of(any::<bool>())).prop_map(
        |(mut texts, wifi_mac_address, ethernet_mac_address, memory, is_supervised)| {
            let mut next = || texts.pop().flatten();
            ManagedDevice {
                device_name: next(),
                operating_system: next(),
                os_version: next(),
                model: next(),
                manufacturer: next(),
                serial_number: next(),
                imei: next(),
                meid: next(),
                udid: next(),
                iccid: next(),
                wifi_mac_address,
                ethernet_mac_address,
                physical_memory_in_bytes: memory,
                compliance_state: next().map(|name| name.as_str().into()),
                managed_device_owner_type: next().map(|name| name.as_str().into()),
                management_agent: next().map(|name| name.as_str().into()),
                management_state: next().map(|name| name.as_str().into()),
                is_supervised,
                user_id: next(),
                user_principal_name: next(),
                user_display_name: next(),
                email_address: next(),
                ..ManagedDevice::default()
            }
        },
    )
}

pub(crate) fn enrichment() -> impl Strategy<Value = Enrichment<ManagedDevice>> {
    prop_oneof![
        4 => managed_device().prop_map(Enrichment::Matched),
        1 => Just(Enrichment::NoMatch),
        1 => Just(Enrichment::Uncertain),
        1 => Just(Enrichment::Unavailable),
    ]
}
