//! IP addresses: what may stand in an `ip_t`.

use std::borrow::Cow;
use std::net::IpAddr;

/// Longest text of an `ip_t` in OCSF 1.5.0, in characters.
const LONGEST: usize = 40;

/// An address that parses, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ip<'a> {
    pub(crate) address: IpAddr,
    text: &'a str,
}

impl<'a> Ip<'a> {
    /// Reads an IPv4 or IPv6 address. A zone (`%12`) names an adapter of the device that reported it
    /// and means nothing elsewhere; it is left out.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let text = match text.split_once('%') {
            Some((address, zone)) if !zone.is_empty() && address.contains(':') => address,
            _ => text,
        };
        Some(Self { address: text.parse().ok()?, text })
    }

    /// As the source wrote it, or shortened where that is longer than the schema allows.
    pub(crate) fn write(self) -> Cow<'a, str> {
        if self.text.len() <= LONGEST { self.text.into() } else { self.address.to_string().into() }
    }

    /// How well the address stands for its adapter: the lower the better. `None` for an address
    /// that says nothing about where the device is.
    pub(crate) fn rank(&self) -> Option<u8> {
        match self.address {
            address if address.is_loopback() || address.is_unspecified() => None,
            IpAddr::V4(v4) => Some(if v4.is_link_local() { 2 } else { 0 }),
            // fe80::/10, which the standard library names only in nightly.
            IpAddr::V6(v6) => Some(if v6.segments()[0] & 0xffc0 == 0xfe80 { 3 } else { 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(Ip::parse(text).map(Ip::write).as_deref(), expected, "{text:?}");
    }

    #[test]
    fn an_address_is_written_as_it_came() {
        for text in ["172.17.230.209", "2001:DB8::1", "::", "fe80::1"] {
            check(text, Some(text));
        }
        check(" 10.0.0.1 ", Some("10.0.0.1"));
    }

    #[test]
    fn what_does_not_parse_is_omitted() {
        for text in ["", "unknown", "10.0.0", "10.0.0.256", "10.0.0.1%2", "fe80::1%", "1::2::3"] {
            check(text, None);
        }
    }

    #[test]
    fn a_zone_is_left_out() {
        check("fe80::1%12", Some("fe80::1"));
    }

    #[test]
    fn a_text_longer_than_the_schema_allows_is_shortened() {
        check("0000:0000:0000:0000:0000:FFFF:192.168.100.100", Some("::ffff:192.168.100.100"));
    }

    #[test]
    fn a_routable_address_ranks_before_a_link_local_one_and_loopback_is_none() {
        let rank = |text| Ip::parse(text).unwrap().rank();
        let ranks = ["10.0.0.1", "2001:db8::1", "169.254.7.7", "fe80::1"].map(rank);
        assert!(ranks.is_sorted() && ranks[0] < ranks[3], "{ranks:?}");
        for text in ["127.0.0.1", "::1", "0.0.0.0", "::"] {
            assert_eq!(rank(text), None, "{text}");
        }
    }
}
