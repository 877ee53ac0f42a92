//! A form: an asset's event as a device inventory event of OCSF, in JSON.

use serde::Serialize;
use stocktake_connector_core::{EncodeError, Encoded, EventUid, Fingerprint, Form};

use crate::mapper::{AssetEvent, RULES};

/// Writes OCSF 1.5.0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OcsfForm;

impl Form<AssetEvent<'_>> for OcsfForm {
    /// Sinks whose forms have equal fingerprints share one encoded event.
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of([RULES, b"ocsf 1.5.0"])
    }

    fn encode(&self, event: &AssetEvent<'_>, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        let start = out.len();
        let AssetEvent { asset, owner, time } = event;
        let written = Written {
            activity_id: 2,
            category_uid: 5,
            class_uid: 5001,
            type_uid: 500_102,
            severity_id: 1,
            time: time.timestamp_millis(),
            metadata: Metadata {
                version: "1.5.0",
                uid: EventUid::PLACEHOLDER,
                product: Product { name: "Asset register", vendor_name: "Contoso" },
            },
            device: Device {
                uid: &asset.tag,
                hostname: &asset.host,
                type_id: 0,
                last_seen_time: asset.last_seen.map(|seen| seen.timestamp_millis()),
                owner: owner.map(|name| Owner { name }),
            },
        };
        serde_json::to_writer(&mut *out, &written).map_err(|error| {
            out.truncate(start);
            EncodeError(error.to_string())
        })?;
        // The content, without what changes each time that the asset is seen.
        let content = [asset.tag.as_str(), &asset.host, owner.unwrap_or_default()];
        let content = content.map(str::as_bytes);
        let rules = self.fingerprint();
        let fingerprint = Fingerprint::of(content.into_iter().chain([&rules.as_bytes()[..]]));
        let placeholder = EventUid::PLACEHOLDER.as_bytes();
        let body = out.get(start..).unwrap_or_default();
        let uid_at = body.windows(placeholder.len()).position(|window| window == placeholder);
        Ok(Encoded { fingerprint, time: *time, uid_at })
    }
}

#[derive(Serialize)]
struct Written<'a> {
    activity_id: u8,
    category_uid: u8,
    class_uid: u16,
    type_uid: u32,
    severity_id: u8,
    time: i64,
    metadata: Metadata<'a>,
    device: Device<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    version: &'a str,
    uid: &'a str,
    product: Product<'a>,
}

#[derive(Serialize)]
struct Product<'a> {
    name: &'a str,
    vendor_name: &'a str,
}

#[derive(Serialize)]
struct Device<'a> {
    uid: &'a str,
    hostname: &'a str,
    type_id: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner<'a>>,
}

#[derive(Serialize)]
struct Owner<'a> {
    name: &'a str,
}
