//! Leases of tenants: claimed before a cycle, renewed while it runs.

use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::{
    ErrorCode, Failure, FailureRecord, Fence, Lease, Recovery, StateError, StateStore, TenantName,
    WorkerName,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::command_error::CommandError;

/// How long a lease lasts unless it is renewed.
const LENGTH: Duration = Duration::from_secs(60);

/// How often it is renewed: two renewals may fail before it expires.
const RENEW_EVERY: Duration = Duration::from_secs(20);

/// The name of this process among workers.
pub(super) fn worker() -> Result<WorkerName, CommandError> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let name = format!("{host}/{}", std::process::id());
    // A host name that is not valid here is dropped; the process id keeps the workers of a host distinct.
    WorkerName::new(name)
        .or_else(|_| WorkerName::new(std::process::id().to_string()))
        .map_err(|error| CommandError::from_error(&error))
}

/// Claims a tenant for one cycle.
pub(super) async fn claim(
    store: &Arc<dyn StateStore>,
    tenant: &TenantName,
    worker: &WorkerName,
) -> Result<Lease, FailureRecord> {
    match store.claim(tenant, worker, LENGTH).await {
        Ok(Some(lease)) => Ok(lease),
        Ok(None) => Err(Failure::new(
            ErrorCode::LeaseLost,
            Recovery::Retry,
            format!("another worker holds tenant {tenant}"),
        )
        .record()),
        Err(error) => Err(Failure::from(error).record()),
    }
}

/// Renews a lease until the handle is dropped. When the lease is lost, `stop` ends the cycle.
pub(super) fn renew(
    store: Arc<dyn StateStore>,
    fence: Fence,
    stop: CancellationToken,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            match store.renew(&fence, LENGTH).await {
                Ok(_) => {}
                Err(StateError::LeaseLost { .. }) => {
                    tracing::error!(
                        connector.tenant.name = %fence.tenant,
                        "another worker holds the tenant; its cycle stops here"
                    );
                    stop.cancel();
                    return;
                }
                // Writes of the cycle meet the same failure, and say so.
                Err(error) => tracing::warn!(
                    connector.tenant.name = %fence.tenant,
                    error = &error as &dyn std::error::Error,
                    "a lease could not be renewed"
                ),
            }
        }
    }))
}
