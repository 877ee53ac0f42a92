//! MAC addresses: one spelling, `AA:BB:CC:DD:EE:FF`.

use std::fmt;

/// The address of a network adapter: six bytes, not all zero.
///
/// Defender and Intune send 12 bare hex digits in either case; other spellings appear in data that
/// people made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

impl Mac {
    /// Reads 12 hex digits, with `:`, `-` or `.` between them or nothing.
    ///
    /// `None` for anything else and for the all-zero address, which is what Linux reports for its
    /// loopback.
    ///
    /// ```
    /// use stocktake_mapper::Mac;
    ///
    /// let mac = Mac::parse("a434d9123456").expect("12 hex digits");
    /// assert_eq!(mac.to_string(), "A4:34:D9:12:34:56");
    /// assert_eq!(Mac::parse("000000000000"), None);
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
        (digits == 12 && bytes != [0; 6] && well_separated(text.trim())).then_some(Self(bytes))
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
