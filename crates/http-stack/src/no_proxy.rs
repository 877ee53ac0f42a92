//! Hosts that are called without the proxy, by the rules of curl.
//!
//! The rules are those of curl 7.88 (`Curl_check_noproxy`,
//! <https://github.com/curl/curl/blob/curl-7_88_1/lib/noproxy.c>), which Python's `requests` shares:
//! items are separated by commas or blanks; `*` alone means every host; a name means the host and all
//! below it, with or without a leading dot; an address means itself, and with `/N` its network.
//! Wildcards within an item, ports and brackets mean nothing: [`faults`] finds such items.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// A list of hosts, as in `NO_PROXY`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NoProxy {
    every_host: bool,
    items: Vec<String>,
}

impl NoProxy {
    pub(crate) fn new(list: &str) -> Self {
        Self { every_host: is_every_host(list), items: items(list).map(str::to_owned).collect() }
    }

    /// Whether `host` is called without a proxy.
    pub(crate) fn covers(&self, host: &Host<&str>) -> bool {
        self.every_host
            || self.items.iter().any(|item| match host {
                Host::Domain(name) => is_below(name, item),
                Host::Ipv4(address) => is_within_v4(*address, item),
                Host::Ipv6(address) => is_within_v6(*address, item),
            })
    }
}

/// What is wrong with the items of a list that mean nothing. Items are counted from 1.
pub fn no_proxy_faults(list: &str) -> Vec<String> {
    if is_every_host(list) {
        return Vec::new();
    }
    let useless = items(list).enumerate().filter(|(_, item)| !is_name(item) && !is_network(item));
    useless
        .map(|(index, _)| {
            format!(
                "item {} matches no host; write a name as `corp.example` (with all that is below it), an \
                 address as 192.0.2.7 or 2001:db8::7, a network as 192.0.2.0/24, or `*` alone",
                index.saturating_add(1)
            )
        })
        .collect()
}

fn is_every_host(list: &str) -> bool {
    list.trim() == "*"
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t']).filter(|item| !item.is_empty())
}

fn is_below(name: &str, item: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let item = item.strip_suffix('.').unwrap_or(item);
    let item = item.strip_prefix('.').unwrap_or(item);
    if item.is_empty() || item.len() > name.len() {
        return false;
    }
    let (above, end) = name.as_bytes().split_at(name.len().saturating_sub(item.len()));
    end.eq_ignore_ascii_case(item.as_bytes()) && matches!(above, [] | [.., b'.'])
}

fn is_within_v4(address: Ipv4Addr, item: &str) -> bool {
    let (network, bits) = network(item);
    let Ok(network) = network.parse::<Ipv4Addr>() else { return false };
    match bits {
        0 | 32 => address == network,
        1..32 => (address.to_bits() ^ network.to_bits()) >> 32_u32.saturating_sub(bits) == 0,
        _ => false,
    }
}

fn is_within_v6(address: Ipv6Addr, item: &str) -> bool {
    let (network, bits) = network(item);
    let Ok(network) = network.parse::<Ipv6Addr>() else { return false };
    match bits {
        0 | 128 => address == network,
        1..128 => (address.to_bits() ^ network.to_bits()) >> 128_u32.saturating_sub(bits) == 0,
        _ => false,
    }
}

/// An address and how many bits of it count; 0 where the item does not say.
fn network(item: &str) -> (&str, u32) {
    match item.split_once('/') {
        Some((address, bits)) => (address, bits.parse().unwrap_or(0)),
        None => (item, 0),
    }
}

fn is_name(item: &str) -> bool {
    item.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte) || !byte.is_ascii())
}

fn is_network(item: &str) -> bool {
    let (address, bits) = item.split_once('/').unwrap_or((item, "0"));
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn is_direct(url: &str, list: &str) -> bool {
        NoProxy::new(list).covers(&Url::parse(url).unwrap().host().unwrap())
    }

    #[test]
    fn hosts_are_compared_as_curl_does() {
        for (url, list, direct) in [
            ("https://mde.corp.test", "*", true),
            ("https://10.96.4.7", " * ", true),
            ("https://[2001:db8::7]", "*", true),
            ("https://mde.corp.test", "localhost,*", false),
            ("https://mde.corp.test", "corp.test", true),
            ("https://mde.corp.test", ".corp.test", true),
            ("https://corp.test", ".corp.test", true),
            ("https://MDE.corp.test", "CORP.Test.", true),
            ("https://mde.corp.test.", "corp.test", true),
            ("https://mde.corp.test:8443", "mde.corp.test", true),
            ("https://mde.corp.test", "localhost, corp.test", true),
            ("https://mde.corp.test", "localhost corp.test", true),
            ("https://mde.corp.test", "localhost,\t.corp.test,", true),
            ("https://mdecorp.test", "corp.test", false),
            ("https://corp.test.example", "corp.test", false),
            ("https://test", "corp.test", false),
            ("https://mde.corp.test", "*.corp.test", false),
            ("https://mde.corp.test", "mde.corp.test:443", false),
            ("https://mde.corp.test", "", false),
            ("https://mde.corp.test", ".", false),
            ("https://10.96.4.7", "10.96.4.7", true),
            ("https://10.96.4.7:8443", "10.96.4.7", true),
            ("https://10.96.4.7", "10.96.0.0/12", true),
            ("https://10.96.4.7", "10.96.4.7/32", true),
            ("https://10.96.4.7", "10.112.0.0/12", false),
            ("https://10.96.4.7", "0.0.0.0/0", false),
            ("https://10.96.4.7", "10.96.0.0/33", false),
            ("https://10.96.4.7", "4.7", false),
            ("https://10.96.4.7", "10.96.4.7:443", false),
            ("https://[2001:db8::7]", "2001:db8::7", true),
            ("https://[2001:db8::7]", "2001:DB8:0::/32", true),
            ("https://[2001:db8::7]", "2001:db9::/32", false),
            ("https://[2001:db8::7]", "2001:db8::/129", false),
            ("https://[2001:db8::7]", "[2001:db8::7]", false),
            ("https://[2001:db8::7]", "10.96.0.0/12", false),
            ("https://mde.corp.test", "10.96.0.0/12,corp.test", true),
        ] {
            assert_eq!(is_direct(url, list), direct, "{url} with NO_PROXY={list}");
        }
    }

    #[test]
    fn items_that_mean_nothing_are_found_and_not_repeated() {
        for list in ["", "*", "localhost,.corp.test, 10.0.0.0/8 ::1,2001:db8::/32", "bücher.test"]
        {
            assert_eq!(no_proxy_faults(list), [""; 0], "{list}");
        }
        let list = "a.test,*.canary,*,canary:443,[::1],10.0.0.0/33,https://canary/";
        let faults = no_proxy_faults(list).join("\n");
        for item in 2..=7 {
            assert!(faults.contains(&format!("item {item} matches no host")), "{faults}");
        }
        assert!(!faults.contains("item 1 ") && !faults.contains("canary"), "{faults}");
    }
}
