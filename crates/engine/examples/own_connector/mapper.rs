//! A mapper: an asset and its owner as a device inventory event of OCSF.

use chrono::{DateTime, Utc};
use stocktake_connector_core::{Enrichment, Fingerprint, MapError, Mapper};
use stocktake_ocsf_model::{
    ActivityId, CategoryUid, ClassUid, Device, DeviceTypeId, InventoryInfo, Metadata, Product,
    SeverityId, Timestamp, TypeUid, User, VERSION,
};

use crate::source::Asset;

/// The mapping. Bump [`RULES`] when it changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AssetMapper;

/// Another text sends every device once again.
const RULES: &[u8] = b"assets 1";

impl Mapper for AssetMapper {
    type Record = Asset;
    type Enrichment = String;
    type Event = InventoryInfo;

    fn map(
        &self,
        asset: &Asset,
        owner: &Enrichment<String>,
        now: DateTime<Utc>,
    ) -> Result<InventoryInfo, MapError> {
        if asset.host.is_empty() {
            return Err(MapError { field: "host", problem: "is empty".into() });
        }
        let time = |time: DateTime<Utc>| Timestamp::from_millis(time.timestamp_millis());
        let owner = owner
            .matched()
            .map(|name| Box::new(User { name: Some(name.clone()), ..User::default() }));
        let device = Device {
            uid: Some(asset.tag.clone()),
            hostname: Some(asset.host.clone()),
            last_seen_time: asset.last_seen.map(time),
            type_id: DeviceTypeId::Unknown,
            owner,
            ..Device::default()
        };
        let product = Product {
            name: Some("Asset register".into()),
            vendor_name: Some("Contoso".into()),
            ..Product::default()
        };
        let metadata = Metadata {
            version: VERSION.to_owned(),
            product: Box::new(product),
            ..Metadata::default()
        };
        Ok(InventoryInfo {
            activity_id: ActivityId::Collect,
            category_uid: CategoryUid::Discovery,
            class_uid: ClassUid::DeviceInventoryInfo,
            type_uid: TypeUid::DeviceInventoryInfoCollect,
            severity_id: SeverityId::Informational,
            time: time(asset.last_seen.unwrap_or(now)),
            device: Box::new(device),
            metadata: Box::new(metadata),
            ..InventoryInfo::default()
        })
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of([RULES])
    }
}
