//! The devices that a listing has returned, one digest each: a million devices take about 35 MB.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use stocktake_connector_core::{DeviceUid, Fingerprint};

/// A digest is already evenly spread; its first eight bytes serve as its hash.
#[derive(Debug, Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for (shift, byte) in bytes.iter().take(8).enumerate() {
            self.0 ^= u64::from(*byte) << (8 * shift);
        }
    }

    // Called for the array's length, which is always the same.
    fn write_usize(&mut self, _: usize) {}
}

/// The devices that a listing has returned.
#[derive(Debug, Default)]
pub(crate) struct DeviceSet(HashSet<[u8; 16], BuildHasherDefault<FirstBytes>>);

impl DeviceSet {
    /// Adds a device; false if the set already has it.
    pub(crate) fn insert(&mut self, uid: &DeviceUid) -> bool {
        self.0.insert(digest(uid))
    }

    /// Whether the set has the device.
    pub(crate) fn contains(&self, uid: &DeviceUid) -> bool {
        self.0.contains(&digest(uid))
    }
}

fn digest(uid: &DeviceUid) -> [u8; 16] {
    *Fingerprint::of([uid.as_str().as_bytes()]).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_new_once() {
        let mut devices = DeviceSet::default();
        let uid = DeviceUid::new("a").unwrap();
        assert!(!devices.contains(&uid));
        assert!(devices.insert(&uid));
        assert!(!devices.insert(&uid));
        assert!(devices.contains(&uid));
    }
}
