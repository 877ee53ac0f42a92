//! JSON written by hand into a byte buffer: a page of 10,000 machines is ten megabytes, and building
//! values first would cost more than everything else the simulator does.

use chrono::{DateTime, Datelike, Timelike, Utc};

/// `null`.
pub(crate) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

/// `true` or `false`.
pub(crate) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// A quoted string.
pub(crate) fn text(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    // Almost every text needs no escape, and is then copied in one piece.
    if !value.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
        return;
    }
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => {
                out.extend_from_slice(b"\\u00");
                hex(out, u128::from(byte), 2);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// A string, or `null` where it is empty.
pub(crate) fn text_or_null(out: &mut Vec<u8>, value: &str) {
    if value.is_empty() { null(out) } else { text(out, value) }
}

/// A number in decimal digits.
pub(crate) fn number(out: &mut Vec<u8>, value: u64) {
    padded(out, value, 1);
}

/// A number in at least `width` decimal digits.
pub(crate) fn padded(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let start = out.len();
    loop {
        out.push(b'0' + (value % 10) as u8);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    while out.len() - start < width {
        out.push(b'0');
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

/// The name of a field and its colon. Names come from tables and need no escape.
pub(crate) fn name(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// The lowest `digits` hexadecimal digits (at most 32), lower case.
pub(crate) fn hex(out: &mut Vec<u8>, value: u128, digits: u32) {
    for place in (0..digits).rev() {
        let nibble = ((value >> (4 * place)) & 0xf) as u8;
        out.push(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    }
}

/// A quoted instant with seven fractional digits, as Defender writes them.
pub(crate) fn instant(out: &mut Vec<u8>, at: DateTime<Utc>) {
    date_time(out, at);
    out.push(b'.');
    padded(out, u64::from(at.nanosecond() / 100), 7);
    out.extend_from_slice(b"Z\"");
}

/// A quoted instant without a fraction, as Intune writes them.
pub(crate) fn instant_in_seconds(out: &mut Vec<u8>, at: DateTime<Utc>) {
    date_time(out, at);
    out.extend_from_slice(b"Z\"");
}

fn date_time(out: &mut Vec<u8>, at: DateTime<Utc>) {
    out.push(b'"');
    padded(out, at.year().unsigned_abs().into(), 4);
    for (mark, part) in [
        (b'-', at.month()),
        (b'-', at.day()),
        (b'T', at.hour()),
        (b':', at.minute()),
        (b':', at.second()),
    ] {
        out.push(mark);
        padded(out, part.into(), 2);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn written_text_reads_back_as_it_was(value: String) {
            let mut out = Vec::new();
            text(&mut out, &value);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), value);
        }

        #[test]
        fn written_instants_read_back_to_a_tenth_of_a_microsecond(
            seconds in 0i64..4_000_000_000, ticks in 0u32..10_000_000
        ) {
            let at = DateTime::from_timestamp(seconds, ticks * 100).unwrap();
            let mut out = Vec::new();
            instant(&mut out, at);
            let read: String = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(DateTime::parse_from_rfc3339(&read).unwrap(), at);
        }
    }
}
