//! The join index: every managed device of a tenant, by Entra device id, in little memory.
//!
//! Packed records (see [`crate::pack`]) lie in chunks of one size, so that growing copies nothing,
//! and a sorted list of 24 bytes for each leads from GUID to record. A typical device takes about
//! 190 bytes in all (`cargo bench -p stocktake-graph-api` measures it): 800,000 devices fit into 155 MB.

use uuid::Uuid;

use crate::ManagedDevice;
use crate::pack::{Shared, pack, unpack};

/// Size of a chunk, in bytes.
const CHUNK: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy)]
struct Entry {
    key: [u8; 16],
    chunk: u32,
    offset: u32,
}

/// Collects managed devices; [`JoinIndexBuilder::build`] makes them findable.
///
/// ```
/// use stocktake_graph_api::{JoinIndexBuilder, ManagedDevice};
///
/// let mut builder = JoinIndexBuilder::default();
/// for (id, sync) in [("old", "2024-01-01T00:00:00Z"), ("new", "2024-02-01T00:00:00Z")] {
///     let record = format!(
///         r#"{{"id":"{id}","azureADDeviceId":"{{80FE8FF8-2624-418E-9591-41F0491218F9}}",
///             "lastSyncDateTime":"{sync}"}}"#
///     );
///     builder.add(&serde_json::from_str::<ManagedDevice>(&record)?);
/// }
/// let index = builder.build();
///
/// let key = "80fe8ff8-2624-418e-9591-41f0491218f9".parse().unwrap();
/// assert_eq!(index.get(key).unwrap().id.as_deref(), Some("new"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct JoinIndexBuilder {
    store: Store,
    entries: Vec<Entry>,
}

impl JoinIndexBuilder {
    /// Room for `records`, so that a known number needs no second allocation.
    pub fn with_capacity(records: usize) -> Self {
        Self { store: Store::default(), entries: Vec::with_capacity(records) }
    }

    /// Adds a record. One without an Entra device id can never be joined and is left out.
    pub fn add(&mut self, device: &ManagedDevice) {
        if let Some(key) = device.azure_ad_device_id() {
            let (chunk, offset) = self.store.insert(device, key);
            self.entries.push(Entry { key: key.into_bytes(), chunk, offset });
        }
    }

    /// Sorts, and keeps of several records with one id the one that stands for the device.
    pub fn build(mut self) -> JoinIndex {
        self.store.shared.seal();
        let store = self.store;
        // Records are unpacked only where two have the same id, which is rare.
        self.entries.sort_unstable_by(|a, b| {
            a.key.cmp(&b.key).then_with(|| match (store.get(b), store.get(a)) {
                (Some(b), Some(a)) => b.precedence(&a),
                (b, a) => b.is_some().cmp(&a.is_some()),
            })
        });
        self.entries.dedup_by(|later, first| later.key == first.key);
        self.entries.shrink_to_fit();
        JoinIndex { store, entries: self.entries }
    }
}

/// Managed devices by Entra device id; of several with one id the one that stands for the device
/// ([`ManagedDevice::precedence`]).
#[derive(Debug)]
pub struct JoinIndex {
    store: Store,
    entries: Vec<Entry>,
}

impl JoinIndex {
    /// The record of a device.
    pub fn get(&self, key: Uuid) -> Option<ManagedDevice> {
        let at = self.entries.binary_search_by(|entry| entry.key.cmp(key.as_bytes())).ok()?;
        self.store.get(self.entries.get(at)?)
    }

    /// How many devices can be found.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no device can be found.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
            + self.store.chunks.iter().map(Vec::capacity).sum::<usize>()
            + self.store.shared.bytes()
    }
}

#[derive(Debug, Default)]
struct Store {
    chunks: Vec<Vec<u8>>,
    shared: Shared,
    scratch: Vec<u8>,
}

