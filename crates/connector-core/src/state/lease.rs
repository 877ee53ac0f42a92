//! Leases: which process may run a tenant's cycles.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::StateError;
use crate::{ClaimId, TenantName, WorkerName};

/// Proves to a store that a write belongs to the tenant's present claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Whose state is written.
    pub tenant: TenantName,
    /// Under which claim.
    pub claim: ClaimId,
}

impl Fence {
    /// Refuses a write for another tenant than the fence's.
    ///
    /// # Errors
    /// [`StateError::LeaseLost`].
    pub fn check_covers(&self, tenant: &TenantName) -> Result<(), StateError> {
        if self.tenant == *tenant {
            Ok(())
        } else {
            Err(StateError::LeaseLost { tenant: tenant.clone() })
        }
    }
}

/// The right of one worker to run a tenant's cycles for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// Whose cycles.
    pub tenant: TenantName,
    /// Which worker.
    pub worker: WorkerName,
    /// Under which claim.
    pub claim: ClaimId,
    /// Since when, by the clock of the store.
    pub claimed_at: DateTime<Utc>,
    /// Until when unless it is renewed, by the clock of the store.
    pub expires_at: DateTime<Utc>,
}

impl Lease {
    /// The proof for writes under this lease.
    pub fn fence(&self) -> Fence {
        Fence { tenant: self.tenant.clone(), claim: self.claim }
    }
}

/// Gives leases. Their times are those of the store's clock.
///
/// # Shape
/// A tenant has at most one lease. One that has expired is kept by its worker until another one
/// claims the tenant: writes under it still count, and it can still be renewed.
#[async_trait]
pub trait LeaseStore: fmt::Debug + Send + Sync {
    /// Claims a tenant for `length`. `None` while another claim, of whatever worker, has not expired. A
    /// claim from the future has expired: the store's clock ran ahead when it was made.
    async fn claim(
        &self,
        tenant: &TenantName,
        worker: &WorkerName,
        length: Duration,
    ) -> Result<Option<Lease>, StateError>;

    /// Makes the lease last for `length` from now, and returns when it then expires.
    ///
    /// # Errors
    /// [`StateError::LeaseLost`] when the fence is not the tenant's present claim.
    async fn renew(&self, fence: &Fence, length: Duration) -> Result<DateTime<Utc>, StateError>;

    /// Gives the lease back, so that the tenant can be claimed at once. A lease that another worker
    /// holds by now stays.
    async fn release(&self, fence: &Fence) -> Result<(), StateError>;

    /// Every lease, in the order of tenants; expired ones too, until their tenant is claimed again.
    async fn leases(&self) -> Result<Vec<Lease>, StateError>;
}
