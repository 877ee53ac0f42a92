//! Network interfaces: Intune's two adapters, then those that only Defender reports.

use std::borrow::Cow;
use std::net::IpAddr;

use stocktake_defender_api::IpAddress;
use stocktake_graph_api::ManagedDevice;
use stocktake_ocsf_model::{NetworkInterface, NetworkInterfaceTypeId};

use crate::ip::Ip;
use crate::mac::Mac;
use crate::platform::starts_with;

/// Intune's adapters, in the order ethernet, wifi.
pub(crate) fn of_intune<'a>(device: &ManagedDevice) -> Vec<NetworkInterface<'a>> {
    let adapter = |name, mac: &Option<String>, type_id| {
        let mac = mac.as_deref().and_then(Mac::parse)?;
        Some(interface(Some(name), Some(mac.to_string()), type_id))
    };
    let ethernet = adapter("ethernet", &device.ethernet_mac_address, NetworkInterfaceTypeId::Wired);
    let wifi = adapter("wifi", &device.wifi_mac_address, NetworkInterfaceTypeId::Wireless);
    ethernet.into_iter().chain(wifi).collect()
}

/// Adds Defender's adapters to `interfaces`: one for each MAC address, in the order of the record.
/// One that is there already gets its IP address. Of several IP addresses, `preferred` wins.
///
/// A record lists an adapter once for each of its addresses
/// (learn.microsoft.com/defender-endpoint/api/machine), so the list is grouped first.
pub(crate) fn add_of_defender<'a>(
    interfaces: &mut Vec<NetworkInterface<'a>>,
    entries: &'a [IpAddress],
    preferred: Option<IpAddr>,
) {
    for adapter in adapters(entries, preferred) {
        let mac = adapter.key.mac().map(|mac| mac.to_string());
        let known = mac
            .is_some()
            .then(|| interfaces.iter_mut().take(2).find(|i| i.mac.as_deref() == mac.as_deref()));
        let ip = adapter.ip.map(Ip::write);
        if let Some(known) = known.flatten().filter(|known| known.name.is_some()) {
            known.ip = ip;
        } else {
            // Beside `Other`, the schema wants the source's own word.
            let own = (adapter.type_id == NetworkInterfaceTypeId::Other).then_some(adapter.kind);
            let interface = interface(None, mac, adapter.type_id);
            let r#type = own.flatten().map(Cow::Borrowed).or(interface.r#type);
            interfaces.push(NetworkInterface { ip, r#type, ..interface });
        }
    }
}

/// What tells one adapter from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Mac(Mac),
    /// An adapter without a MAC address: a tunnel, or an old payload.
    Ip(IpAddr),
}

impl Key {
    fn mac(self) -> Option<Mac> {
        match self {
            Self::Mac(mac) => Some(mac),
            Self::Ip(_) => None,
        }
    }
}

#[derive(Debug)]
struct Adapter<'a> {
    key: Key,
    type_id: NetworkInterfaceTypeId,
    /// The type as the source spells it.
    kind: Option<&'a str>,
    ip: Option<Ip<'a>>,
}

/// The entries grouped by adapter, in the order of each group's first entry. Sorting keeps a hostile
/// list of many entries from costing its square.
fn adapters(entries: &[IpAddress], preferred: Option<IpAddr>) -> Vec<Adapter<'_>> {
    let mut keyed: Vec<(Key, usize, &IpAddress)> = entries
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| Some((key(entry)?, at, entry)))
        .collect();
    keyed.sort_unstable_by_key(|(key, at, _)| (*key, *at));
    let mut groups: Vec<(usize, Adapter<'_>)> = keyed
        .chunk_by(|(one, ..), (other, ..)| one == other)
        .filter_map(|group| {
            let (key, first, entry) = group.first()?;
            let ips = group.iter().filter_map(|(_, _, entry)| ip(entry));
            let best = ips.min_by_key(|ip| (Some(ip.address) != preferred, ip.rank()));
            let kind = entry.kind.as_deref();
            Some((*first, Adapter { key: *key, type_id: type_id(kind), kind, ip: best }))
        })
        .collect();
    groups.sort_unstable_by_key(|(first, _)| *first);
    groups.into_iter().map(|(_, adapter)| adapter).collect()
}

/// `None` for a loopback adapter and for an entry that names no adapter.
fn key(entry: &IpAddress) -> Option<Key> {
    if entry.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("SoftwareLoopback")) {
        return None;
    }
    let mac = entry.mac_address.as_deref().and_then(Mac::parse).map(Key::Mac);
    mac.or_else(|| ip(entry).map(|ip| Key::Ip(ip.address)))
}

/// The entry's address, unless it is one that every device has.
fn ip(entry: &IpAddress) -> Option<Ip<'_>> {
    Ip::parse(entry.ip_address.as_deref()?).filter(|ip| ip.rank().is_some())
}

/// The kind of an adapter by its `type`, which is named after .NET's `NetworkInterfaceType`
/// (learn.microsoft.com/dotnet/api/system.net.networkinformation.networkinterfacetype).
fn type_id(kind: Option<&str>) -> NetworkInterfaceTypeId {
    let kind = kind.map(str::trim).unwrap_or_default();
    let begins = |prefix| starts_with(kind, prefix);
    if kind.is_empty() || kind.eq_ignore_ascii_case("unknown") {
        NetworkInterfaceTypeId::Unknown
    } else if ["ethernet", "fastethernet", "gigabitethernet"].iter().any(|prefix| begins(prefix)) {
        NetworkInterfaceTypeId::Wired
    } else if begins("wireless") {
        NetworkInterfaceTypeId::Wireless
    } else if begins("wwan") {
        NetworkInterfaceTypeId::Mobile
    } else if begins("tunnel") {
        NetworkInterfaceTypeId::Tunnel
    } else {
        NetworkInterfaceTypeId::Other
    }
}

