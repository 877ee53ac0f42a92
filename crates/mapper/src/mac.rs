//! MAC addresses: one spelling, `AA:BB:CC:DD:EE:FF`.

use std::fmt;

/// Addresses that programs and drivers show in place of one, or give to an adapter of every device.
///
/// `02:00:00:00:00:00` is what Android and iOS show to programs
/// (developer.android.com/about/versions/marshmallow/android-6.0-changes); the others are those of
/// dial-up, tunnel and host-only adapters, after GLPI's list of addresses that identify nothing
/// (github.com/glpi-project/glpi, `src/Blacklist.php`).
const STAND_INS: [[u8; 6]; 17] = [
    [0x02, 0x00, 0x00, 0x00, 0x00, 0x00],
    [0x01, 0x23, 0x45, 0x67, 0x89, 0xab],
    [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc],
    [0x20, 0x41, 0x53, 0x59, 0x4e, 0xff], // RAS Async Adapter: " ASYN".
    [0x24, 0xb6, 0x20, 0x52, 0x41, 0x53], // WAN Miniport: " RAS".
    [0x33, 0x50, 0x6f, 0x45, 0x30, 0x30], // WAN Miniport (PPPoE): "3PoE00".
    [0x50, 0x50, 0x54, 0x50, 0x30, 0x30], // WAN Miniport (PPTP): "PPTP00".
    [0x02, 0x00, 0x4c, 0x4f, 0x4f, 0x50], // Microsoft Loopback Adapter: "LOOP".
    [0x02, 0x00, 0x4e, 0x43, 0x50, 0x49], // NCP Secure Client: "NCPI".
    [0x00, 0x05, 0x9a, 0x3c, 0x7a, 0x00], // Cisco AnyConnect.
    [0x00, 0xa0, 0xc6, 0x00, 0x00, 0x00], // Qualcomm Gobi.
    [0x02, 0x80, 0x37, 0xec, 0x02, 0x00], // Dell Wireless 5530.
    [0x0a, 0x00, 0x27, 0x00, 0x00, 0x00], // VirtualBox, host-only.
    [0x00, 0x50, 0x56, 0xc0, 0x00, 0x01], // VMware, host-only.
    [0x00, 0x50, 0x56, 0xc0, 0x00, 0x08], // VMware, NAT.
    [0x00, 0x0b, 0xca, 0xfe, 0x00, 0x00],
    [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff],
];

/// The address of a network adapter: six bytes that are not one of the well-known stand-ins.
///
/// Defender and Intune send 12 bare hex digits in either case; other spellings appear in data that
/// people made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

impl Mac {
    /// Reads 12 hex digits, with `:`, `-` or `.` between them or nothing.
    ///
    /// `None` for anything else, for addresses of one byte six times, such as the all-zero one that Linux
    /// reports for its loopback, and for other addresses that identify no adapter.
    ///
    /// ```
    /// use stocktake_mapper::Mac;
    ///
    /// let mac = Mac::parse("a434d9123456").expect("12 hex digits");
    /// assert_eq!(mac.to_string(), "A4:34:D9:12:34:56");
    /// assert_eq!(Mac::parse("000000000000"), None);
    /// assert_eq!(Mac::parse("02:00:00:00:00:00"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0u8; 6];
        let mut digits = 0usize;
        for byte in text.trim().bytes() {
            if matches!(byte, b':' | b'-' | b'.') {
                continue;
            }
            let digit = char::from(byte).to_digit(16)?;
            let slot = bytes.get_mut(digits / 2)?;
            *slot = (*slot << 4) | u8::try_from(digit).ok()?;
            digits += 1;
        }
        let stands_in = bytes == [bytes[0]; 6] || STAND_INS.contains(&bytes);
        (digits == 12 && !stands_in && well_separated(text.trim())).then_some(Self(bytes))
    }
}

/// Whether the separators, if any, are all the same and cut the digits into equal groups.
fn well_separated(text: &str) -> bool {
    let Some(separator) = text.chars().find(|c| !c.is_ascii_hexdigit()) else { return true };
    let length = if separator == '.' { 4 } else { 2 };
    text.split(separator)
        .all(|group| group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Upper-case hex with colons.
impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut text = [b':'; 17];
        for (place, byte) in text.chunks_mut(3).zip(self.0) {
            for (slot, nibble) in place.iter_mut().zip([byte >> 4, byte & 15]) {
                *slot = DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
            }
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(Mac::parse(text).map(|mac| mac.to_string()).as_deref(), expected, "{text:?}");
    }

    #[test]
    fn every_spelling_that_is_sent_becomes_the_same_address() {
        for text in [
            "A434D9123456",
            "a434d9123456",
            "A4:34:D9:12:34:56",
            "a4-34-d9-12-34-56",
            "a434.d912.3456",
            " A434D9123456 ",
        ] {
            check(text, Some("A4:34:D9:12:34:56"));
        }
    }

    #[test]
    fn an_address_that_identifies_no_adapter_is_none() {
        for text in ["00:00:00:00:00:00", "ffffffffffff", "AA-AA-AA-AA-AA-AA", "020000000000"] {
            check(text, None);
        }
        for address in STAND_INS {
            let bare: String = address.iter().map(|byte| format!("{byte:02x}")).collect();
            check(&bare, None);
            check(&Mac(address).to_string(), None);
        }
        // Neighbours of stand-ins are addresses.
        check("020000000001", Some("02:00:00:00:00:01"));
        check("005056C00002", Some("00:50:56:C0:00:02"));
    }

    #[test]
    fn what_is_no_address_of_an_adapter_is_none() {
        for text in [
            "",
            " ",
            "000000000000",
            "00:00:00:00:00:00",
            "A434D912345",
            "A434D91234567",
            "00000000000000E0", // A Teredo tunnel: 8 bytes.
            "GG:34:D9:12:34:56",
            "A4:34:D9:12:34:ZZ",
            "A4:34:D9:12:34:5:6",
            ":A434D9123456",
            "A434D9123456:",
            "A4:34-D9:12-34:56",
            "A4::34:D9:12:34:56",
            "Ä434D9123456",
        ] {
            check(text, None);
        }
    }
}
