//! How a cycle is stopped.

use tokio_util::sync::CancellationToken;

/// How a cycle is stopped.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Stop reading; deliver what was read. Records whose details have yet to be read are left to the
    /// next cycle.
    pub graceful: CancellationToken,
    /// Stop now; what was acknowledged is in state, the rest comes with the next cycle.
    pub immediate: CancellationToken,
}
