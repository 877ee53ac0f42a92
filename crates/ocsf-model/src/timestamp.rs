//! Points in time as OCSF writes them.

use serde::{Deserialize, Serialize};

/// `timestamp_t`: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time that is `milliseconds` after the epoch.
    pub const fn from_millis(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, the fraction cut off.
    ///
    /// Before the epoch this is the second in which the moment lies, as if the fraction were cut
    /// off its ISO 8601 form: -1500 ms is 23:59:58.5 and gives -2.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }
}
