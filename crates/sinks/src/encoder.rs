//! The encoder of inventory events.

use stocktake_connector_core::{EncodeError, Encoded, Encoder, EventUid, Fingerprint};
use stocktake_ocsf_model::{Dialect, InventoryInfo, Written};

use crate::mask::{Paths, write_noting};

/// The fields that change while a device stays the same, and are left out of fingerprints by default.
pub const VOLATILE: [&str; 4] =
    ["time", "device.last_seen_time", "metadata.original_time", "metadata.processed_time"];

/// Names one sending of an event, so it is never part of what was sent.
const EVENT_UID: &str = "metadata.uid";

/// Writes inventory events in a dialect.
///
/// A fingerprint covers the mapping's own fingerprint, the dialect, and the event as it is written
/// without its volatile fields. It is equal as long as the receiver would see nothing new.
#[derive(Debug, Clone)]
pub struct DialectEncoder {
    dialect: Dialect,
    mapping: Fingerprint,
    paths: Paths,
}

impl DialectEncoder {
    /// Writes in `dialect` what the mapping with the fingerprint `mapping` makes. `volatile` names
    /// fields by path, as [`VOLATILE`] does; an array has the path of its key.
    pub fn new<P: Into<String>>(
        dialect: Dialect,
        mapping: Fingerprint,
        volatile: impl IntoIterator<Item = P>,
    ) -> Self {
        let left_out = volatile.into_iter().map(Into::into).chain([EVENT_UID.to_owned()]);
        Self { dialect, mapping, paths: Paths::new(left_out, EVENT_UID) }
    }
}

impl Encoder<InventoryInfo> for DialectEncoder {
    fn encode(&self, mut event: InventoryInfo, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        // The sekoia dialect does not write it.
        event.metadata.uid = Some(EventUid::PLACEHOLDER.to_owned());
        let start = out.len();
        let written = Written { event: &event, dialect: self.dialect };
        let places = write_noting(&written, &self.paths, out).map_err(|error| {
            out.truncate(start);
            EncodeError(error.to_string())
        })?;
        let content = places.content(out.get(start..).unwrap_or_default());
        let dialect = self.dialect.name().as_bytes();
        Ok(Encoded {
            fingerprint: Fingerprint::of([self.mapping.as_bytes(), dialect, &content]),
            // Behind the quote.
            uid_at: places.marked.map(|place| place.start + 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use stocktake_connector_core::{DeviceUid, TenantName};
    use stocktake_ocsf_model::{Device, Metadata, Product, Timestamp};

    fn event() -> InventoryInfo {
        let device = Device {
            uid: Some("d1".into()),
            hostname: Some("host".into()),
            last_seen_time: Some(Timestamp::from_millis(1_790_000_000_123)),
            ..Default::default()
        };
        let product = Product { name: Some("Example".into()), ..Default::default() };
        let metadata =
            Metadata { product: Box::new(product), version: "1.5.0".into(), ..Default::default() };
        InventoryInfo {
            time: Timestamp::from_millis(1_790_000_000_123),
            device: Box::new(device),
            metadata: Box::new(metadata),
            ..Default::default()
        }
    }

    fn encoder(dialect: Dialect) -> DialectEncoder {
        DialectEncoder::new(dialect, Fingerprint::of([b"mapping".as_slice()]), VOLATILE)
    }

    fn uid() -> EventUid {
        let tenant = TenantName::new("contoso").unwrap();
        let device = DeviceUid::new("d1").unwrap();
        EventUid::derive(&tenant, &device, Fingerprint::of([]), None)
    }

    fn fingerprint(encoder: &DialectEncoder, event: &InventoryInfo) -> Fingerprint {
        encoder.encode(event.clone(), &mut Vec::new()).unwrap().fingerprint
    }

    const DIALECTS: [Dialect; 2] = [Dialect::Ocsf, Dialect::Sekoia { extra_fields: false }];

    #[test]
    fn a_volatile_field_does_not_change_the_fingerprint_and_any_other_does() {
        for dialect in DIALECTS {
            let of = |event: &InventoryInfo| fingerprint(&encoder(dialect), event);
            let first = of(&event());
            let mut later = event();
            later.time = Timestamp::from_millis(1_800_000_000_000);
            later.device.last_seen_time = Some(later.time);
            later.metadata.processed_time = Some(later.time);
            later.metadata.uid = Some("another sending".into());
            assert_eq!(of(&later), first, "{dialect:?}");
            later.device.hostname = Some("renamed".into());
            assert_ne!(of(&later), first, "{dialect:?}");
        }
    }

    #[test]
    fn which_fields_are_volatile_can_be_chosen() {
        let choose = |volatile: &[&str]| {
            let mapping = Fingerprint::of([]);
            DialectEncoder::new(Dialect::Ocsf, mapping, volatile.iter().copied())
        };
        let mut renamed = event();
        renamed.device.hostname = Some("renamed".into());
        let same = |encoder: DialectEncoder| {
            fingerprint(&encoder, &event()) == fingerprint(&encoder, &renamed)
        };
        assert!(same(choose(&["device.hostname"])));
        assert!(!same(choose(&[])));
    }

    #[test]
    fn another_mapping_or_dialect_gives_another_fingerprint() {
        let of = |dialect, mapping: &[u8]| {
            let encoder = DialectEncoder::new(dialect, Fingerprint::of([mapping]), VOLATILE);
            fingerprint(&encoder, &event())
        };
        let [ocsf, sekoia] = DIALECTS;
        assert_ne!(of(ocsf, b"1"), of(ocsf, b"2"));
        assert_ne!(of(ocsf, b"1"), of(sekoia, b"1"));
    }

    #[test]
    fn the_ocsf_dialect_carries_the_event_uid_and_the_sekoia_dialect_does_not() {
        let [ocsf, sekoia] = DIALECTS.map(|dialect| {
            let mut out = b"before".to_vec();
            let encoded = encoder(dialect).encode(event(), &mut out).unwrap();
            let body = out.strip_prefix(b"before").unwrap();
            let mut body = body.to_vec();
            if let Some(at) = encoded.uid_at {
                uid().put(&mut body, at);
            }
            serde_json::from_slice::<Value>(&body).unwrap()
        });
        assert_eq!(ocsf["metadata"]["uid"], uid().as_str());
        assert_eq!(sekoia["metadata"].get("uid"), None);
    }

    #[test]
    fn an_event_that_the_dialect_cannot_write_is_an_error_and_leaves_the_output_as_it_was() {
        let mut nameless = event();
        nameless.device.uid = None;
        let encoder = encoder(Dialect::Sekoia { extra_fields: false });
        let mut out = b"before".to_vec();
        let error = encoder.encode(nameless, &mut out).unwrap_err().to_string();
        assert!(error.contains("device.uid"), "{error}");
        assert_eq!(out, b"before");
    }
}
