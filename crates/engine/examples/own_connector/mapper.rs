//! A mapper: an asset and its owner as one event.

use chrono::{DateTime, Utc};
use stocktake_connector_core::{Enrichment, Fingerprint, MapError, Mapper};

use crate::source::Asset;

/// Everything known about an asset. It borrows from the record and the enrichment, so that mapping
/// copies no data; the form decides what is written.
#[derive(Debug)]
pub(crate) struct AssetEvent<'a> {
    pub(crate) asset: &'a Asset,
    pub(crate) owner: Option<&'a str>,
    pub(crate) time: DateTime<Utc>,
}

/// The mapping. Change [`RULES`] when it changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AssetMapper;

/// A new value sends every device once again.
pub(crate) const RULES: &[u8] = b"assets 1";

impl Mapper for AssetMapper {
    type Record = Asset;
    type Enrichment = String;
    type Event<'a> = AssetEvent<'a>;

    fn map<'a>(
        &'a self,
        asset: &'a Asset,
        owner: &'a Enrichment<String>,
        now: DateTime<Utc>,
    ) -> Result<AssetEvent<'a>, MapError> {
        if asset.host.is_empty() {
            return Err(MapError { field: "host", problem: "is empty".into() });
        }
        let owner = owner.matched().map(String::as_str);
        Ok(AssetEvent { asset, owner, time: asset.last_seen.unwrap_or(now) })
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of([RULES])
    }
}
