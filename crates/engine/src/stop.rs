//! How a cycle is stopped.

use tokio_util::sync::CancellationToken;

/// How a cycle is stopped.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Stop reading; deliver what was read. Records whose details are not read yet are left to the
    /// next cycle.
    pub graceful: CancellationToken,
    /// Stop now; what was acknowledged is in state, and the next cycle delivers the rest.
    pub immediate: CancellationToken,
}
