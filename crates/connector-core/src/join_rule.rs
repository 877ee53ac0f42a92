//! How records are joined.

/// How a record is joined with its enrichment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinRule {
    /// By its key; without a key it has no match.
    ByKey,
    /// Its key cannot be read: there may be a record for it, so that nothing may be said that rests on
    /// there being none.
    KeyUnreadable,
    /// Another record stands for the device. This one is not joined, and nothing is said of its
    /// enrichment.
    Yields,
}
