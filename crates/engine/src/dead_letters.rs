//! Dead letters of a cycle: records that no sink can get.

use std::sync::Arc;

use stocktake_connector_core::{
    Clock, CycleId, DeviceUid, Inventory, NewDeadLetter, Stage, StateError,
};
use stocktake_telemetry::field;

use crate::fenced_store::FencedStore;

/// Keeps records that no sink can get.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetterWriter {
    pub(crate) store: FencedStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) inventory: Inventory,
    pub(crate) cycle: CycleId,
}

impl DeadLetterWriter {
    pub(crate) async fn keep(&self, letters: Vec<NewDeadLetter>) -> Result<(), StateError> {
        if letters.is_empty() {
            return Ok(());
        }
        log_kept(&letters, self.cycle);
        self.store.keep_dead_letters(self.cycle, self.clock.now(), letters).await
    }

    pub(crate) fn letter(
        &self,
        stage: Stage,
        uid: Option<DeviceUid>,
        reason: String,
        payload: String,
    ) -> NewDeadLetter {
        NewDeadLetter {
            inventory: self.inventory.clone(),
            sink: None,
            stage,
            uid,
            fingerprint: None,
            reason,
            payload,
        }
    }
}

/// Logs dead letters in one line. Payloads and uids are left out because they are the tenant's data;
/// `stocktake dead-letters` shows them.
pub(crate) fn log_kept(letters: &[NewDeadLetter], cycle: CycleId) {
    let Some(first) = letters.first() else { return };
    tracing::warn!(
        { field::TENANT_NAME } = %first.inventory.tenant,
        { field::SOURCE } = %first.inventory.source,
        { field::CYCLE_ID } = %cycle,
        { field::SINK } = first.sink.as_ref().map(tracing::field::display),
        stage = ?first.stage,
        count = letters.len(),
        first_reason = %first.reason,
        "dead letters kept"
    );
}
