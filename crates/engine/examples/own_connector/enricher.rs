//! An enricher: the owners of assets.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use stocktake_connector_core::{
    Enricher, Enrichment, EnrichmentAccount, EnrichmentPass, Failure, PassHint,
    UnreadableEnrichment,
};
use uuid::Uuid;

use crate::source::key;

/// Names of owners by the assets' keys.
#[derive(Debug, Clone)]
pub(crate) struct Owners(Arc<BTreeMap<Uuid, String>>);

impl Owners {
    /// Owners by tag.
    pub(crate) fn new<'a>(owners: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owners = owners.into_iter().map(|(tag, name)| (key(tag), name.to_owned()));
        Self(Arc::new(owners.collect()))
    }
}

impl Enricher for Owners {
    type Record = String;
    type Pass = OwnersPass;

    fn start_pass(&self, _: PassHint) -> OwnersPass {
        OwnersPass { owners: self.clone(), matched: 0 }
    }
}

/// The look-ups of one cycle.
#[derive(Debug)]
pub(crate) struct OwnersPass {
    owners: Owners,
    matched: u64,
}

#[async_trait]
impl EnrichmentPass for OwnersPass {
    type Record = String;

    /// A remote enricher makes its calls here, for the whole page at once. A failure stops the cycle,
    /// so that no event erases the enrichment of an earlier one.
    async fn prepare(&mut self, _: &[Option<Uuid>], _: bool) -> Result<(), Failure> {
        Ok(())
    }

    fn enrichment(
        &mut self,
        key: Option<Uuid>,
        _: Option<&str>,
    ) -> Result<Enrichment<String>, UnreadableEnrichment> {
        let owner = key.and_then(|key| self.owners.0.get(&key).cloned());
        self.matched += u64::from(owner.is_some());
        Ok(owner.map_or(Enrichment::NoMatch, Enrichment::Matched))
    }

    /// The engine compares it with the last cycle: what is suddenly gone does not erase anything.
    fn account(&self) -> EnrichmentAccount {
        let count = Some(self.owners.0.len() as u64);
        EnrichmentAccount {
            answered: true,
            matched: self.matched,
            complete_count: count,
            joinable: count,
            ..EnrichmentAccount::default()
        }
    }
}
