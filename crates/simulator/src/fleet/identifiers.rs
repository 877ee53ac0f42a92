//! Identifiers that lead back to their index.

use std::fmt;

use crate::json;
use crate::random::{draw, mix, mix32, unmix, unmix32};

/// What an identifier names. Each kind has its own space, so two kinds never collide by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A machine's `id` at Defender.
    Machine = 1,
    /// A device's id in the directory: `aadDeviceId`, `azureADDeviceId`.
    Directory = 2,
    /// A directory id that Defender does not know.
    Foreign = 3,
    /// A managed device's `id` at Intune.
    ManagedDevice = 4,
    /// A user's id.
    User = 5,
}

/// A machine id: 40 lower-case hexadecimal digits, the last 16 of which are the mixed index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MachineId {
    head: u128,
    tail: u64,
}

impl MachineId {
    pub(crate) fn new(seed: u64, index: usize) -> Self {
        let index = index as u64;
        let head =
            (u128::from(draw(seed, index, 11)) << 32) | u128::from(draw(seed, index, 12) >> 32);
        Self { head, tail: mix(index ^ salt(seed, Kind::Machine)) }
    }

    /// The index whose id `text` may be. The caller compares the whole.
    pub(crate) fn candidate(seed: u64, text: &str) -> Option<usize> {
        let tail = u64::from_str_radix(text.get(24..40)?, 16).ok()?;
        usize::try_from(unmix(tail) ^ salt(seed, Kind::Machine)).ok()
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        json::hex(out, self.head, 24);
        json::hex(out, u128::from(self.tail), 16);
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:024x}{:016x}", self.head, self.tail)
    }
}

/// A GUID whose first eight digits are the mixed index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guid(pub(crate) u128);

impl Guid {
    /// The GUID of devices that never registered in the directory.
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) fn new(seed: u64, kind: Kind, index: usize) -> Self {
        let first = mix32(index as u32 ^ salt(seed, kind) as u32);
        let rest = (u128::from(draw(seed, index as u64, 20 + kind as u64)) << 32)
            | u128::from(draw(seed, index as u64, 30 + kind as u64) >> 32);
        // Version 4 and variant 1, as random GUIDs carry them.
        let rest = (rest & !(0xf << 76)) | (0x4 << 76);
        let rest = (rest & !(0x3 << 62)) | (0x2 << 62);
        Self((u128::from(first) << 96) | rest)
    }

    /// The index whose GUID this is.
    pub(crate) fn index(self, seed: u64, kind: Kind) -> Option<usize> {
        let index = (unmix32((self.0 >> 96) as u32) ^ salt(seed, kind) as u32) as usize;
        (Self::new(seed, kind, index) == self).then_some(index)
    }

    /// Reads a GUID with or without dashes and braces, in any case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits: String =
            text.trim_matches(['{', '}']).chars().filter(|letter| *letter != '-').collect();
        if digits.len() != 32 {
            return None;
        }
        u128::from_str_radix(&digits, 16).ok().map(Self)
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        for (place, digits) in [(96, 8), (80, 4), (64, 4), (48, 4), (0, 12)] {
            if place != 96 {
                out.push(b'-');
            }
            json::hex(out, self.0 >> place, digits);
        }
    }

    pub(crate) fn write_upper(self, out: &mut Vec<u8>) {
        let start = out.len();
        self.write(out);
        if let Some(written) = out.get_mut(start..) {
            written.make_ascii_uppercase();
        }
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(36);
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

fn salt(seed: u64, kind: Kind) -> u64 {
    draw(seed, kind as u64, 40)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_identifier_leads_back_to_its_index(seed: u64, index in 0usize..10_000_000) {
            let id = MachineId::new(seed, index).to_string();
            prop_assert_eq!(id.len(), 40);
            prop_assert_eq!(MachineId::candidate(seed, &id), Some(index));
            let guid = Guid::new(seed, Kind::Directory, index);
            prop_assert_eq!(guid.index(seed, Kind::Directory), Some(index));
            prop_assert_eq!(guid.index(seed, Kind::Foreign), None);
        }

        #[test]
        fn a_guid_reads_back_in_any_spelling(value: u128) {
            let guid = Guid(value);
            let plain = guid.to_string();
            prop_assert_eq!(Guid::parse(&plain), Some(guid));
            let braced = format!("{{{}}}", plain.to_uppercase());
            prop_assert_eq!(Guid::parse(&braced), Some(guid));
        }

        #[test]
        fn reading_an_identifier_never_panics(text: String) {
            let _ = Guid::parse(&text);
            let _ = MachineId::candidate(1, &text);
        }
    }
}