fn interface<'a>(
    name: Option<&'static str>,
    mac: Option<String>,
    type_id: NetworkInterfaceTypeId,
) -> NetworkInterface<'a> {
    NetworkInterface {
        name: name.map(Cow::Borrowed),
        mac: mac.map(Cow::Owned),
        type_id,
        r#type: type_id.caption().map(Cow::Borrowed),
        ..NetworkInterface::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(ip: &str, mac: &str, kind: &str) -> IpAddress {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        IpAddress {
            ip_address: text(ip),
            mac_address: text(mac),
            kind: text(kind),
            ..IpAddress::default()
        }
    }

    /// `mac ip type_id` of each interface.
    #[track_caller]
    fn check(
        intune: &[(&'static str, &str)],
        entries: &[IpAddress],
        last: Option<&str>,
        expected: &[&str],
    ) {
        let mut interfaces: Vec<_> = intune
            .iter()
            .map(|(name, mac)| {
                interface(Some(name), Some((*mac).to_owned()), NetworkInterfaceTypeId::Wired)
            })
            .collect();
        add_of_defender(&mut interfaces, entries, last.map(|ip| ip.parse().unwrap()));
        let found: Vec<_> = interfaces
            .iter()
            .map(|i| {
                let text = |text: &Option<Cow<'_, str>>| text.as_deref().unwrap_or("-").to_owned();
                format!("{} {} {} {}", text(&i.name), text(&i.mac), text(&i.ip), i.type_id.id())
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn several_addresses_of_one_adapter_are_one_interface() {
        let entries = [
            entry("fe80::1", "A434D9123456", "Ethernet"),
            entry("169.254.7.7", "A434D9123456", "Ethernet"),
            entry("10.0.0.2", "B434D9123456", "Wireless80211"),
            entry("10.0.0.1", "a4:34:d9:12:34:56", "Ethernet"),
            entry("10.0.0.9", "A434D9123456", "Ethernet"),
        ];
        let wireless = "- B4:34:D9:12:34:56 10.0.0.2 2";
        check(&[], &entries, None, &["- A4:34:D9:12:34:56 10.0.0.1 1", wireless]);
        check(&[], &entries, Some("10.0.0.9"), &["- A4:34:D9:12:34:56 10.0.0.9 1", wireless]);
    }

    #[test]
    fn an_adapter_that_intune_names_gets_its_ip_address() {
        let entries = [entry("10.0.0.1", "A434D9123456", "Ethernet")];
        check(
            &[("ethernet", "A4:34:D9:12:34:56")],
            &entries,
            None,
            &["ethernet A4:34:D9:12:34:56 10.0.0.1 1"],
        );
    }

    #[test]
    fn loopback_adapters_and_empty_entries_are_left_out() {
        let entries = [
            entry("127.0.0.1", "", "SoftwareLoopback"),
            entry("::1", "000000000000", "Other"),
            entry("127.0.0.1", "000000000000", "Other"),
            entry("", "", "Ethernet"),
            entry("0.0.0.0", "", "Ethernet"),
            IpAddress::default(),
        ];
        check(&[], &entries, None, &[]);
    }

    #[test]
    fn an_adapter_needs_one_of_its_addresses_only() {
        let entries = [
            entry("", "A434D9123456", "Ethernet"),
            entry("10.8.0.2", "", "Tunnel"),
            entry("10.8.0.3", "00000000000000E0", ""),
        ];
        let expected = ["- A4:34:D9:12:34:56 - 1", "- - 10.8.0.2 4", "- - 10.8.0.3 0"];
        check(&[], &entries, None, &expected);
    }

    #[test]
    fn each_kind_of_adapter_has_its_type() {
        for (kind, expected) in [
            (None, 0),
            (Some("Unknown"), 0),
            (Some("Ethernet"), 1),
            (Some("GigabitEthernet"), 1),
            (Some("Wireless80211"), 2),
            (Some("Wwanpp"), 3),
            (Some("Tunnel"), 4),
            (Some("Other"), 99),
            (Some("Ppp"), 99),
        ] {
            assert_eq!(type_id(kind).id(), expected, "{kind:?}");
        }
    }

    #[test]
    fn intunes_adapters_come_in_their_order_and_only_when_valid() {
        let text = |text: &str| Some(text.to_owned());
        let both = ManagedDevice {
            ethernet_mac_address: text("a434d9123456"),
            wifi_mac_address: text("B434D9123456"),
            ..ManagedDevice::default()
        };
        let names = |device| -> Vec<_> {
            of_intune(device).into_iter().map(|i| (i.name.unwrap(), i.type_id.id())).collect()
        };
        assert_eq!(names(&both), [("ethernet".into(), 1), ("wifi".into(), 2)]);
        let invalid = ManagedDevice {
            ethernet_mac_address: text("000000000000"),
            wifi_mac_address: text("not-a-mac"),
            ..ManagedDevice::default()
        };
        assert!(names(&invalid).is_empty());
    }
}
