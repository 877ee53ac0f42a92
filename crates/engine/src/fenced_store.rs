//! The store of one cycle: every write carries the cycle's fence.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    CycleClose, CycleId, CycleStore, Delivery, DeviceUid, Fence, Inventory, NewDeadLetter,
    Retention, Scope, SinkDestination, StateError,
};
use tokio_util::sync::CancellationToken;

/// A store with the fence of a cycle. A write that is rejected because another worker holds the tenant
/// stops the cycle at once. Clones belong to the same cycle.
#[derive(Debug, Clone)]
pub(crate) struct FencedStore {
    store: Arc<dyn CycleStore>,
    fence: Arc<Fence>,
    /// Stops every stage of the cycle.
    stop: CancellationToken,
    is_lost: Arc<AtomicBool>,
}

impl FencedStore {
    pub(crate) fn new(store: Arc<dyn CycleStore>, fence: Fence, stop: CancellationToken) -> Self {
        Self { store, fence: Arc::new(fence), stop, is_lost: Arc::default() }
    }

    /// The store for reading.
    pub(crate) fn read(&self) -> &dyn CycleStore {
        self.store.as_ref()
    }

    /// Fails if a write has found that another worker holds the tenant.
    pub(crate) fn check_lease(&self) -> Result<(), StateError> {
        if self.is_lost.load(Ordering::Relaxed) {
            return Err(StateError::LeaseLost { tenant: self.fence.tenant.clone() });
        }
        Ok(())
    }

    pub(crate) async fn commit(&self, delivery: Delivery) -> Result<(), StateError> {
        self.notice(self.store.commit(&self.fence, delivery).await)
    }

    pub(crate) async fn keep_dead_letters(
        &self,
        cycle: CycleId,
        at: DateTime<Utc>,
        letters: Vec<NewDeadLetter>,
    ) -> Result<(), StateError> {
        self.notice(self.store.keep_dead_letters(&self.fence, cycle, at, letters).await)
    }

    pub(crate) async fn close_cycle(&self, close: CycleClose) -> Result<(), StateError> {
        self.notice(self.store.close_cycle(&self.fence, close).await)
    }

    pub(crate) async fn note_destination(
        &self,
        scope: &Scope,
        destination: &SinkDestination,
        at: DateTime<Utc>,
    ) -> Result<Option<SinkDestination>, StateError> {
        self.notice(self.store.note_destination(&self.fence, scope, destination, at).await)
    }

    pub(crate) async fn purge_removed(
        &self,
        inventory: &Inventory,
        retention: Retention,
    ) -> Result<u64, StateError> {
        self.notice(self.store.purge_removed(&self.fence, inventory, retention).await)
    }

    pub(crate) async fn purge_dead_letters(
        &self,
        inventory: &Inventory,
        before: DateTime<Utc>,
        devices: Vec<DeviceUid>,
    ) -> Result<u64, StateError> {
        self.notice(self.store.purge_dead_letters(&self.fence, inventory, before, devices).await)
    }

    fn notice<T>(&self, written: Result<T, StateError>) -> Result<T, StateError> {
        if matches!(written, Err(StateError::LeaseLost { .. })) {
            self.is_lost.store(true, Ordering::Relaxed);
            self.stop.cancel();
        }
        written
    }
}