impl Store {
    fn insert(&mut self, device: &ManagedDevice, key: Uuid) -> (u32, u32) {
        self.scratch.clear();
        pack(device, key, &mut self.shared, &mut self.scratch);
        let needed = self.scratch.len() + size_of::<u32>();
        let fits = |chunk: &Vec<u8>| chunk.capacity() - chunk.len() >= needed;
        if !self.chunks.last().is_some_and(fits) {
            self.chunks.push(Vec::with_capacity(CHUNK.max(needed)));
        }
        let number = self.chunks.len() - 1;
        let mut offset = 0;
        if let Some(chunk) = self.chunks.last_mut() {
            offset = chunk.len();
            // Texts are bounded, and so is their number: a record is far below 4 GiB.
            chunk.extend_from_slice(&(self.scratch.len() as u32).to_le_bytes());
            chunk.extend_from_slice(&self.scratch);
        }
        (number as u32, offset as u32)
    }

    fn get(&self, entry: &Entry) -> Option<ManagedDevice> {
        let record = self.chunks.get(entry.chunk as usize)?.get(entry.offset as usize..)?;
        let (length, record) = record.split_first_chunk()?;
        let record = record.get(..u32::from_le_bytes(*length) as usize)?;
        unpack(record, Uuid::from_bytes(entry.key), &self.shared)
    }
}

/// The record that stands for a device among all that it has.
#[cfg(feature = "client")]
pub(crate) fn pick_best(records: impl IntoIterator<Item = ManagedDevice>) -> Option<ManagedDevice> {
    records
        .into_iter()
        .reduce(|best, other| if best.precedence(&other).is_lt() { other } else { best })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pack::tests::any_device;

    fn build<'a>(devices: impl IntoIterator<Item = &'a ManagedDevice>) -> JoinIndex {
        let mut builder = JoinIndexBuilder::default();
        devices.into_iter().for_each(|device| builder.add(device));
        builder.build()
    }

    fn device(id: &str, key: u128) -> ManagedDevice {
        ManagedDevice {
            id: Some(id.into()),
            azure_ad_device_id: Some(Uuid::from_u128(key).to_string()),
            ..ManagedDevice::default()
        }
    }

    #[test]
    fn the_all_zero_id_is_never_found() {
        let index = build(&[device("a", 0), device("b", 7)]);
        assert_eq!(index.get(Uuid::nil()), None);
        assert_eq!(index.len(), 1);
    }

    #[test]
    fn records_are_found_across_chunks() {
        let devices: Vec<_> = (1..=20_000).map(|n| device(&"x".repeat(100), n)).collect();
        let index = build(&devices);
        assert!(index.store.chunks.len() > 1);
        assert!(
            devices.iter().all(|d| index.get(d.azure_ad_device_id().unwrap()).as_ref() == Some(d))
        );
        assert_eq!(index.get(Uuid::from_u128(20_001)), None);
    }

    #[test]
    fn a_record_larger_than_a_chunk_gets_its_own() {
        let large = device(&"x".repeat(2 * CHUNK), 1);
        let index = build(&[device("a", 2), large.clone(), device("b", 3)]);
        assert_eq!(index.get(Uuid::from_u128(1)), Some(large));
        assert_eq!(index.get(Uuid::from_u128(3)).unwrap().id.as_deref(), Some("b"));
    }

    proptest! {
        #[test]
        fn the_order_of_records_changes_no_result(
            devices in prop::collection::vec((any_device(), 1_u128..4), 0..12),
            seed in any::<prop::sample::Index>(),
        ) {
            let devices: Vec<ManagedDevice> = devices
                .into_iter()
                .map(|(device, key)| ManagedDevice {
                    azure_ad_device_id: Some(Uuid::from_u128(key).to_string()),
                    ..device
                })
                .collect();
            let mut turned = devices.clone();
            if !turned.is_empty() {
                let middle = seed.index(turned.len());
                turned.rotate_left(middle);
                turned.reverse();
            }
            let (index, other) = (build(&devices), build(&turned));
            for key in 1..4 {
                let key = Uuid::from_u128(key);
                let of_key = devices.iter().filter(|d| d.azure_ad_device_id() == Some(key));
                let looked_up = pick_best(of_key.cloned());
                // Two records may be equal in all that decides; then only that must be equal.
                let rank = |d: Option<ManagedDevice>| {
                    d.map(|d| (d.is_managed(), d.last_sync_date_time, d.enrolled_date_time, d.id))
                };
                prop_assert_eq!(rank(index.get(key)), rank(other.get(key)));
                prop_assert_eq!(rank(index.get(key)), rank(looked_up));
            }
        }
    }
}
