//! The commented configuration that `stocktake config init` writes.

/// Every key that is commented out in it shows its default; a test holds it to that.
pub(crate) const TEMPLATE: &str = include_str!("stocktake.toml");
