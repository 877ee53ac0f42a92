//! The end of a cycle at a sink: delivers removals and finishes the sink's cycle.

use std::sync::LazyLock;

use stocktake_connector_core::{
    CycleEnd, DeviceUid, Durability, EncodedEvent, ErrorCode, EventKind, EventUid, Failure,
    Fingerprint, Recovery, SinkAccount, SinkError, StateError,
};
use stocktake_telemetry::field;

use super::{SinkDelivery, upserts};
use crate::failures::stopped;
use crate::removal::{DeviceWalk, Marked, Reconciliation};

/// Devices compared with the delivered set at once.
const CHUNK: usize = 1_000;

/// The content of a removal: part of its event uid, and what state keeps when a sink refuses it.
static REMOVAL: LazyLock<Fingerprint> = LazyLock::new(|| Fingerprint::of([b"removal".as_slice()]));

/// How the listing of a cycle ended.
#[derive(Debug)]
pub(crate) struct ListingEnd {
    /// Whether it was read to its end and every record of it was mapped.
    pub(crate) is_complete: bool,
    /// Which devices are gone and which are back; `None` when that is unknown.
    pub(crate) reconciled: Option<Reconciliation>,
}

impl SinkDelivery {
    /// Delivers removals and ends the cycle at the sink. Returns the final account.
    pub(crate) async fn finish(mut self, listing: &ListingEnd) -> SinkAccount {
        let mirrors_source = match &listing.reconciled {
            // If too many devices disappeared, the listing does not match the source.
            Some(found) => {
                self.deliver_removals(found).await
                    && listing.is_complete
                    && !found.account.guard_tripped
            }
            None => false,
        };
        // Staged events must not overwrite what another worker has delivered meanwhile.
        if self.target.stop.immediate.is_cancelled() && !self.staged.is_empty() {
            self.give_up(stopped(), upserts(&self.staged));
        } else {
            self.finish_cycle(mirrors_source).await;
        }
        if let Some(failure) = &self.failure {
            let failure = failure.record();
            tracing::error!(
                { field::TENANT_NAME } = %self.target.scope.inventory.tenant,
                { field::SOURCE } = %self.target.scope.inventory.source,
                { field::SINK } = %self.target.scope.sink,
                { field::CYCLE_ID } = %self.target.cycle,
                { field::ERROR_CODE } = failure.code.as_str(),
                { field::ERROR } = failure.message,
                "sink did not take every event"
            );
            self.account.failure = Some(failure);
        }
        self.account
    }

    /// Delivers the removal of every device that is marked removed and that the sink still has. A
    /// removal that fails is repeated in the next cycle, as the mark and the device stay in state.
    /// Returns whether the sink has everything that it accepts.
    async fn deliver_removals(&mut self, found: &Reconciliation) -> bool {
        if !self.target.sink.capabilities().removals {
            return true;
        }
        if let Err(error) = self.send_removals(found).await {
            self.give_up(error.into(), 0);
        }
        self.flush().await;
        self.keep_suspects().await;
        self.failure.is_none() && !self.target.stop.graceful.is_cancelled()
    }

    async fn send_removals(&mut self, found: &Reconciliation) -> Result<(), StateError> {
        let store = self.target.store.clone();
        let inventory = self.target.scope.inventory.clone();
        let mut marked = DeviceWalk::new(store.read(), &inventory, Marked::Removed);
        while let Some(mut uids) = marked.next().await? {
            uids.retain(|uid| found.returned.binary_search(uid).is_err());
            self.send_removals_of(&uids).await?;
        }
        for uids in found.removed.chunks(CHUNK) {
            self.send_removals_of(uids).await?;
        }
        Ok(())
    }

    async fn send_removals_of(&mut self, uids: &[DeviceUid]) -> Result<(), StateError> {
        if self.failure.is_some() || self.target.stop.graceful.is_cancelled() || uids.is_empty() {
            return Ok(());
        }
        let known = self.target.store.read().known(&self.target.scope, uids).await?;
        for (uid, known) in uids.iter().zip(known) {
            let Some(previous) = known.acknowledged else { continue };
            if known.refused == Some(*REMOVAL) {
                continue;
            }
            let inventory = &self.target.scope.inventory;
            let event = EncodedEvent {
                kind: EventKind::Removal,
                uid: uid.clone(),
                event_uid: EventUid::derive(inventory, uid, *REMOVAL, Some(&previous)),
                time: self.target.clock.now(),
                fingerprint: *REMOVAL,
                body: Default::default(),
            };
            self.fill(event).await;
        }
        Ok(())
    }

    /// Ends the cycle at the sink, even after a failure: a file sink keeps what it acknowledged.
    async fn finish_cycle(&mut self, mirrors_source: bool) {
        let inventory = &self.target.scope.inventory;
        let end = CycleEnd {
            tenant: inventory.tenant.clone(),
            source: inventory.source.clone(),
            cycle: self.target.cycle,
            kind: self.target.kind,
            is_complete: mirrors_source && self.failure.is_none() && self.account.undelivered == 0,
        };
        let finished = tokio::select! {
            biased;
            finished = self.target.sink.finish_cycle(&end) => finished,
            // A sink that ends in time has ended; one that hangs must not hold up the program.
            () = self.immediate().cancelled() => Err(stopped().into()),
        };
        let staged = std::mem::take(&mut self.staged);
        match finished {
            Ok(acknowledged)
                if acknowledged.durability == Durability::Staged && !staged.is_empty() =>
            {
                let failure = Failure::defect(
                    ErrorCode::SinkFailed,
                    format!("left {} events staged at the end of the cycle", staged.len()),
                );
                self.give_up(failure, upserts(&staged));
            }
            Ok(acknowledged) => {
                let (safe, refused) = self.divide(staged, acknowledged.refused);
                if let Err(failure) = self.commit(safe, refused).await {
                    self.give_up(failure, 0);
                }
            }
            Err(SinkError::Failed { failure, settled }) => {
                self.settle_in_part(staged, settled).await;
                self.give_up(failure, 0);
            }
            Err(SinkError::Refused { reason }) => {
                let message = format!("refused the end of the cycle: {reason}");
                let failure =
                    Failure::new(ErrorCode::SinkRequestRefused, Recovery::Operator, message);
                self.give_up(failure, upserts(&staged));
            }
        }
    }
}
