//! How many cycle reports are kept.

/// Cycle reports that are kept of each source of a tenant: a month of three-hourly cycles fits.
pub(crate) const REPORTS_KEPT: usize = 250;
